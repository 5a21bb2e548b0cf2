// Stops a run: asks for a checkpoint, waits, then ends it whatever it does. Returns when nothing of it runs any more, or the person has given its machine up.
import { join } from "node:path";
import { FtError } from "../errors.js";
import { loadLauncher } from "../launchers/index.js";
import { runsDir } from "../paths.js";
import { markCancelled } from "../runs/cancel-mark.js";
import { writeGivenUp } from "../runs/given-up.js";
import {
  askedToStop,
  getRun,
  type Run,
  setFailure,
  setGivenUp,
  stateChanges,
  stoppedBeforeItBegan,
  transition,
} from "../runs/run-store.js";
import { canMove, isFinal } from "../runs/state.js";
import type { Store } from "../store/open.js";
import { collectEnded, isToCollect } from "./collect-run.js";
import { reconcile } from "./reconcile.js";

const defaultGraceMs = 120_000;

export interface CancelOptions {
  now(): number;
  graceMs?: number;
  /** Where its machine cannot be asked, or does not end it: the run is over for this project, whatever still runs there. */
  force?: boolean;
  /** What is as it should be but for one thing, which the person should know. */
  onNotice(text: string): void;
  /** Its machine has answered, and is now asked to stop it. */
  onStopping?(): void;
}

/** The run as it is then. Throws FtError `run.ended` (usage) when it already ended, launcher.* when it could not be ended. */
export async function cancelRun(store: Store, projectDir: string, id: string, options: CancelOptions): Promise<Run> {
  const { force = false, onNotice } = options;
  const before = getRun(store, id);
  if (isFinal(before.state)) {
    if (!force || !isToCollect(before)) throw alreadyEnded(before);
    noteGivenUp(store, projectDir, id);
    onNotice(`what it made on ${before.target} stays there: ft runs reap finds it when that answers`);
    return getRun(store, id);
  }
  try {
    const run = await stop(store, projectDir, id, options);
    const problem = await collectEnded(store, projectDir, id); // its last checkpoint is what it goes on from
    if (problem !== null) onNotice(problem);
    return run;
  } catch (error) {
    if (!force || !(error instanceof FtError) || isFinal(getRun(store, id).state)) throw error;
    return giveUp(store, projectDir, getRun(store, id), error, options);
  }
}

async function stop(
  store: Store,
  projectDir: string,
  id: string,
  { now, graceMs = defaultGraceMs, onStopping }: CancelOptions,
): Promise<Run> {
  let silence: string | null = null;
  const run = await reconcile(store, projectDir, id, now(), (why) => {
    silence = why;
  });
  if (isFinal(run.state)) throw alreadyEnded(run);
  if (silence !== null) throw unheard(run, silence); // nobody would ask again
  onStopping?.();
  markCancelled(join(runsDir(projectDir), id));
  const launcher = await loadLauncher(run.launcher);
  const handle = run.handle === null ? await launcher.find(join(runsDir(projectDir), id), run.attempt) : run.handle;
  if (canMove(run.state, "stopping")) transition(store, id, "stopping", now(), askedToStop);
  if (handle !== null) await launcher.cancel(launcher.parseHandle(handle), graceMs);
  const after = await reconcile(store, projectDir, id, now());
  if (isFinal(after.state)) return after;
  const how = handle === null ? stoppedBeforeItBegan : "stopped without a last word";
  setFailure(store, id, { class: "killed", message: how, hint: null });
  transition(store, id, "cancelled", now(), how);
  return getRun(store, id);
}

function giveUp(
  store: Store,
  projectDir: string,
  { id, target }: Run,
  error: FtError,
  { now, onNotice }: CancelOptions,
): Run {
  const isSilent = error.code === "launcher.unreachable";
  const what = isSilent ? "its machine could not be reached" : "it could not be ended there";
  const message = `${what} (${error.why ?? error.message}); what runs there may still run, and bill`;
  const hint = `look at ${target} itself; \`ft runs reap\` finds and ends what is left there as soon as it answers`;
  setFailure(store, id, { class: "killed", message, hint });
  transition(store, id, "cancelled", now(), `given up: ${what}`);
  noteGivenUp(store, projectDir, id);
  onNotice(`${message}; ${hint}`);
  return getRun(store, id);
}

/** Of its present attempt, which has ended. */
function noteGivenUp(store: Store, projectDir: string, id: string): void {
  const { attempt, failure, state } = getRun(store, id);
  const { at, reason } = stateChanges(store, id).at(-1)!;
  if (isFinal(state)) writeGivenUp(join(runsDir(projectDir), id), { attempt, ending: { state, at, reason, failure } });
  setGivenUp(store, id, attempt);
}

function unheard({ id, target }: Run, why: string): FtError {
  return new FtError({
    code: "launcher.unreachable",
    exit: "environment",
    message: `run ${id} could not be asked to stop`,
    why,
    next: `it goes on as it was; when ${target} answers again: ft runs cancel ${id}; if it is gone for good: ft runs cancel ${id} --force`,
  });
}

function alreadyEnded({ id, state }: Run): FtError {
  return new FtError({
    code: "run.ended",
    exit: "usage",
    message: `run ${id} already ended: ${state}`,
    next: `ft runs show ${id} says how`,
  });
}
