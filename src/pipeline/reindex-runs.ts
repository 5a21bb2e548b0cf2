// Rebuilds runs, events and states in the store from the run folders, which are the truth.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { loadLauncher } from "../launchers/index.js";
import { runsDir } from "../paths.js";
import { readJob } from "../runs/job-file.js";
import { createRun, getRun, setHandle, transition } from "../runs/run-store.js";
import type { Store } from "../store/open.js";
import { takeEvents } from "./reconcile.js";

/** Every run so far was local; the folder does not name its launcher. */
const launcherName = "local";

/** Returns how many run folders were taken in; those that are in the store already stay as they are. Folders without a readable job.json are no runs. */
export async function reindexRuns(store: Store, projectDir: string): Promise<number> {
  const launcher = await loadLauncher(launcherName);
  let count = 0;
  for (const id of runFolders(projectDir)) {
    const dir = join(runsDir(projectDir), id);
    const job = readJobOrNull(dir);
    if (!job) continue;
    createRun(store, job, launcherName);
    const run = getRun(store, id);
    if (run.state === "queued") transition(store, id, "preparing", job.createdAt);
    const handle = await launcher.find(dir);
    if (handle) {
      await takeEvents(store, launcher, id, handle);
      setHandle(store, id, handle);
    }
    count++;
  }
  return count;
}

function readJobOrNull(dir: string) {
  try {
    return readJob(dir);
  } catch {
    return null;
  }
}

function runFolders(projectDir: string): string[] {
  try {
    const entries = readdirSync(runsDir(projectDir), { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() && !entry.name.startsWith(".") ? [entry.name] : [])).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
