// Drives a sweep to its end: starts trials as there is room, looks at those that run, lets the best go on. Everything it knows it can find again.
import { setTimeout as sleep } from "node:timers/promises";
import { FtError } from "../../errors.js";
import { withFileLock } from "../../file-lock.js";
import { wrongTargets } from "../../launchers/targets.js";
import { getRun } from "../../runs/run-store.js";
import type { Store } from "../../store/open.js";
import { catchUp } from "../finish-run.js";
import type { StartContext } from "../start-run.js";
import { lookAtTrial } from "./look-at-trial.js";
import type { SweepPlan } from "./plan-sweep.js";
import { type PlannedTrial, reasonOf } from "./planned-trial.js";
import { goingOn, isLive, isOver, type TrialRow, waitingRow } from "./standing.js";
import { startTrial, type TrialOptions } from "./start-trial.js";
import { readRecord, sweepLock, writeRecord } from "./sweep-record.js";
import { type TrialArray, trialArray } from "./trial-array.js";

export interface DriveContext extends StartContext {
  /** After each change, with all rows in the order of their numbers, rung by rung. */
  onRows(rows: readonly TrialRow[]): void;
  /** At least so long between two looks. */
  pollMs?: number;
  /** After a target fell silent nothing is started for so long. */
  retryMs?: number;
}

/** `left`: the signal fired; what runs goes on. */
export interface DrivenSweep {
  end: "done" | "left";
  rows: TrialRow[];
}

/**
 * A trial that fails or does not fit is a row with its reason. What is every trial's matter (the environment, the Hub, the data where the
 * sweep does not change it) is thrown, and leaves alone what runs. A target that has answered and falls silent is waited for.
 * One ft drives a sweep at a time; a second waits, and finds all done.
 */
export async function driveSweep(
  plan: SweepPlan,
  context: DriveContext,
  options: TrialOptions,
  begin: typeof startTrial = startTrial,
): Promise<DrivenSweep> {
  const { projectDir, id } = plan;
  const { signal, onNotice } = context;
  for (const problem of wrongTargets(context.env)) onNotice(problem);
  const onWait = (pid: number): void => onNotice(`process ${pid} drives this sweep; waiting for it`);
  return withFileLock(
    sweepLock(projectDir, id),
    async () => {
      const store = await context.openStore();
      try {
        for (const problem of await catchUp(store, projectDir, context.now())) onNotice(problem);
        return await drive(plan, store, context, options, begin);
      } finally {
        store.close();
      }
    },
    { signal, onWait },
  );
}

