// `ft run --on cluster`: the tiny model trained by real TRL under a real Slurm, preempted on its way, cancelled, out of disk; a token is nowhere.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./fake-run.js";
import { emptyFolder, ft, type ProjectOptions, requiredEnv, tinyProject } from "./project.js";
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
  writeFileSync(join(config, "ft/targets.yaml"), JSON.stringify({ targets: { cluster: target } }));
  env = { ...slurm.env, XDG_CONFIG_HOME: config, HF_TOKEN: token, SBATCH_EXPORT: "ALL" };
}, 300_000);

afterAll(() => slurm?.stop(), 60_000);

/** Starts a run and leaves it; waits until it has trained some steps. */
async function begin(options: ProjectOptions, steps: number) {
  const dir = tinyProject(options);
  const started = await ft(["run", "--on", "cluster", "--detach", "--json", "--set", "compute.device=cpu"], dir, env);
  expect(started.exitCode, started.stderr).toBe(0);
  const id = JSON.parse(started.stdout).run.id as string;
  const folder = join(dir, ".ft/runs", id);
  await until(() => losses(folder).length >= steps, 3 * minutes);
  const { stdout } = await execa("squeue", ["-h", "-o", "%A", `--name=ft-${id}-1`], { env: slurm!.env });
  return { dir, id, folder, job: stdout.trim() };
}

const show = async (dir: string, id: string) =>
  JSON.parse((await ft(["runs", "show", id, "--json"], dir, env)).stdout).run;

describe("a run on Slurm", () => {
  it(
    "is preempted, saves, goes back into the queue and resumes at the same step to a registered adapter; a token is nowhere",
    async ({ skip }) => {
      if (!slurm) return skip();
      const { dir, id, folder, job } = await begin({ maxSteps: 60, saveEvery: 50 }, 3);
      const argv = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
      expect(argv).toContain("ft_trainer");
      for (const place of [argv, ...textsOf(slurm.dir), ...textsOf(dir)]) expect(place).not.toContain(token);

      await execa("scancel", ["--batch", "--signal=USR1", job], { env: slurm.env });
      await until(() => ends(folder).length === 1, 2 * minutes);
      const { status, exitCode, step: stoppedAt } = ends(folder)[0]!;
      expect([status, exitCode]).toEqual(["preempted", 33]);
      await until(async () => (await show(dir, id)).state === "queued", minutes);
      expect((await show(dir, id)).history.at(-1).reason).toMatch(/preempted/);
      await slurm.releaseRequeued(job);

      const watched = await ft(["runs", "watch", id, "--json"], dir, env);
      expect(watched.exitCode, watched.stderr).toBe(0);
      const steps = losses(folder).map(({ attempt, step }) => [attempt, step]);
      expect(steps).toEqual(Array.from({ length: 60 }, (_, index) => [index < stoppedAt ? 1 : 2, index + 1]));
      const { adapters } = JSON.parse((await ft(["adapters", "ls", "--json"], dir, env)).stdout);
      expect(adapters).toHaveLength(1);
      for (const place of [...textsOf(slurm.dir), ...textsOf(dir), watched.stdout]) expect(place).not.toContain(token);
      expect(await execa("squeue", ["-h", "-t", "running,pending"], { env: slurm.env })).toMatchObject({ stdout: "" });
    },
    8 * minutes,
  );
});

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
  return lines.map((line) => JSON.parse(line) as Line);
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
