// Pushing to a small Hub over real HTTP: one commit with every file, the lineage and a card; and what the Hub or the folder can have against it.
import { appendFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { writeSafetensors } from "../../test/write-safetensors.js";
import { hashAdapterFiles, type Lineage, writeLineage } from "./lineage.js";
import { pushAdapter } from "./push.js";
import type { RegisteredAdapter } from "./registry.js";

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** What the routes of createRepo and commit got; `refuse` is answered to every request. */
async function startHub({ refuse, exists = false }: { refuse?: number; exists?: boolean } = {}) {
  const got: { path: string; body: string; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      const path = request.url ?? "";
      got.push({ path, body, authorization: request.headers.authorization });
      const json = (value: unknown, status = 200) =>
        response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
      if (refuse) return json({ error: "no" }, refuse);
      if (path === "/api/repos/create")
        return exists ? json({ error: "exists" }, 409) : json({ url: "https://hub/me/bot", id: "1" });
      if (path.includes("/preupload/")) {
        const { files } = JSON.parse(body) as { files: { path: string }[] };
        return json({ files: files.map(({ path }) => ({ path, uploadMode: "regular" })) });
      }
      return json({ success: true, commitOid: "abc", commitUrl: "https://hub/me/bot/commit/abc", hookOutput: "" });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  const env = { HF_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, HF_TOKEN: "hf_secret" };
  return { env, got };
}

async function adapter(): Promise<RegisteredAdapter> {
  const dir = mkdtempSync(join(tmpdir(), "ft-push-"));
  const config = { peft_type: "LORA", r: 2, base_model_name_or_path: "org/base", target_modules: ["q_proj"] };
  writeFileSync(join(dir, "adapter_config.json"), JSON.stringify(config));
  writeSafetensors(join(dir, "adapter_model.safetensors"), weights);
  const lineage: Lineage = {
    ...{ schema: 1, name: "bot", version: 3, run: "r", createdAt: 0, method: "lora" },
    ...{ base: { id: "org/base", revision: "c0ffee" }, templateSha256: null, dataSha256: "dd" },
    ...{ engine: { name: "trl", version: "1.16.0" }, git: null, comparison: null },
    files: await hashAdapterFiles(dir),
  };
  writeLineage(dir, lineage);
  return { ...lineage, dir };
}

const module = "base_model.model.model.layers.0.self_attn.q_proj";
const weights = [
  { name: `${module}.lora_A.weight`, shape: [2, 4], values: [1, 2, 3, 4, 5, 6, 7, 8] },
  { name: `${module}.lora_B.weight`, shape: [4, 2], values: [1, 2, 3, 4, 5, 6, 7, 8] },
];

const target = { repo: "me/bot", private: true, branch: "main" };

it.each([false, true])(
  "pushes one commit with all files, lineage and card (repository there before: %s)",
  async (exists) => {
    const { env, got } = await startHub({ exists });
    expect(await pushAdapter(await adapter(), target, env)).toEqual({ url: "https://hub/me/bot/commit/abc" });
    expect(JSON.parse(got[0]!.body)).toMatchObject({ name: "bot", organization: "me", visibility: "private" });
    const lines = got
      .at(-1)!
      .body.trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const files = lines.filter(({ key }) => key === "file").map(({ value }) => value);
    expect(files.map(({ path }) => path).sort()).toEqual([
      "README.md",
      "adapter_config.json",
      "adapter_model.safetensors",
      "ft-lineage.json",
    ]);
    const card = Buffer.from(files.find(({ path }) => path === "README.md").content, "base64").toString();
    expect(card).toContain("base_model: org/base\nbase_model_relation: adapter\n");
    expect(lines[0]).toMatchObject({ key: "header", value: { summary: "bot@3, by ft" } });
    for (const { authorization } of got) expect(authorization).toBe("Bearer hf_secret");
  },
);

it("pushes nothing without a token, from a folder that changed, or where the Hub refuses", async () => {
  const { env, got } = await startHub();
  const made = await adapter();
  await expect(pushAdapter(made, target, { ...env, HF_TOKEN: "", HF_HOME: made.dir })).rejects.toMatchObject({
    code: "hub.no-token",
    exit: "environment",
  });
  appendFileSync(join(made.dir, "adapter_config.json"), " ");
  await expect(pushAdapter(made, target, env)).rejects.toMatchObject({ code: "adapter.broken", exit: "data" });
  expect(got).toEqual([]);
  const closed = await startHub({ refuse: 403 });
  const refusal = await pushAdapter(await adapter(), target, closed.env).catch((error) => error);
  expect(refusal).toMatchObject({ code: "hub.push-refused", exit: "refused" });
  expect(`${refusal.message} ${refusal.why}`).not.toContain("hf_secret");
});
