// `ft sweep` through the built binary: killed, interrupted and repeated without training anything twice; what is refused before it begins. Real TRL on the tiny model.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { until } from "./fake-run.js";
import { emptyFolder, ft, tinyProject } from "./project.js";

const minutes = 60_000;

describe("a sweep by successive halving", () => {
  it(
    "killed in the first rung and interrupted in the second, goes on when it is repeated, and trains no trial twice",
    async () => {
      const dir = tinyProject();
      writeFileSync(
        join(dir, "sweep.yaml"),
        `method: halving
keys: { train.learning_rate: [1.0e-3, 2.0e-2] }
trials: 2
concurrency: 2
halving: { steps: 15, factor: 2 }
`,
      );
      const killed = ft(["sweep", "--json"], dir);
      await until(() => runsIn(dir).filter((id) => isTraining(dir, id)).length === 2, 8 * minutes);
      killed.kill("SIGKILL");
      await killed;

      const interrupted = ft(["sweep", "--json"], dir);
      await until(() => runsIn(dir).length === 3, 8 * minutes);
      await until(() => isTraining(dir, runsIn(dir)[2]!), 8 * minutes);
      interrupted.kill("SIGTERM");
      const left = await interrupted;
      expect(left.exitCode, left.stderr).toBe(10);
      expect(left.stderr).toContain(`these go on: ${runsIn(dir)[2]}`);
      expect(JSON.parse(left.stdout)).toMatchObject({ ok: true, detached: true });

      const result = await ft(["sweep", "--json", "--apply"], dir);
      expect(result.exitCode, result.stderr).toBe(0);
      const { sweep } = JSON.parse(result.stdout);
      expect(sweep.trials.map(({ number, rung, state }: Row) => [number, rung, state])).toEqual([
        [1, 1, "succeeded"],
        [2, 1, "succeeded"],
        [sweep.best.number, 2, "succeeded"],
      ]);
      expect(sweep.trials.map(({ totalSteps }: Row) => totalSteps)).toEqual([15, 15, 30]);
      const [first, second] = sweep.trials as Row[];
      expect(sweep.best).toMatchObject({ rung: 2, number: first!.metric < second!.metric ? 1 : 2 });
      expect(sweep.best.metric).toBeLessThan(sweep.best.base);
      expect(sweep.trials.map(({ run }: Row) => run).toSorted()).toEqual(runsIn(dir));
      expect(readFileSync(join(dir, "ft.yaml"), "utf8")).toContain(
        `learning_rate: ${sweep.best.values["train.learning_rate"]}`,
      );

      const { runs } = JSON.parse((await ft(["runs", "ls", "--json"], dir)).stdout);
      expect(runs.map(({ state, attempt }: Row) => [state, attempt])).toEqual(Array(3).fill(["succeeded", 1]));
      const { adapters } = JSON.parse((await ft(["adapters", "ls", "--json"], dir)).stdout);
      expect(adapters.map(({ version }: Row) => version)).toEqual([3, 2, 1]);

      const shown = await ft(["sweep", "show", "--html", "sweep.html"], dir);
      expect(shown.stdout).toMatch(/◆ +\d +30 +0\.0\d+ +\d\.\d+ +done +@3 +\w{4}\n/);
      expect(shown.stdout).toMatch(/loss by steps trained, rung by rung\n.*\n( +[│┤].*\n| +\d.*┤.*\n)+/);
      for (const line of shown.stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
      const page = readFileSync(join(dir, "sweep.html"), "utf8");
      expect(page.match(/<svg/g)).toHaveLength(2); // the rungs, and the one key
      expect(page).toContain(`<td class="right good">◆</td>`);
      const listed = JSON.parse((await ft(["sweep", "ls", "--json"], dir)).stdout);
      expect(listed.sweeps).toMatchObject([{ id: sweep.id, isDriven: false, best: { run: sweep.best.run } }]);
    },
    20 * minutes,
  );
});

describe("a trial whose run was cancelled on another target", () => {
  it(
    "goes on where the sweep trains",
    async () => {
      const dir = tinyProject({ maxSteps: 40 });
      const config = emptyFolder();
      mkdirSync(join(config, "ft"));
      const targets = { here: { launcher: "local" }, there: { launcher: "local", share_gpus: true } };
      writeFileSync(join(config, "ft/targets.yaml"), JSON.stringify({ targets }));
      const env = { XDG_CONFIG_HOME: config };
      const started = await ft(
        ["run", "--detach", "--on", "here", "--set", "train.learning_rate=1e-3", "--json"],
        dir,
        env,
      );
      expect(started.exitCode, started.stderr).toBe(0);
      const { id } = JSON.parse(started.stdout).run;
      await ft(["runs", "cancel", id], dir, env);
      const swept = await ft(
        ["sweep", "--key", "train.learning_rate=1e-3", "--on", "there", "--retry", "--json"],
        dir,
        env,
      );
      expect(swept.exitCode, swept.stderr).toBe(0);
      expect(JSON.parse(swept.stdout).sweep.trials).toMatchObject([{ run: id, state: "succeeded" }]);
      const { run } = JSON.parse((await ft(["runs", "show", id, "--json"], dir, env)).stdout);
      expect(run).toMatchObject({ target: "there", attempt: 2 });
    },
    8 * minutes,
  );
});

describe("ft sweep --dry-run", () => {
  it("lists the trials with steps and time, leaves out those that cannot be, and writes nothing", async () => {
    const dir = tinyProject();
    const flags = ["--key", "train.learning_rate=1e-3,1e-2", "--key", "train.micro_batch=2,3", "--dry-run"];
    const text = await ft(["sweep", ...flags], dir);
    expect(text.exitCode, text.stderr).toBe(0);
    expect(text.stdout).toMatch(/1 +0.001 +2 +6 +\d+s/);
    expect(text.stdout).toContain("left out: train.micro_batch does not divide train.batch_size");
    const { plan } = JSON.parse((await ft(["sweep", ...flags, "--json"], dir)).stdout);
    expect(plan).toMatchObject({ method: "grid", metric: { name: "loss", goal: "minimize" } });
    expect(plan.trials.map(({ steps }: Row) => steps)).toEqual([6, null, 6, null]);
    const array = await ft(["sweep", ...flags, "--array", "--on", "slurm", "--set", "compute.device=cpu"], dir);
    expect(array.stdout, array.stderr).toContain(", as one job array");
    expect(existsSync(join(dir, ".ft"))).toBe(false);
  });
});

describe("ft sweep show", () => {
  it("says what to do where there is no sweep", async () => {
    const { exitCode, stderr } = await ft(["sweep", "show"], emptyFolder());
    expect(exitCode).toBe(2);
    expect(stderr).toBe(
      "error: this project has no sweep yet\n  next: start one, for example: ft sweep --key train.learning_rate=1e-4,3e-4",
    );
  });
});

describe("a sweep that cannot be", () => {
  it.each([
    [["--key", "train.lerning_rate=1,2"], 3, "did you mean train.learning_rate?"],
    [
      ["--key", "train.learning_rate=1e-3,fast"],
      3,
      '--key train.learning_rate="fast": train.learning_rate: expected number',
    ],
    [["--key", "eval.max_rows=1,2"], 3, "eval.max_rows must be the same for all trials"],
    [["--key", "gate.margin=0.01,0.02"], 3, "gate.margin must be the same for all trials"],
    [["--key", "method.rank=4,8", "--metric", "exact_mach"], 2, "did you mean exact_match?"],
    [["--key", "method.rank=4,8", "--set", "data.eval=", "--set", "data.eval_fraction=0"], 3, "holds no rows out"],
    [["--key", "train.max_steps=4,8", "--method", "halving"], 3, "is what method halving changes"],
    [["--key", "method.rank=4,8", "--set", "data.train=gone.jsonl"], 4, "gone.jsonl"],
    [["--key", "train.micro_batch=3"], 3, "does not divide"],
    [["--key", "method.rank=4,8", "--array"], 2, "local has no job arrays"],
    [["--key", "compute.gpus=1,2", "--array"], 3, "must be the same for all tasks of a job array"],
    [["--key", "method.rank=4..8", "--method", "grid"], 2, "a grid needs lists"],
    [[], 2, "no key of ft.yaml is named"],
    [["other.yaml"], 2, "there is no file other.yaml"],
  ])("%j ends before the first trial", async (flags, code, words) => {
    const dir = tinyProject();
    const { exitCode, stderr } = await ft(["sweep", ...flags], dir);
    expect(exitCode, stderr).toBe(code);
    expect(stderr).toContain(words);
    expect(existsSync(join(dir, ".ft/runs"))).toBe(false);
  });
});

interface Row {
  number: number;
  rung: number;
  state: string;
  run: string;
  attempt: number;
  version: number;
  steps: number | null;
  totalSteps: number;
  metric: number;
}

/** Oldest first. */
function runsIn(dir: string): string[] {
  const runs = join(dir, ".ft/runs");
  return existsSync(runs)
    ? readdirSync(runs)
        .filter((name) => !name.startsWith("."))
        .sort()
    : [];
}

function isTraining(dir: string, id: string): boolean {
  const file = join(dir, ".ft/runs", id, "events.jsonl");
  return existsSync(file) && readFileSync(file, "utf8").includes('"metric"');
}
