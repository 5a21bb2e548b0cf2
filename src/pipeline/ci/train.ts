// The adapter that tonight's recipe and data make: one that is there, the run of a night that died gone on with, or a new run.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RegisteredAdapter } from "../../adapters/registry.js";
import { FtError } from "../../errors.js";
import { runsDir } from "../../paths.js";
import { runLockSchema } from "../../runs/lock.js";
import { getRun, type Run } from "../../runs/run-store.js";
import { isOnItsWay, isResumable } from "../../runs/state.js";
import type { Store } from "../../store/open.js";
import { collectEnded } from "../collect-run.js";
import { finishRun } from "../finish-run.js";
import { reconcile } from "../reconcile.js";
import { resumeRun } from "../resume-run.js";
import { repeating, runEnding } from "../run-ending.js";
import { inTurn, type StartContext, startSurveyed } from "../start-run.js";
import type { Surveyed } from "../survey.js";
import { findUnchanged, fingerprint, liveRun, neverBegan, runsOf } from "../unchanged.js";
import type { NightState } from "./night-state.js";

export interface TrainContext extends StartContext {
  /** Shows the run until it ends, or until ft is told to leave; the run goes on then. */
  watch(store: Store, run: Pick<Run, "id" | "name" | "target">): Promise<"ended" | "left">;
}

export interface Trained {
  run: string;
  adapter: RegisteredAdapter;
  /** False: a run had made it before. */
  isNew: boolean;
}

/** What there is of tonight's run. */
export type Standing = { done: Trained } | { begun: Run } | "none";

/** `saved`: of the night before, whose run is also gone on with when it ended early. */
export async function standingOf(
  store: Store,
  { entry, ...surveyed }: Surveyed,
  projectDir: string,
  saved: NightState | null,
): Promise<Standing> {
  if (entry === null) return "none"; // the base was never here
  const wanted = fingerprint(entry, surveyed);
  const unchanged = findUnchanged(store, projectDir, wanted);
  if (unchanged) {
    const { run, adapter } = unchanged;
    // It ended after the night that trained it did: that night is gone on with.
    return { done: { run: run.id, adapter, isNew: saved?.phase === "training" && saved.run === run.id } };
  }
  const begun =
    (await liveRun(store, projectDir, wanted)) ??
    runsOf(store, projectDir, wanted).find((run) => neverBegan(run) || (run.id === saved?.run && mayGoOn(run)));
  return begun ? { begun } : "none";
}

function mayGoOn({ state, failure }: Run): boolean {
  return isResumable(state) && !repeating.includes(failure?.class ?? "");
}

/** `onRun`: the run is there, and can be found again. Throws FtError: what startRun throws, train.*, run.*, ci.left (interrupted). */
export async function trainTonight(
  store: Store,
  surveyed: Surveyed,
  standing: Exclude<Standing, { done: Trained }>,
  context: TrainContext,
  onRun: (run: string, key: string) => void,
): Promise<Trained> {
  const { dir } = surveyed.loaded;
  const id = standing === "none" ? await start(store, surveyed, context) : standing.begun.id;
  onRun(id, keyOf(dir, id));
  if (standing !== "none" && isResumable((await handedOver(store, dir, id, context)).state))
    await resumeRun(store, dir, id, context);
  if ((await context.watch(store, getRun(store, id))) === "left") throw left(id);
  const run = getRun(store, id);
  if (run.state !== "succeeded") {
    const problem = run.state === "lost" ? null : await collectEnded(store, dir, id);
    if (problem !== null) context.onNotice(problem);
    throw runEnding(run);
  }
  return { run: id, adapter: await finishRun(store, dir, id), isNew: true };
}

/** Or finds the run that someone else started since it was looked for. */
function start(store: Store, surveyed: Surveyed, context: TrainContext): Promise<string> {
  const { loaded } = surveyed;
  const asRun = { frozen: false, ignoreFit: false, probe: false, ignoreBudget: false, writesLock: true };
  return inTurn(loaded, context, async () => {
    const standing = await standingOf(store, surveyed, loaded.dir, null);
    if (standing === "none") return (await startSurveyed(surveyed, context, asRun)).id;
    return "done" in standing ? standing.done.run : standing.begun.id;
  });
}

/** What became of a run that an ft was killed over: its trainer is found, or the run counts as lost after some seconds (reconcile.ts). */
async function handedOver(store: Store, dir: string, id: string, { now, signal }: TrainContext): Promise<Run> {
  for (;;) {
    const run = await reconcile(store, dir, id, now());
    if (run.handle !== null || !isOnItsWay(run.state)) return run;
    await sleep(500, undefined, { signal });
  }
}

function keyOf(projectDir: string, id: string): string {
  const file = join(runsDir(projectDir), id, "lock.json");
  return runLockSchema.parse(JSON.parse(readFileSync(file, "utf8"))).key!;
}

function left(id: string): FtError {
  return new FtError({
    code: "ci.left",
    exit: "interrupted",
    message: `ft was told to end; the run ${id} goes on`,
    next: `the next ft ci goes on with it; stop it: ft runs cancel ${id}`,
  });
}
