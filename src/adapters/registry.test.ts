// Versions are handed out once each, never change, and their lineage lies beside the weights.
import { cpSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Database } from "better-sqlite3";
import { execa } from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openStore } from "../store/open.js";
import { readLineage } from "./lineage.js";
import { type AdapterToRegister, findAdapter, listAdapters, registerAdapter } from "./registry.js";

const fixture = fileURLToPath(new URL("../../test/fixtures/tiny-lora/adapter", import.meta.url));
let projectDir = "";
let db: Database;

beforeEach(() => {
  projectDir = mkdtempSync(join(tmpdir(), "ft-registry-"));
  db = openStore(projectDir);
});
afterEach(() => void db.close());

function finishedRun(run: string, name = "support-bot"): AdapterToRegister {
  const dir = join(projectDir, ".ft/runs", run, "out/adapter");
  mkdirSync(dir, { recursive: true });
  cpSync(fixture, dir, { recursive: true });
  return {
    dir,
    name,
    run,
    createdAt: 1_700_000_000_000,
    method: "lora",
    base: { id: "tiny-llama", revision: "abc" },
    templateSha256: "t",
    dataSha256: "d",
    engine: { name: "trl", version: "1.16.0" },
    git: { commit: "c0ffee", dirty: true },
    comparison: [
      {
        metric: "loss",
        base: 3,
        adapter: 1,
        difference: -2,
        low: -Infinity,
        high: Infinity,
        n: 1,
        format: "number",
        better: "lower",
      },
    ],
  };
}

it("counts versions per line, in the order of registration", async () => {
  for (const [run, name] of [
    ["r1", "a"],
    ["r2", "a"],
    ["r3", "b"],
    ["r4", "a"],
  ] as const) {
    await registerAdapter(db, projectDir, finishedRun(run, name));
  }
  expect(listAdapters(db, projectDir).map(({ name, version, run }) => `${name}@${version} ${run}`)).toEqual([
    "a@3 r4",
    "a@2 r2",
    "a@1 r1",
    "b@1 r3",
  ]);
});

it("gives a run's version back when it is registered again, whatever changed", async () => {
  const run = finishedRun("r1");
  const first = await registerAdapter(db, projectDir, run);
  const again = await registerAdapter(db, projectDir, { ...run, method: "qlora" });
  expect(again).toEqual(first);
  expect(listAdapters(db, projectDir)).toEqual([first]);
});

it("gives no number twice when processes register at once", async () => {
  const registry = new URL("../../dist/adapters/registry.js", import.meta.url).href;
  const store = new URL("../../dist/store/open.js", import.meta.url).href;
  const program = `
    const { registerAdapter } = await import(${JSON.stringify(registry)});
    const { openStore } = await import(${JSON.stringify(store)});
    const { projectDir, run } = JSON.parse(process.argv[1]);
    await registerAdapter(openStore(projectDir), projectDir, run);`;
  const runs = ["r1", "r2", "r3", "r3", "r4"].map((run) => finishedRun(run));
  await Promise.all(
    runs.map((run) =>
      execa(process.execPath, ["--input-type=module", "-e", program, JSON.stringify({ projectDir, run })]),
    ),
  );
  const adapters = listAdapters(db, projectDir);
  expect(adapters.map(({ version }) => version)).toEqual([4, 3, 2, 1]);
  expect(adapters.map(({ run }) => run).sort()).toEqual(["r1", "r2", "r3", "r4"]);
  for (const { dir, version } of adapters) expect(readLineage(dir)?.version).toBe(version);
});

it("keeps everything, also beside the weights, and unknown limits stay unknown", async () => {
  const registered = await registerAdapter(db, projectDir, finishedRun("r1"));
  const { dir, aliases, removed, ...lineage } = registered;
  expect([aliases, removed]).toEqual([[], null]);
  expect(findAdapter(listAdapters(db, projectDir), "support-bot")).toEqual(registered);
  expect(readLineage(dir)).toEqual(lineage);
  expect(lineage.files.map(({ path, bytes }) => [path, bytes])).toEqual([
    ["adapter_config.json", readFileSync(join(dir, "adapter_config.json")).length],
    ["adapter_model.safetensors", 3584],
  ]);
  expect(lineage.comparison?.[0]?.high).toBe(Infinity);
});

it("finds by name and version, and says what there is when there is none", async () => {
  await registerAdapter(db, projectDir, finishedRun("r1"));
  await registerAdapter(db, projectDir, finishedRun("r2"));
  expect(findAdapter(listAdapters(db, projectDir), "support-bot@1").run).toBe("r1");
  expect(findAdapter(listAdapters(db, projectDir), "support-bot").run).toBe("r2");
  expect(() => findAdapter(listAdapters(db, projectDir), "support-bot@3")).toThrow(
    expect.objectContaining({ code: "adapter.unknown", exit: "usage", why: "there are: support-bot@2, support-bot@1" }),
  );
});

it("does not register a run that left nothing", async () => {
  const run = finishedRun("r1");
  const empty = join(projectDir, "empty");
  mkdirSync(empty);
  await expect(registerAdapter(db, projectDir, { ...run, dir: empty })).rejects.toMatchObject({
    code: "adapter.no-files",
  });
  expect(listAdapters(db, projectDir)).toEqual([]);
});
