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
  const run = await reconcile(store, projectDir, id, now());
  if (isFinal(run.state)) throw alreadyEnded(run);
  const launcher = await loadLauncher(run.launcher);
  const handle = run.handle === null ? await launcher.find(join(runsDir(projectDir), id), run.attempt) : run.handle;
  if (canMove(run.state, "stopping")) transition(store, id, "stopping", now(), askedToStop);
  if (handle !== null) await launcher.cancel(launcher.parseHandle(handle), graceMs);
  const after = await reconcile(store, projectDir, id, now());
  if (isFinal(after.state)) {
    await collectRun(store, id); // its last checkpoint is what it goes on from
    return after;
  }
  setFailure(store, id, { class: "killed", message: "stopped before it began", hint: null });
  transition(store, id, "cancelled", now(), "stopped before it began");
  return getRun(store, id);
}

function alreadyEnded({ id, state }: Run): FtError {
  return new FtError({
    code: "run.ended",
    exit: "usage",
    message: `run ${id} already ended: ${state}`,
    next: `ft runs show ${id} says how`,
  });
}
