// Nothing is lost: ft killed during training, the trainer killed, a run stopped and resumed. Real TRL on the tiny model.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ft, tinyProject } from "./project.js";

const minutes = 60_000;

describe("a run whose ft is killed", () => {
  it(
    "goes on training; `ft runs watch` picks it up with every event once, and the adapter is registered",
    async () => {
      const dir = tinyProject({ maxSteps: 60 });
      const running = ft(["run", "--json"], dir);
      await until(() => metricSteps(dir).length >= 2);
      running.kill("SIGKILL");
      await running;

      const watched = await ft(["runs", "watch", "last", "--json"], dir);
      expect(watched.exitCode, watched.stderr).toBe(0);
      const steps = watched.stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line))
        .filter((update) => update.type === "event" && update.event.kind === "metric" && "loss" in update.event.values)
        .map((update) => update.event.step);
      expect(steps).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));

      const adapters = JSON.parse((await ft(["adapters", "ls", "--json"], dir)).stdout);
      expect(adapters.adapters).toHaveLength(1);
    },
    12 * minutes,
  );
});

describe("ft that is told to end", () => {
  it(
    "leaves the run alone, says so in JSON too, and ends with exit code 10",
    async () => {
      const dir = tinyProject({ evaluated: false, maxSteps: 60 });
      const running = ft(["run", "--json"], dir);
      await until(() => metricSteps(dir).length >= 2);
      running.kill("SIGTERM");
      const { exitCode, stdout, stderr } = await running;
      expect(exitCode, stderr).toBe(10);
      expect(stderr).toContain("the run goes on");
      const { detached, run } = JSON.parse(stdout);
      expect(detached).toBe(true);
      await until(async () => (await show(dir, run.id)).state === "succeeded");
    },
    12 * minutes,
  );
});

describe("the same recipe that is run from two terminals at the same moment", () => {
  it(
    "is one run, which both follow; --force trains another",
    async () => {
      const dir = tinyProject({ evaluated: false, maxSteps: 60 });
      const both = await Promise.all([0, 1].map(() => ft(["run", "--detach", "--json"], dir)));
      const ids = both.map(({ stdout }) => JSON.parse(stdout).run.id as string);
      expect(ids[1]).toBe(ids[0]);
      expect(both.map(({ stderr }) => stderr).join()).toMatch(/is on its way: this is it; train another: --force/);
      const forced = await ft(["run", "--detach", "--json", "--force"], dir);
      expect(JSON.parse(forced.stdout).run.id).not.toBe(ids[0]);
      for (const id of [ids[0]!, JSON.parse(forced.stdout).run.id]) await ft(["runs", "cancel", id], dir);
    },
    12 * minutes,
  );

  it(
    "is one run also as a trial of two sweeps",
    async () => {
      const dir = tinyProject({ maxSteps: 4 });
      const sweep = (seed: string) => ft(["sweep", "--key", "train.learning_rate=1e-3", "--seed", seed, "--json"], dir);
      const both = await Promise.all(["1", "2"].map(sweep));
      const runs = both.map(({ stdout }) => JSON.parse(stdout).sweep.trials[0].run as string);
      expect(runs[1]).toBe(runs[0]);
    },
    12 * minutes,
  );
});

describe("a run whose trainer is killed", () => {
  it(
    "fails with the reason within 30 s, and resumes from the last checkpoint to the same last step",
    async () => {
      const dir = tinyProject({ evaluated: false, maxSteps: 100, saveEvery: 5 });
      const id = JSON.parse((await ft(["run", "--detach", "--json"], dir)).stdout).run.id as string;
      await until(() => metricSteps(dir, id).length >= 7);
      const { pid } = JSON.parse(readFileSync(join(dir, ".ft/runs", id, "supervisor.json"), "utf8"));
      process.kill(pid, "SIGKILL");

      const killedAt = Date.now();
      await until(async () => (await show(dir, id)).state === "failed");
      expect(Date.now() - killedAt).toBeLessThan(30_000);
      expect((await show(dir, id)).failure.message).toMatch(/killed|gone/);

      const resumed = await ft(["runs", "resume", id], dir);
      expect(resumed.exitCode, resumed.stderr).toBe(0);
      const after = metricEvents(dir, id).filter((event) => event.attempt === 2 && "loss" in event.values);
      expect(after[0]!.step).toBeGreaterThan(5);
      expect(after.at(-1)!.step).toBe(100);
    },
    12 * minutes,
  );
});

describe("a cancelled run", () => {
  it(
    "saves a checkpoint, and resuming takes it to the last step",
    async () => {
      const dir = tinyProject({ evaluated: false, maxSteps: 120, saveEvery: 100 });
      const id = JSON.parse((await ft(["run", "--detach", "--json"], dir)).stdout).run.id as string;
      await until(() => metricSteps(dir, id).length >= 3);
      const cancelled = await ft(["runs", "cancel", id], dir);
      expect(cancelled.exitCode, cancelled.stderr).toBe(0);
      expect((await show(dir, id)).state).toBe("cancelled");
      const states = async () => (await show(dir, id)).history.map(({ to, reason }) => `${to} ${reason}`);
      const history = await states();
      expect(history).toContain("stopping asked to stop");
      rmSync(join(dir, ".ft/ft.db"));
      expect(await states()).toEqual(history);
      const stoppedAt = metricSteps(dir, id).at(-1)!;

      const resumed = await ft(["runs", "resume", id], dir);
      expect(resumed.exitCode, resumed.stderr).toBe(0);
      const after = metricEvents(dir, id).filter((event) => event.attempt === 2 && "loss" in event.values);
      expect(after.map((event) => event.step)).toEqual(
        Array.from({ length: 120 - stoppedAt }, (_, index) => stoppedAt + 1 + index),
      );
    },
    12 * minutes,
  );
});

interface MetricEvent {
  kind: "metric";
  attempt: number;
  step: number;
  values: Record<string, number>;
}

/** Whole lines of the run's events.jsonl; of the only run when no id is given. */
function metricEvents(dir: string, id?: string): MetricEvent[] {
  const runs = join(dir, ".ft/runs");
  const run = id ?? (existsSync(runs) ? readdirSync(runs).find((name) => !name.startsWith(".")) : undefined);
  const file = join(runs, run ?? "none", "events.jsonl");
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line)).filter((event) => event.kind === "metric");
}

function metricSteps(dir: string, id?: string): number[] {
  return metricEvents(dir, id)
    .filter((event) => "loss" in event.values)
    .map((event) => event.step);
}

interface ShownRun {
  state: string;
  failure: { message: string };
  history: { to: string; reason: string | null }[];
}

async function show(dir: string, id: string): Promise<ShownRun> {
  return JSON.parse((await ft(["runs", "show", id, "--json"], dir)).stdout).run;
}

async function until(condition: () => boolean | Promise<boolean>, limitMs = 300_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("waited in vain");
    await sleep(200);
  }
}