async function drive(
  plan: SweepPlan,
  store: Store,
  context: DriveContext,
  options: TrialOptions,
  begin: typeof startTrial,
): Promise<DrivenSweep> {
  const { projectDir, metric, rungs, settings } = plan;
  const { signal, now, onNotice, pollMs = 500, retryMs = 10_000 } = context;
  const planned = [...plan.trials];
  let rows = planned.map(firstRow);
  let starting: Promise<void> | null = null;
  let failure: unknown = null;
  /** A trial was started, so the target answered. */
  let hasAnswered = false;
  let notBefore = 0;
  const startedAgain = new Set<string>();
  const array = settings.array ? trialArray() : null;
  /** Prepared for the array, and not submitted yet. */
  const held = new Set<number>();
  /** So many were said to wait. */
  let toldOf = 0;
  const tell = teller(plan, context);

  const set = (index: number, change: Partial<TrialRow>): void => {
    rows = rows.with(index, { ...rows[index]!, ...change });
    tell(rows);
  };

  async function start(index: number): Promise<void> {
    const { recipe } = planned[index]!;
    if ("refused" in recipe) return;
    set(index, { state: "starting", reason: null });
    try {
      const started = await begin(recipe.loaded, store, { ...context, ...(array && { submit: array.keep }) }, options);
      if (array?.keeps(started.run)) held.add(index);
      else hasAnswered = true;
      set(index, started); // the next look says more
    } catch (error) {
      whyNotStarted(index, error);
    }
  }

  function whyNotStarted(index: number, error: unknown): void {
    set(index, { state: "waiting", run: null });
    if (hasAnswered && isUnreachable(error)) {
      notBefore = now() + retryMs;
      set(index, { reason: reasonOf(error) });
      onNotice(`${error.message}; the sweep goes on when it does`);
    } else if (!signal.aborted && isOfTrial(error, plan)) set(index, { state: "refused", reason: reasonOf(error) });
    else failure ??= error;
  }

  async function submitHeld(trials: TrialArray, atOnce: number): Promise<void> {
    // A sweep that ends here starts none of them, as one that is left.
    const how = failure === null ? context : { ...context, signal: AbortSignal.abort() };
    try {
      await trials.submit(store, how, { name: `sweep-${plan.id}`, atOnce });
      hasAnswered = true;
    } catch (error) {
      for (const index of held) if (getRun(store, rows[index]!.run!).handle === null) whyNotStarted(index, error);
    }
    held.clear();
  }

  async function look(index: number): Promise<void> {
    const row = rows[index]!;
    if (row.run === null || held.has(index)) return;
    const seen = await lookAtTrial({ ...row, run: row.run }, { store, projectDir, metric, now: now() });
    // Its ft died before a launcher had it, and that has only now become certain: it begins after all.
    const neverBegan = seen.state === "lost" && getRun(store, row.run).handle === null && !startedAgain.has(row.run);
    if (neverBegan) startedAgain.add(row.run);
    set(index, neverBegan ? { state: "waiting", run: null } : seen);
  }

  tell(rows);
  for (;;) {
    const began = performance.now();
    for (const [index, row] of rows.entries()) if (!isOver(row)) await look(index);
    const next = rows.findIndex(({ state }) => state === "waiting");
    const busy = rows.filter((row, index) => !held.has(index) && (isLive(row) || row.state === "starting")).length;
    const isReady = starting === null && failure === null && !signal.aborted && now() >= notBefore;
    if (next >= 0 && isReady && (array !== null || busy < options.concurrency)) {
      starting = start(next).finally(() => {
        starting = null;
      });
    } else if (array !== null && starting === null && held.size > 0) {
      // The array goes on by itself when ft has left, beside what of the sweep was on its way before.
      const atOnce = Math.min(options.concurrency, held.size);
      const hasRoom = next < 0 && busy + atOnce <= options.concurrency;
      if (hasRoom || signal.aborted || failure !== null) {
        starting = submitHeld(array, atOnce).finally(() => {
          starting = null;
        });
      } else if (toldOf !== held.size) {
        toldOf = held.size;
        context.onProgress({ label: "waiting for trials that are on their way, to submit the array" });
      }
    }
    if (starting === null && (signal.aborted || failure !== null)) break;
    const going = goingOn(rows, rungs, metric.goal);
    for (const { number, rung, values } of going ?? []) {
      const trial = plan.trialOf({ number, rung: rung + 1, values });
      planned.push(trial);
      rows = [...rows, firstRow(trial)];
    }
    if (going === null && starting === null && rows.every(isOver)) break;
    // A machine that is slow to answer is not asked all the time.
    const pause = sleep(Math.max(pollMs, performance.now() - began), undefined, { signal }).catch(() => undefined);
    // What was found done already leaves room at once.
    await (starting === null ? pause : Promise.race([pause, starting]));
    if (signal.aborted && starting !== null) await starting;
  }
  tell(rows);
  if (signal.aborted) return { end: "left", rows };
  if (failure === null) return { end: "done", rows };
  const live = rows.filter(isLive).map(({ run }) => run);
  if (live.length > 0) context.onNotice(`the sweep ends here; these runs go on: ${live.join(", ")}`);
  throw failure;
}

function firstRow(trial: PlannedTrial): TrialRow {
  const row = waitingRow(trial);
  return "refused" in trial.recipe ? { ...row, state: "refused", reason: reasonOf(trial.recipe.refused) } : row;
}

function isUnreachable(error: unknown): error is FtError {
  return error instanceof FtError && error.code === "launcher.unreachable";
}

/** Data that no trial changes is bad for all of them alike. */
function isOfTrial(error: unknown, { settings: { keys } }: SweepPlan): error is FtError {
  if (!(error instanceof FtError)) return false;
  const changesRows = Object.keys(keys).some((key) => /^(data|model|objective|engine|train\.seed)\b/.test(key));
  return error.exit === "fit" || error.exit === "recipe" || (error.exit === "data" && changesRows);
}

/** Tells what changed, and keeps what is more than a step in the sweep's file. */
function teller(plan: SweepPlan, { onRows, now }: DriveContext): (rows: readonly TrialRow[]) => void {
  const { projectDir, id, recipe, method, metric, rungs, settings } = plan;
  const createdAt = readRecord(projectDir, id)?.createdAt ?? now();
  let kept = "";
  return (rows) => {
    onRows(rows);
    const outline = JSON.stringify(
      rows.map(({ number, rung, run, state, metric: result }) => [number, rung, run, state, result]),
    );
    if (outline === kept) return;
    kept = outline;
    const { keys, seed } = settings;
    writeRecord(projectDir, {
      version: 1,
      id,
      createdAt,
      recipe,
      method,
      seed,
      keys,
      metric,
      rungs,
      trials: [...rows],
    });
  };
}
