// Brings home what a run made elsewhere: adapter, evaluation, checkpoints.
import { loadLauncher } from "../launchers/index.js";
import { getRun } from "../runs/run-store.js";
import type { Store } from "../store/open.js";

/** A no-op where it was made at home, or never began. May be repeated. Throws FtError launcher.*, env.disk-full (environment). */
export async function collectRun(store: Store, id: string, signal?: AbortSignal): Promise<void> {
  const { handle, launcher: name } = getRun(store, id);
  if (handle === null) return;
  const launcher = await loadLauncher(name);
  await launcher.collect(launcher.parseHandle(handle), signal);
}
