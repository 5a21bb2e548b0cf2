// Brings runs in the store up to what their launchers know. Every command that shows runs does it first, so a crash of ft loses nothing.
import { join } from "node:path";
import type { EventsPosition, Launcher, Observation } from "../launchers/contract.js";
import { loadLauncher } from "../launchers/index.js";
import { runsDir } from "../paths.js";
import { ingest } from "../runs/ingest.js";
import { getRun, listRuns, type Run, setFailure, setHandle, transition } from "../runs/run-store.js";
import { isFinal } from "../runs/state.js";
import type { Store } from "../store/open.js";

/** How long a run may have no trainer to be found, after ft wrote it down and before it counts as lost, ms. */
const submitGraceMs = 60_000;

export async function reconcileAll(store: Store, projectDir: string, now: number): Promise<void> {
  for (const run of listRuns(store)) {
    if (!isFinal(run.state)) await reconcile(store, projectDir, run.id, now);
  }
}

/** One look: takes in all new events, then judges a trainer that is no longer there. Returns the run as it is now. */
export async function reconcile(store: Store, projectDir: string, id: string, now: number): Promise<Run> {
  const run = getRun(store, id);
  const launcher = await loadLauncher(run.launcher);
  const handle = await handleOf(store, launcher, run, join(runsDir(projectDir), id));
  if (handle === null) {
    if (run.state !== "lost" && !isFinal(run.state) && now - run.createdAt > submitGraceMs) {
      transition(store, id, "lost", now, "no trainer was found for it");
    }
    return getRun(store, id);
  }
  const { liveness } = await takeEvents(store, launcher, id, handle);
  if (liveness === "gone") judgeGone(store, id, now);
  return getRun(store, id);
}

/** Reads until nothing new is there. The liveness is that of the first look: what was written before a death is then all read. */
export async function takeEvents(store: Store, launcher: Launcher<unknown>, id: string, handle: unknown) {
  const first = await launcher.observe(handle, getRun(store, id).ingested);
  for (let look = first; !isNothingNew(look); look = await launcher.observe(handle, getRun(store, id).ingested)) {
    if (ingest(store, id, look) === 0 && !isOvertaken(look, getRun(store, id).ingested)) break;
  }
  return first;
}

function isNothingNew({ bytes }: Observation): boolean {
  return bytes.length === 0;
}

/** Another process took these bytes in meanwhile, perhaps not all of them. */
function isOvertaken({ inode, offset }: Observation, ingested: EventsPosition): boolean {
  return ingested.inode === inode && ingested.offset !== offset;
}

/** The trainer is no longer there. When it did not say `end`, it was killed. */
function judgeGone(store: Store, id: string, now: number): void {
  const run = getRun(store, id);
  if (isFinal(run.state)) return;
  if (run.state === "stopping") {
    transition(store, id, "cancelled", now, "it did not end when asked to, and was killed");
    return;
  }
  setFailure(store, id, {
    class: "killed",
    message: "the trainer is gone without a word: it was killed, or the machine went down",
    hint: `often the out-of-memory killer; \`ft runs logs ${id}\` shows its last words, \`ft runs resume ${id}\` goes on from the last checkpoint`,
  });
  transition(store, id, "failed", now, "the trainer is gone");
}

/** The stored handle, or that of a trainer whose ft died before it could store it. */
async function handleOf(store: Store, launcher: Launcher<unknown>, run: Run, dir: string): Promise<unknown> {
  if (run.handle !== null) return launcher.parseHandle(run.handle);
  const found = await launcher.find(dir, run.attempt);
  if (found !== null) setHandle(store, run.id, found);
  return found;
}
