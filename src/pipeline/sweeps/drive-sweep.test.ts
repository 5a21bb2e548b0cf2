// A sweep over real processes (the fixture trainer): how many at a time, what a failing trial is, what leaving does. test/sweep.test.ts has the whole way.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { fakeRun, until } from "../../../test/fake-run.js";
import { emptyFolder } from "../../../test/project.js";
import { runFt } from "../../../test/run-ft.js";
import { FtError } from "../../errors.js";
import { localLauncher } from "../../launchers/local/index.js";
import { createRun, getRun } from "../../runs/run-store.js";
import { openStore } from "../../store/open.js";
import { submitAttempt } from "../submit.js";
import { driveSweep } from "./drive-sweep.js";
import { planSweep } from "./plan-sweep.js";
import { isLive, type TrialRow } from "./standing.js";
import { readRecord } from "./sweep-record.js";
import { sweepSettings } from "./sweep-settings.js";

const toEnd: string[] = [];

afterEach(async () => {
  for (const dir of toEnd.splice(0)) {
    const handle = await localLauncher.find(dir, 1);
    if (handle) await localLauncher.cancel(handle, 0);
  }
});

/** A trial does what `behaviours` says by its rank; an error there is thrown in place of its start, one of a pair at the first start only. */
async function sweepOf(behaviours: Record<number, string | Error | [Error, string]>, concurrency: number) {
  const projectDir = emptyFolder();
  writeFileSync(
    join(projectDir, "ft.yaml"),
    "name: tiny\nmodel: { base: x }\nmethod: lora\ndata: { train: a.jsonl }\n",
  );
  const key = [`method.rank=${Object.keys(behaviours).join(",")}`];
  const plan = await planSweep(sweepSettings("ft.yaml", { key, concurrency }, projectDir), {
    cwd: projectDir,
    env: {},
  });
  const leaving = new AbortController();
  const seen: TrialRow[][] = [];
  const context = {
    ...{ env: {}, signal: leaving.signal, now: Date.now, random: Math.random, pollMs: 20, retryMs: 50 },
    ...{ onProgress: () => {}, onNotice: () => {}, onRows: (rows: readonly TrialRow[]) => void seen.push([...rows]) },
    openStore: async () => openStore(projectDir),
  };
  const options = { retry: false, ignoreFit: false, ignoreBudget: false, concurrency };
  const driven = driveSweep(plan, context, options, async ({ recipe }, store) => {
    const { rank } = recipe.method;
    const behaviour = nextOf(behaviours, rank);
    if (behaviour instanceof Error) throw behaviour;
    const run = fakeRun(behaviour, { projectDir, id: `20260101-120000-rank${rank}` });
    createRun(store, { ...run.job, createdAt: Date.now() });
    await submitAttempt(store, run.submission, { ...run.submission, now: Date.now, signal: leaving.signal });
    toEnd.push(run.dir);
    return { run: run.id, wasThere: false };
  });
  return { projectDir, plan, leaving, seen, driven };
}

function nextOf(behaviours: Record<number, string | Error | [Error, string]>, rank: number): string | Error {
  const behaviour = behaviours[rank]!;
  if (!Array.isArray(behaviour)) return behaviour;
  behaviours[rank] = behaviour[1];
  return behaviour[0];
}

const states = (rows: readonly TrialRow[]) => rows.map(({ state }) => state);

describe("a sweep", () => {
  it("runs as many trials at a time as it may; one that fails or does not fit is a row with its reason", async () => {
    const unfit = new FtError({ code: "plan.does-not-fit", exit: "fit", message: "the training does not fit" });
    const { driven, seen, projectDir, plan } = await sweepOf(
      { 2: "losses 5 0.1", 4: "losses many 0", 8: unfit, 16: "losses 5 0.1", 32: "losses 5 0.1" },
      2,
    );
    const { end, rows } = await driven;
    expect(end).toBe("done");
    expect(states(rows)).toEqual(["succeeded", "failed", "refused", "succeeded", "succeeded"]);
    expect(rows[1]!.reason).toContain("gone without a word");
    expect(rows[2]!.reason).toBe("the training does not fit");
    expect(Math.max(...seen.map((rows) => rows.filter(isLive).length))).toBeLessThanOrEqual(2);
    expect(readRecord(projectDir, plan.id)!.trials).toEqual(rows);
  });

  it("that is left leaves what runs alone, and starts nothing more; what becomes of that is listed", async () => {
    const { driven, leaving, seen, projectDir } = await sweepOf({ 2: "hang", 4: "hang", 8: "hang" }, 2);
    await until(() => seen.at(-1)?.filter(({ state }) => state === "running").length === 2);
    await sleep(200); // time for a third, were there room
    leaving.abort();
    const { end, rows } = await driven;
    expect([end, ...states(rows)]).toEqual(["left", "running", "running", "waiting"]);
    const store = openStore(projectDir);
    expect(getRun(store, rows[0]!.run!).state).toBe("running");
    store.close();
    await localLauncher.cancel((await localLauncher.find(toEnd.at(-1)!, 1))!, 0);
    const { out } = await runFt(["sweep", "ls"], { cwd: projectDir });
    expect(out).toMatch(/ grid +1\/3 /);
  });

  it("waits for a target that has answered and falls silent, and ends at once where none ever answered", async () => {
    const silent = () =>
      new FtError({ code: "launcher.unreachable", exit: "environment", message: "box does not answer" });
    const { driven, seen } = await sweepOf({ 2: "losses 1 0", 4: [silent(), "losses 1 0"] }, 1);
    expect(states((await driven).rows)).toEqual(["succeeded", "succeeded"]);
    expect(seen.some((rows) => rows[1]!.state === "waiting" && rows[1]!.reason === "box does not answer")).toBe(true);
    await expect((await sweepOf({ 2: silent(), 4: "losses 1 0" }, 1)).driven).rejects.toThrow("box does not answer");
  });

  it("ends at what no trial can help, and its first trial stays to be started", async () => {
    const noPython = new FtError({ code: "env.no-python", exit: "environment", message: "no Python" });
    const { driven, projectDir, plan } = await sweepOf({ 2: noPython, 4: "losses 1 0" }, 1);
    await expect(driven).rejects.toThrow("no Python");
    expect(states(readRecord(projectDir, plan.id)!.trials)).toEqual(["waiting", "waiting"]);
  });
});
