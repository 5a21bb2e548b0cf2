// `ft run --on box`: the tiny model trained by real TRL on a machine behind a real sshd, watched, collected, registered at home.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ftCacheDir } from "../src/paths.js";
import { emptyFolder, ft, tinyProject } from "./project.js";
import { type Sshd, startSshd } from "./services/sshd.js";

let sshd: Sshd | null;
let config: string;

beforeAll(async () => {
  sshd = await startSshd();
  if (!sshd) return;
  config = emptyFolder();
  mkdirSync(join(config, "ft"));
  // One thread, as ft() gives it to the run here.
  writeFileSync(
    join(config, "ft/targets.yaml"),
    `targets:
  box:
    launcher: ssh
    at: { host: ${sshd.alias}, config: ${sshd.configFile} }
    env: { FT_CACHE: ${ftCacheDir(process.env)}, OMP_NUM_THREADS: "1" }
`,
  );
}, 60_000);

afterAll(() => sshd?.stop());

describe("a run on another machine", { timeout: 10 * 60_000 }, () => {
  it("trains there, and its adapter is registered here; a token is nowhere", async ({ skip }) => {
    if (!sshd) return skip();
    const dir = tinyProject({ maxSteps: 4 });
    const token = "hf_ftTestTokenThatIsNowhere0123";
    const env = { XDG_CONFIG_HOME: config, HF_TOKEN: token };
    const run = await ft(["run", "--on", "box", "--json"], dir, env);
    expect(run.exitCode, run.stderr).toBe(0);
    const { run: ended, adapter } = JSON.parse(run.stdout);
    expect(ended).toMatchObject({ state: "succeeded", target: "box", step: 4 });
    expect(existsSync(join(adapter.dir, "adapter_model.safetensors"))).toBe(true);
    const far = join(sshd.home, "ft-jobs/runs", ended.id);
    expect(readFileSync(join(dir, ".ft/runs", ended.id, "events.jsonl"))).toEqual(
      readFileSync(join(far, "events.jsonl")),
    );
    for (const folder of [dir, sshd.home]) expect(filesWith(folder, token)).toEqual([]);

    // The same recipe and rows here: the same weights, to the bit.
    const here = tinyProject({ maxSteps: 4, evaluated: false });
    const local = JSON.parse((await ft(["run", "--json"], here)).stdout);
    const weights = (folder: string) => readFileSync(join(folder, "adapter_model.safetensors"));
    expect(weights(local.adapter.dir).equals(weights(adapter.dir))).toBe(true);

    const doctor = await ft(["doctor", "--on", "box"], dir, env);
    expect(doctor.stdout).toContain("python");
    const reaped = JSON.parse((await ft(["runs", "reap", "--yes", "--json"], dir, env)).stdout);
    expect(reaped.ended).toMatchObject([{ run: ended.id, target: "box", isAlive: false }]);
    expect(existsSync(far)).toBe(false);
  });
});

function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file, "latin1").includes(text));
}
