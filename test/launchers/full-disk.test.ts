// A machine behind ssh whose disk is full, or cannot be written: told before the copy, at a checkpoint, and by doctor, with what, where, how much and what next.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reconcile } from "../../src/pipeline/reconcile.js";
import { submitAttempt } from "../../src/pipeline/submit.js";
import { targetSchema } from "../../src/recipes/schema/targets.js";
import { createRun } from "../../src/runs/run-store.js";
import { isFinal } from "../../src/runs/state.js";
import { openStore } from "../../src/store/open.js";
import { type FakeRun, fakeRun, supervisedRun, until } from "../fake-run.js";
import { emptyFolder, ft, tinyProject } from "../project.js";
import { runFt } from "../run-ft.js";
import { sayLoudly } from "../services/programs.js";
import { type Sshd, startSshd } from "../services/sshd.js";

let sshd: Sshd | null = null;
/** This machine lets us mount a disk of its own. */
let canMount = false;

beforeAll(async () => {
  sshd = await startSshd();
  canMount = (await execa("mount", tmpfs(emptyMount(), "size=1m"), { reject: false })).exitCode === 0;
  if (!canMount) sayLoudly("a full disk: mounting a small tmpfs needs root");
}, 60_000);

const mounted: string[] = [];

function emptyMount(): string {
  const dir = emptyFolder();
  mounted.push(dir);
  return dir;
}

const tmpfs = (dir: string, ...options: string[]) => ["-t", "tmpfs", "-o", options.join(","), "tmpfs", dir];

afterAll(async () => {
  for (const dir of mounted) await execa("umount", ["-l", dir], { reject: false });
  await sshd?.stop();
});

async function disk(...options: string[]): Promise<string> {
  const dir = emptyMount();
  await execa("mount", tmpfs(dir, ...options));
  return dir;
}

function targetAt(dir: string) {
  const at = { host: sshd!.alias, config: sshd!.configFile };
  return { name: "gpu-box", settings: targetSchema.parse({ launcher: "ssh", at, dir, engine_python: "python3" }) };
}

/** A configuration with ssh targets, by name, each with its folder. */
function configWith(dirs: Record<string, string>): { XDG_CONFIG_HOME: string } {
  const config = emptyFolder();
  mkdirSync(join(config, "ft"));
  const at = { host: sshd!.alias, config: sshd!.configFile };
  const targets = Object.fromEntries(Object.entries(dirs).map(([name, dir]) => [name, { launcher: "ssh", at, dir }]));
  writeFileSync(join(config, "ft/targets.yaml"), JSON.stringify({ targets }));
  return { XDG_CONFIG_HOME: config };
}

async function submitted(run: FakeRun) {
  const store = openStore(run.projectDir);
  createRun(store, { ...run.job, createdAt: Date.now() });
  const context = { env: run.submission.env, now: Date.now, onProgress: () => undefined };
  const error = await submitAttempt(store, run.submission, { ...context, signal: new AbortController().signal }).then(
    () => null,
    (error: unknown) => error,
  );
  return { store, error };
}

describe("a machine with a full disk", { timeout: 120_000 }, () => {
  it("is found before anything is copied: the run has failed with how much it needs and is free, and nothing lies there", async ({
    skip,
  }) => {
    if (!sshd || !canMount) return skip();
    const dir = await disk("size=8m");
    const run = fakeRun("losses 1 0", { target: targetAt(dir) });
    mkdirSync(join(run.dir, "data"));
    writeFileSync(join(run.dir, "data/train.jsonl"), Buffer.alloc(20e6));
    const { store, error } = await submitted(run);
    expect(error).toMatchObject({
      code: "env.disk-full",
      exit: "environment",
      next: expect.stringContaining("ft runs reap"),
    });
    const now = await reconcile(store, run.projectDir, run.id, Date.now());
    expect(now).toMatchObject({ state: "failed", handle: null, failure: { class: "disk-full" } });
    expect(now.failure!.message).toMatch(
      new RegExp(
        `^gpu-box has not enough disk space for the run: ${dir}/runs/${run.id} needs 20.* MB, 8.* MB are free: files to copy 20`,
      ),
    );
    expect(now.failure!.hint).toContain("`dir`");
    expect(readdirSync(join(dir, "runs", run.id))).toEqual([]);
    const shown = await runFt(["runs", "show", run.id], { cwd: run.projectDir });
    expect(shown.out).toContain("MB are free");
    store.close();
  });

  it("is found before the job is written where the estimate says what the run needs: no run, there or here", async ({
    skip,
  }) => {
    if (!sshd || !canMount) return skip();
    const dir = await disk("size=8m");
    const project = tinyProject();
    const { exitCode, stderr } = await ft(["run", "--on", "small"], project, configWith({ small: dir }));
    expect([exitCode, stderr]).toEqual([
      6,
      expect.stringMatching(/small has not enough disk space for the run: .* needs .* MB, 8\.\d MB are free/),
    ]);
    expect(stderr).toMatch(/checkpoints and result .* MB/);
    expect([existsSync(join(project, ".ft/runs")), readdirSync(dir)]).toEqual([false, []]);
  });

  it("that fills at a checkpoint ends the run with the machine, the folder and what is free", async ({ skip }) => {
    if (!sshd || !canMount) return skip();
    const dir = await disk("size=3m");
    const run = supervisedRun("save", { target: targetAt(dir) });
    const { store, error } = await submitted(run);
    expect(error).toBeNull();
    const look = () => reconcile(store, run.projectDir, run.id, Date.now());
    await until(async () => isFinal((await look()).state), 60_000);
    const { state, failure } = await look();
    expect([state, failure?.class]).toEqual(["failed", "disk-full"]);
    expect(failure!.message).toMatch(new RegExp(`: ${dir}/runs/${run.id} has .* MB free`));
    expect(failure!.hint).toMatch(/free some space there, then resume/);
    store.close();
  });

  it("or one that cannot be written, root or not, is no place for runs: doctor and launch targets say so", async ({
    skip,
  }) => {
    if (!sshd || !canMount) return skip();
    const full = await disk("size=1m");
    writeFileSync(join(full, "all"), Buffer.alloc(1 << 20));
    const closed = await disk("size=1m", "ro");
    const env = configWith({ full, closed: join(closed, "ft-jobs") });
    for (const [name, why] of [
      ["full", /No space left on device/],
      ["closed", /Read-only file system, as user/],
    ] as const) {
      const { code, out } = await runFt(["doctor", "--on", name], { cwd: full, env });
      expect([code, out]).toEqual([6, expect.stringMatching(/missing +disk +.*nothing can be written/)]);
      expect(out).toMatch(why);
    }
    const { code, out } = await runFt(["launch", "targets", "--check"], { cwd: full, env });
    expect([code, out]).toEqual([6, expect.stringMatching(/full .*No space left[\s\S]*closed .*Read-only/)]);
    expect(existsSync(join(full, ".ft-trial"))).toBe(false);
  });

  it("is what `ft plan --on` counts with, in place of this machine's", async ({ skip }) => {
    if (!sshd || !canMount) return skip();
    const dir = await disk("size=8m");
    const env = configWith({ small: dir });
    const { code, out } = await runFt(["plan", "--on", "small", "--json"], { cwd: tinyProject(), env });
    expect(code).toBe(0);
    const { disk: planned } = JSON.parse(out).plan;
    expect(planned.free).toMatchObject({ on: "small", project: expect.any(Number) });
    expect(planned.free.project).toBeLessThanOrEqual(8 << 20);
    expect(planned.short).toMatch(/^the jobs' disk of small has 8\.4 MB free, and .* are needed$/);
  });
});
