// Brings home what a run made elsewhere: adapter, evaluation, checkpoints.
import { join } from "node:path";
import { FtError } from "../errors.js";
import { withFileLock } from "../file-lock.js";
import { loadLauncher } from "../launchers/index.js";
import { runsDir } from "../paths.js";
import { getRun, type Run, setCollected } from "../runs/run-store.js";
import type { Store } from "../store/open.js";

/** A no-op where it was made at home, or never began. May be repeated. Throws FtError launcher.*, env.disk-full (environment). */
export async function collectRun(store: Store, projectDir: string, id: string, signal?: AbortSignal): Promise<void> {
  const { handle, launcher: name, attempt } = getRun(store, id);
  if (handle === null) return;
  const launcher = await loadLauncher(name);
  const collect = () => launcher.collect(launcher.parseHandle(handle), signal);
  if (name === "local") return collect();
  // Of two that do it at the same time each would move the other's half-written files.
  await withFileLock(join(runsDir(projectDir), id, "collect.lock"), collect, { signal });
  setCollected(store, id, attempt);
}

/** Whether its present attempt left something elsewhere that is to come home. */
export function isToCollect({ launcher, handle, attempt, collected, givenUp }: Run): boolean {
  return launcher !== "local" && handle !== null && collected !== attempt && givenUp !== attempt;
}

/** As collectRun, of a run that ended early: how it ended holds all the same, so what could not be brought comes back as a sentence. */
export async function collectEnded(store: Store, projectDir: string, id: string): Promise<string | null> {
  const run = getRun(store, id);
  if (!isToCollect(run)) return null;
  try {
    await collectRun(store, projectDir, id);
    return null;
  } catch (error) {
    if (!(error instanceof FtError)) throw error;
    const why = `${error.message}${error.why ? `: ${error.why}` : ""}`;
    return `run ${id} is ${run.state}, and not all that it made on ${run.target} is here yet (${why}); every command tries again, ft runs cancel ${id} --force gives it up`;
  }
}
