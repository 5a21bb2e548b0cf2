// Reads job.json of a run folder.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FtError } from "../errors.js";
import { type Job, jobSchema } from "./job.js";

/** Throws FtError `run.no-job` when the folder has no manifest that this ft reads. */
export function readJob(dir: string): Job {
  const file = join(dir, "job.json");
  try {
    return jobSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new FtError({
      code: "run.no-job",
      exit: "environment",
      message: "the run's manifest is missing or cannot be read",
      where: { file },
      why: cause instanceof Error ? cause.message.split("\n")[0]! : String(cause),
      next: existsSync(dir) ? "start a new run: ft run" : "put the run's folder back, or start a new run: ft run",
      cause,
    });
  }
}
