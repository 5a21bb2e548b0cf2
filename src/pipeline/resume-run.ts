// Goes on with a run that failed, was cancelled or got lost: the next attempt, from the last complete checkpoint.
import { join } from "node:path";
import { ensureEnvironment } from "../engines/env/ensure-environment.js";
import { FtError } from "../errors.js";
import { loadLauncher } from "../launchers/index.js";
import { runsDir } from "../paths.js";
import { readJob } from "../runs/job-file.js";
import { lastAttempt } from "../runs/last-attempt.js";
import { beginAttempt, getRun } from "../runs/run-store.js";
import { canMove } from "../runs/state.js";
import type { Store } from "../store/open.js";
import { submitAttempt, trainerEnv } from "./submit.js";
import type { PrepareContext } from "./survey.js";

/** Returns as soon as the trainer runs. Throws FtError `run.not-resumable` (usage). */
export async function resumeRun(
  store: Store,
  projectDir: string,
  id: string,
  { env, onProgress, signal, now }: PrepareContext & { now(): number },
): Promise<void> {
  const run = getRun(store, id);
  if (run.state === "queued" || !canMove(run.state, "preparing")) throw notResumable(id, run.state);
  const dir = join(runsDir(projectDir), id);
  const job = readJob(dir);
  const { python } = await ensureEnvironment(job.engine, { env, onProgress, signal });
  const launcher = await loadLauncher(run.launcher);
  const attempt = Math.max(run.attempt, lastAttempt(dir)) + 1;
  beginAttempt(store, id, attempt, now());
  const submission = { job, dir, attempt, resume: true, python, env: trainerEnv(env) };
  await submitAttempt(store, launcher, { submission, now });
}

function notResumable(id: string, state: string): FtError {
  return new FtError({
    code: "run.not-resumable",
    exit: "usage",
    message: `run ${id} is ${state}`,
    why: "only a run that failed, was cancelled or is lost can be resumed",
    next: state === "succeeded" ? "start a new one: ft run" : `watch it: ft runs watch ${id}`,
  });
}
