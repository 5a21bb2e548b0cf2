// Executes the evaluate step of a job that has ended: the job's own runner, in the engine's environment.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { FtError } from "../errors.js";

export interface EvaluatorToRun {
  /** Absolute path of the job folder. */
  jobDir: string;
  /** Python of the engine's environment. */
  python: string;
  /** Settings and secrets for the process. */
  env: Record<string, string>;
}

/**
 * Returns when the evaluator is done; its events are a new attempt's. Throws FtError `eval.failed` (training; what it printed
 * is in stdout.log) or `env.no-python` (environment). It ends with this process (a Ctrl-C reaches both), and can be asked for again: it keeps nothing half done.
 */
export async function runEvaluator({ jobDir, python, env }: EvaluatorToRun): Promise<void> {
  const result = await execa(
    python,
    ["trainer/run.py", "--attempt", String(lastAttempt(jobDir) + 1), "--only", "evaluate"],
    {
      cwd: jobDir,
      env,
      stdin: "ignore",
      stdout: "ignore",
      stderr: { file: join(jobDir, "stdout.log"), append: true },
      reject: false,
    },
  );
  if (!result.failed) return;
  const started = result.exitCode !== undefined || result.signal !== undefined;
  const ended = result.signal ? `was ended by ${result.signal}` : `ended with exit code ${result.exitCode}`;
  throw new FtError({
    code: started ? "eval.failed" : "env.no-python",
    exit: started ? "training" : "environment",
    message: started ? "the evaluation failed" : `${python} cannot be run`,
    ...(started && { where: { file: join(jobDir, "stdout.log") }, why: `the trainer runner ${ended}` }),
    next: started ? "look at the end of that file" : "check the engine's environment: ft doctor",
  });
}

/** As the runner noted it; 0 when the job never ran. */
function lastAttempt(jobDir: string): number {
  try {
    const noted = JSON.parse(readFileSync(join(jobDir, "supervisor.json"), "utf8")) as unknown;
    return z.object({ attempt: z.int() }).parse(noted).attempt;
  } catch {
    return 0;
  }
}
