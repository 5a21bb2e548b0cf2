// Brings home what a run made elsewhere: adapter, evaluation, checkpoints.
import { join } from "node:path";
import { withFileLock } from "../file-lock.js";
import { loadLauncher } from "../launchers/index.js";
import { runsDir } from "../paths.js";
import { getRun } from "../runs/run-store.js";
import type { Store } from "../store/open.js";

/** A no-op where it was made at home, or never began. May be repeated. Throws FtError launcher.*, env.disk-full (environment). */
export async function collectRun(store: Store, projectDir: string, id: string, signal?: AbortSignal): Promise<void> {
  const { handle, launcher: name } = getRun(store, id);
  if (handle === null) return;
  const launcher = await loadLauncher(name);
  const collect = () => launcher.collect(launcher.parseHandle(handle), signal);
  if (name === "local") return collect();
  // Of two that do it at the same time each would move the other's half-written files.
  await withFileLock(join(runsDir(projectDir), id, "collect.lock"), collect, { signal });
}
