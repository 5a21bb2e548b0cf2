// `ft run --on cluster`: the tiny model trained by real TRL under a real Slurm, preempted on its way, cancelled, out of disk; a token is nowhere.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256OfFile } from "../src/adapters/lineage.js";
import { parseEvent } from "../src/runs/ingest.js";
import { until } from "./fake-run.js";
import { emptyFolder, ft, requiredEnv, tinyProject } from "./project.js";
import { type Slurm, startSlurm } from "./services/slurm.js";

const minutes = 60_000;
const token = "hf_ftTestTokenThatIsNowhere0123";
let slurm: Slurm | null;
let env: Record<string, string>;

beforeAll(async () => {
  slurm = await startSlurm();
  if (!slurm) return;
  const config = emptyFolder();
  mkdirSync(join(config, "ft"));
  // A fake GPU is asked for all the same: that it is granted is Slurm's own doing.
  const target = { launcher: "slurm", gres: "gpu:1", time: "60", engine_python: requiredEnv("FT_TEST_PYTHON") };
  writeFileSync(
    join(config, "ft/targets.yaml"),
    JSON.stringify({ targets: { cluster: target, two: { ...target, nodes: 2 } } }),
  );
  env = { ...slurm.env, XDG_CONFIG_HOME: config, HF_TOKEN: token, SBATCH_EXPORT: "ALL" };
}, 300_000);

afterAll(() => slurm?.stop(), 60_000);

/** Starts a run and leaves it; waits until it has trained some steps. */
async function begin(dir: string, steps: number, { on = "cluster", set = [] as string[] } = {}) {
  const settings = ["compute.device=cpu", ...set].flatMap((setting) => ["--set", setting]);
  const started = await ft(["run", "--on", on, "--detach", "--json", ...settings], dir, env);
  expect(started.exitCode, started.stderr).toBe(0);
  const id = JSON.parse(started.stdout).run.id as string;
  const folder = join(dir, ".ft/runs", id);
  await until(() => losses(folder).length >= steps, 6 * minutes);
  const { stdout } = await execa("squeue", ["-h", "-o", "%A", `--name=ft-${id}-1`], { env: slurm!.env });
  return { id, folder, job: stdout.trim() };
}

const show = async (dir: string, id: string) =>
  JSON.parse((await ft(["runs", "show", id, "--json"], dir, env)).stdout).run;

describe("a run on Slurm", () => {
  it(
    "is preempted, saves, goes back into the queue and resumes at the same step on another node, to the adapter that a local run makes, to the bit; a token is nowhere",
    async ({ skip }) => {
      if (!slurm) return skip();
      const dir = tinyProject({ maxSteps: 60, saveEvery: 50 });
      const { id, folder, job } = await begin(dir, 3);
      const argv = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
      expect(argv).toContain("ft_trainer");
      for (const place of [argv, ...textsOf(slurm.dir), ...textsOf(dir)]) expect(place).not.toContain(token);

      await execa("scancel", ["--batch", "--signal=USR1", job], { env: slurm.env });
      await until(() => ends(folder).length === 1, 4 * minutes);
      const { status, exitCode, step: stoppedAt } = ends(folder)[0]!;
      expect([status, exitCode]).toEqual(["preempted", 33]);
      await until(async () => (await show(dir, id)).state === "queued", 2 * minutes);
      expect((await show(dir, id)).history.at(-1).reason).toMatch(/preempted/);
      const node = (state: string) => ["update", "NodeName=n1", `State=${state}`, "Reason=test"];
      await execa("scontrol", node("DRAIN"), { env: slurm.env });
      await slurm.releaseRequeued(job);

      const watched = await ft(["runs", "watch", id, "--json"], dir, env);
      expect(watched.exitCode, watched.stderr).toBe(0);
      const steps = losses(folder).map(({ attempt, step }) => [attempt, step]);
      expect(steps).toEqual(Array.from({ length: 60 }, (_, index) => [index < stoppedAt ? 1 : 2, index + 1]));
      expect(readFileSync(slurm.jobCompletions, "utf8").match(/NodeList=\S+/g)).toEqual(["NodeList=n1", "NodeList=n2"]);
      await execa("scontrol", node("RESUME"), { env: slurm.env });
      const { adapters } = JSON.parse((await ft(["adapters", "ls", "--json"], dir, env)).stdout);
      expect(adapters).toHaveLength(1);
      for (const place of [...textsOf(slurm.dir), ...textsOf(dir), watched.stdout]) expect(place).not.toContain(token);
      expect(await running()).toBe("");

      const local = await ft(
        ["run", "--json", "--set", "compute.device=cpu", "--set", "eval.max_new_tokens=1"],
        dir,
        env,
      );
      expect(local.exitCode, local.stderr).toBe(0);
      const adapter = "out/adapter/adapter_model.safetensors";
      const unbroken = join(dir, ".ft/runs", JSON.parse(local.stdout).run.id, adapter);
      expect(await sha256OfFile(join(folder, adapter))).toBe(await sha256OfFile(unbroken));
    },
    15 * minutes,
  );
});

