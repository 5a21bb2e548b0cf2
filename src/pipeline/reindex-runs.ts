// Rebuilds from the run folders what the store knows about runs and their events; `ft runs reindex` rebuilds evaluations and adapters after it.
import { statSync } from "node:fs";
import { join } from "node:path";
import { FtError } from "../errors.js";
import { foldersIn } from "../folders-in.js";
import { loadLauncher } from "../launchers/index.js";
import { readEvents } from "../launchers/read-events.js";
import { runsDir } from "../paths.js";
import { cancelledAt } from "../runs/cancel-mark.js";
import { type GivenUp, readGivenUp } from "../runs/given-up.js";
import { ingest } from "../runs/ingest.js";
import { readJob } from "../runs/job-file.js";
import {
  askedToStop,
  beginAttempt,
  createRun,
  getRun,
  listRuns,
  setFailure,
  setGivenUp,
  stoppedBeforeItBegan,
  transition,
} from "../runs/run-store.js";
import { canMove, isFinal } from "../runs/state.js";
import type { Store } from "../store/open.js";
import { reconcile, takeEvents } from "./reconcile.js";
import { recordMeasurement } from "./record-measurement.js";

export interface ReindexedRuns {
  /** Folders taken over. */
  runs: number;
  /** Folders that could not be, one sentence each. */
  problems: string[];
}

/** What the store has stays; what it lacks is added. May be repeated. A run without an `end` counts as ended at its last sign of life. */
export async function reindexRuns(store: Store, projectDir: string): Promise<ReindexedRuns> {
  const result: ReindexedRuns = { runs: 0, problems: [] };
  for (const id of foldersIn(runsDir(projectDir))) {
    const dir = join(runsDir(projectDir), id);
    try {
      const { id: own } = readJob(dir);
      if (own !== id) {
        result.problems.push(`${dir} holds run ${own}: a copy? It is left out`);
        continue;
      }
      await takeOver(store, projectDir, id);
      result.runs++;
    } catch (error) {
      if (!(error instanceof FtError)) throw error;
      result.problems.push(`run ${id}: ${error.message}`);
    }
  }
  return result;
}

/** Runs whose ft was killed between folder and store. What cannot be read is left to `ft runs reindex`, which says why. */
export async function takeOverNew(store: Store, projectDir: string): Promise<void> {
  const known = new Set(listRuns(store).map(({ id }) => id));
  for (const id of foldersIn(runsDir(projectDir))) {
    if (known.has(id)) continue;
    try {
      if (readJob(join(runsDir(projectDir), id)).id === id) await takeOver(store, projectDir, id);
    } catch (error) {
      if (!(error instanceof FtError)) throw error;
    }
  }
}

/** Throws FtError job.*, launcher.* */
async function takeOver(store: Store, projectDir: string, id: string): Promise<void> {
  const dir = join(runsDir(projectDir), id);
  const job = readJob(dir);
  createRun(store, job);
  const givenUp = readGivenUp(dir);
  if (givenUp?.ending) restoreEnding(store, dir, id, { ...givenUp, ending: givenUp.ending });
  else {
    const launcher = await loadLauncher(getRun(store, id).launcher);
    const handle = await launcher.find(dir);
    if (handle !== null) await takeEvents(store, launcher, id, handle); // which attempt is the last is known after that
    const asked = cancelledAt(dir);
    if (asked !== null && canMove(getRun(store, id).state, "stopping"))
      transition(store, id, "stopping", asked, askedToStop);
    const { state } = await reconcile(store, projectDir, id, Math.max(lastSign(dir) ?? job.createdAt, asked ?? 0));
    if (asked !== null && handle === null && !isFinal(state)) {
      setFailure(store, id, { class: "killed", message: stoppedBeforeItBegan, hint: null });
      transition(store, id, "cancelled", asked, stoppedBeforeItBegan);
    }
  }
  if (givenUp) setGivenUp(store, id, givenUp.attempt);
  recordMeasurement(store, projectDir, id);
}

/** Its machine was given up, so it is not asked: the events that are at home, and how the run stood then. */
function restoreEnding(
  store: Store,
  dir: string,
  id: string,
  { attempt, ending }: { attempt: number; ending: NonNullable<GivenUp["ending"]> },
): void {
  while (ingest(store, id, readEvents(dir, getRun(store, id).ingested)) > 0);
  const { state, attempt: known } = getRun(store, id);
  if (isFinal(state)) return;
  if (known < attempt) beginAttempt(store, id, attempt, ending.at);
  if (ending.failure) setFailure(store, id, ending.failure);
  transition(store, id, ending.state, ending.at, ending.reason);
}

/** When events.jsonl was last written, epoch ms. */
function lastSign(dir: string): number | null {
  const stat = statSync(join(dir, "events.jsonl"), { throwIfNoEntry: false });
  return stat ? Math.round(stat.mtimeMs) : null;
}
