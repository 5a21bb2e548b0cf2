// `ft doctor` and `ft env` as a person or a script sees them.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runFt } from "../../test/run-ft.js";

const home = mkdtempSync(join(tmpdir(), "ft-doctor-"));
const env = { HOME: home, FT_CACHE: join(home, "ft"), HF_ENDPOINT: "http://127.0.0.1:9" };

test("doctor names each thing once with a status, and never shows the token", async () => {
  const { code, out } = await runFt(["doctor", "--json"], { cwd: home, env: { ...env, HF_TOKEN: "hf_verysecret" } });
  expect(code).toBe(0);
  const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: { name: string; status: string; detail: string }[] };
  expect(ok).toBe(true);
  expect(checks.map(({ name }) => name)).toEqual([
    ...["node", "python", "uv", "gpu", "driver", "docker", "disk, project", "disk, cache"],
    ...["hub token", "hub", "engine trl", "engine axolotl", "engine axolotl 0.19.0", "engine unsloth"],
    ...["lm-eval", "inspect-ai", "promptfoo"],
  ]);
  expect(checks.find(({ name }) => name === "hub token")?.detail).toBe("yes");
  expect(checks.find(({ name }) => name === "hub")?.status).toBe("warn");
  expect(out).not.toContain("verysecret");
});

test("doctor without Python and uv says what to install, and ends with the environment code", async () => {
  const { code, out } = await runFt(["doctor"], { cwd: home, env: { ...env, PATH: home } });
  expect(code).toBe(6);
  expect(out).toMatch(/^missing {2}python .*none on PATH\n +-> install Python 3\.10 or newer$/m);
  expect(out).not.toContain("\x1b");
});

test("env ls of nothing is empty on stdout; wrong names are usage errors with the right ones", async () => {
  expect(await runFt(["env", "ls"], { cwd: home, env })).toMatchObject({ code: 0, out: "" });
  const listed = await runFt(["env", "ls", "--json"], { cwd: home, env });
  expect(JSON.parse(listed.out)).toEqual({ ok: true, environments: [] });
  expect(await runFt(["env", "rm", "nothing"], { cwd: home, env })).toMatchObject({
    code: 2,
    err: expect.stringContaining("ft env ls"),
  });
  expect(await runFt(["env", "create", "tlr"], { cwd: home, env })).toMatchObject({
    code: 2,
    err: expect.stringContaining("trl"),
  });
});