describe("a run whose disk is full at the checkpoint", () => {
  it(
    "ends with that as its reason, leaves no job behind, and resumes when there is room",
    async ({ skip }) => {
      if (!slurm || process.getuid?.() !== 0) return skip();
      // Its first checkpoint is seconds away: an idle machine does ten steps in one.
      const dir = tinyProject({ maxSteps: 120, saveEvery: 60, evaluated: false });
      // Runs lie on a small disk; the store, which has to say what happened, does not.
      const small = join(dir, ".ft/runs");
      mkdirSync(small, { recursive: true });
      await execa("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", small]);
      try {
        const { id, folder } = await begin(dir, 1);
        const filler = join(small, "filler");
        await execa("dd", ["if=/dev/zero", `of=${filler}`, "bs=64k"], { reject: false });
        await until(async () => (await show(dir, id)).state === "failed", 4 * minutes);
        expect((await show(dir, id)).failure.class).toBe("disk-full");
        await until(async () => (await running()) === "", minutes);
        rmSync(filler);
        const resumed = await ft(["runs", "resume", id, "--json"], dir, env);
        expect(resumed.exitCode, resumed.stderr).toBe(0);
        expect(losses(folder).at(-1)).toMatchObject({ attempt: 2, step: 120 });
      } finally {
        await execa("umount", ["-l", small]);
      }
    },
    15 * minutes,
  );
});

describe("a run over two nodes", () => {
  it(
    "trains on both as one, is cancelled with a checkpoint that both agree on, and resumes to a registered adapter",
    async ({ skip }) => {
      if (!slurm) return skip();
      const dir = tinyProject({ maxSteps: 40, saveEvery: 30, evaluated: false });
      const { id, folder } = await begin(dir, 2, { on: "two", set: ["compute.gpus=2"] });
      const nodes = await execa("squeue", ["-h", "-o", "%D %N"], { env: slurm.env });
      expect(nodes.stdout).toBe("2 n[1-2]");
      const cancelled = await ft(["runs", "cancel", id], dir, env);
      expect(cancelled.exitCode, cancelled.stderr).toBe(0);
      const { status, exitCode, step: stoppedAt } = ends(folder)[0]!;
      expect([status, exitCode, await running()]).toEqual(["cancelled", 34, ""]);
      const resumed = await ft(["runs", "resume", id, "--json"], dir, env);
      expect(resumed.exitCode, resumed.stderr).toBe(0);
      const steps = losses(folder).map(({ attempt, step }) => [attempt, step]);
      expect(steps).toEqual(Array.from({ length: 40 }, (_, index) => [index < stoppedAt ? 1 : 2, index + 1]));
      expect(JSON.parse(resumed.stdout).adapter.version).toBe(1);
    },
    15 * minutes,
  );
});

describe("a sweep as one job array", () => {
  it(
    "is all in the queue at once; Slurm trains so many at a time with ft gone, and the sweep, repeated, finds them done",
    async ({ skip }) => {
      if (!slurm) return skip();
      const dir = tinyProject({ maxSteps: 6 });
      const keys = ["--key", "train.learning_rate=1e-3,1e-2", "--set", "compute.device=cpu"];
      const args = ["sweep", ...keys, "--array", "--concurrency", "1", "--on", "cluster", "--json"];
      const folder = join(dir, ".ft/runs");
      const runs = () => (existsSync(folder) ? readdirSync(folder).sort() : []);
      const queue = async (...states: string[]) =>
        (await execa("squeue", ["-h", "-r", "-o", "%F %j", ...states], { env: slurm!.env })).stdout.split("\n").sort();
      const killed = ft(args, dir, env);
      await until(async () => (await queue()).filter((line) => /^\d+ ft-\d{8}-/.test(line)).length === 2, 4 * minutes);
      killed.kill("SIGKILL");
      await killed;
      expect((await queue()).map((line) => line.split(" ")[1])).toEqual(runs().map((run) => `ft-${run}-1`));
      expect(new Set((await queue()).map((line) => line.split(" ")[0])).size).toBe(1);
      const isDone = (run: string) => existsSync(join(folder, run, "COMPLETE"));
      await until(async () => {
        expect(await queue("-t", "running")).toHaveLength(1);
        return runs().every(isDone);
      }, 6 * minutes);

      const again = await ft(args, dir, env);
      expect(again.exitCode, again.stderr).toBe(0);
      const { trials, best } = JSON.parse(again.stdout).sweep;
      const rows = trials.map(({ run, state }: { run: string; state: string }) => [run, state]);
      expect(rows).toEqual(runs().map((run) => [run, "succeeded"]));
      expect(best.metric).toBeLessThan(best.base);
      for (const run of runs()) expect((await show(dir, run)).attempt).toBe(1);
    },
    12 * minutes,
  );
});

const running = async () =>
  (await execa("squeue", ["-h", "-t", "running,pending,completing"], { env: slurm!.env })).stdout;

interface Line {
  kind: string;
  attempt: number;
  step: number;
  status: string;
  exitCode: number;
  values: Record<string, number>;
}

function eventsOf(folder: string): Line[] {
  const file = join(folder, "events.jsonl");
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  // A full disk tears a line, which ft passes over.
  return lines.filter((line) => parseEvent(line) !== null).map((line) => JSON.parse(line) as Line);
}

const losses = (folder: string) =>
  eventsOf(folder).filter((event) => event.kind === "metric" && "loss" in event.values);
const ends = (folder: string) => eventsOf(folder).filter(({ kind }) => kind === "end");

/** Of every file below a folder. */
function textsOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith(".safetensors"));
  return files.flatMap((entry) => {
    try {
      return [readFileSync(join(entry.parentPath, entry.name), "latin1")];
    } catch {
      return []; // gone meanwhile
    }
  });
}
