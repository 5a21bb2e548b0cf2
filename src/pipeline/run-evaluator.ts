// Executes the evaluate step of a job that has ended: the job's own runner, in the engine's environment.
import { join } from "node:path";
import { execa } from "execa";
import { FtError } from "../errors.js";
import { gpuArgs, reportGpuWaits } from "../launchers/local/gpus.js";
import type { Job } from "../runs/job.js";
import { lastAttempt } from "../runs/last-attempt.js";

export interface EvaluatorToRun {
  job: Pick<Job, "gpus" | "target">;
  /** Absolute path of the job folder. */
  jobDir: string;
  /** Python of the engine's environment. */
  python: string;
  /** Settings and secrets for the process. */
  env: Record<string, string>;
  /** It waits for a GPU that a run holds; in words. */
  onWait(text: string): void;
}

/**
 * Returns when the evaluator is done; its events are a new attempt's. Ends with this process (a Ctrl-C reaches both); asked again, it
 * goes on where it was. Throws FtError `eval.failed` (what it printed is in stdout.log), `eval.interrupted`, `eval.running` or
 * `env.no-python`.
 */
export async function runEvaluator({ job, jobDir, python, env, onWait }: EvaluatorToRun): Promise<void> {
  const attempt = String(lastAttempt(jobDir) + 1);
  const gpus = gpuArgs({ ...job, gpus: Math.min(1, job.gpus) }, env); // it is one process, however many trained together
  const endReport = reportGpuWaits(jobDir, onWait);
  const result = await execa(python, ["trainer/run.py", "--attempt", attempt, "--only", "evaluate", ...gpus], {
    cwd: jobDir,
    env,
    stdin: "ignore",
    stdout: "ignore",
    stderr: { file: join(jobDir, "stdout.log"), append: true },
    reject: false,
  }).finally(endReport);
  if (!result.failed) return;
  throw failure(python, join(jobDir, "stdout.log"), result);
}

/** Exit codes of the runner that mean something else than a failure (trainer/ft_trainer/exit_codes.py). */
const interrupted = 33;
const alreadyRunning = 75;

function failure(python: string, log: string, { exitCode, signal }: { exitCode?: number; signal?: string }): FtError {
  if (exitCode === undefined && signal === undefined) {
    const message = `${python} cannot be run`;
    return new FtError({
      code: "env.no-python",
      exit: "environment",
      message,
      next: "look at the environment: ft doctor",
    });
  }
  if (exitCode === interrupted) {
    const message = "the evaluation was interrupted";
    return new FtError({ code: "eval.interrupted", exit: "interrupted", message, next: "go on with: ft eval" });
  }
  if (exitCode === alreadyRunning) {
    const message = "the run is still running";
    return new FtError({ code: "eval.running", exit: "usage", message, next: "wait for its end: ft runs watch" });
  }
  return new FtError({
    code: "eval.failed",
    exit: "training",
    message: "the evaluation failed",
    where: { file: log },
    why: signal ? `the trainer runner was ended by ${signal}` : `the trainer runner ended with exit code ${exitCode}`,
    next: "look at the end of that file",
  });
}
