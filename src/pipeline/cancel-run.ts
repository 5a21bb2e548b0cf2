// Stops a run: asks for a checkpoint, waits, then ends it whatever it does. Returns when nothing of it runs any more.
import { join } from "node:path";
import { FtError } from "../errors.js";
import { loadLauncher } from "../launchers/index.js";
import { runsDir } from "../paths.js";
import { askedToStop, getRun, type Run, setFailure, transition } from "../runs/run-store.js";
import { canMove, isFinal } from "../runs/state.js";
import type { Store } from "../store/open.js";
import { collectRun } from "./collect-run.js";
import { reconcile } from "./reconcile.js";

const defaultGraceMs = 120_000;

/** The run as it is then. Throws FtError `run.ended` (usage) when it already ended. */
export async function cancelRun(
  store: Store,
  projectDir: string,
  id: string,
  { now, graceMs = defaultGraceMs }: { now(): number; graceMs?: number },
): Promise<Run> {
  let silence: string | null = null;
  const run = await reconcile(store, projectDir, id, now(), (why) => {
    silence = why;
  });
  if (isFinal(run.state)) throw alreadyEnded(run);
  if (silence !== null) throw unheard(run, silence); // nobody would ask again
  const launcher = await loadLauncher(run.launcher);
  const handle = run.handle === null ? await launcher.find(join(runsDir(projectDir), id), run.attempt) : run.handle;
  if (canMove(run.state, "stopping")) transition(store, id, "stopping", now(), askedToStop);
  if (handle !== null) await launcher.cancel(launcher.parseHandle(handle), graceMs);
  const after = await reconcile(store, projectDir, id, now());
  if (isFinal(after.state)) {
    await collectRun(store, projectDir, id); // its last checkpoint is what it goes on from
    return after;
  }
  const how = handle === null ? "stopped before it began" : "stopped without a last word";
  setFailure(store, id, { class: "killed", message: how, hint: null });
  transition(store, id, "cancelled", now(), how);
  return getRun(store, id);
}

function unheard({ id, target }: Run, why: string): FtError {
  return new FtError({
    code: "launcher.unreachable",
    exit: "environment",
    message: `run ${id} could not be asked to stop`,
    why,
    next: `it goes on as it was; when ${target} answers again: ft runs cancel ${id}`,
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
