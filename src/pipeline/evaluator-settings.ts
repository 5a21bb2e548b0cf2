// config/evaluate.json of a job: what its evaluator was told.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { FtError } from "../errors.js";

const settingsSchema = z.looseObject({
  method: z.string(),
  dtype: z.string(),
  maxNewTokens: z.number(),
});
export type Settings = z.output<typeof settingsSchema>;

export function settingsFile(jobDir: string): string {
  return join(jobDir, "config/evaluate.json");
}

/** Throws FtError eval.not-a-job (training). */
export function readSettings(jobDir: string): Settings {
  const file = settingsFile(jobDir);
  try {
    return settingsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new FtError({
      code: "eval.not-a-job",
      exit: "training",
      message: "this run has no evaluation",
      where: { file },
      why: "its job has no readable evaluation settings",
      next: "train again: ft run",
      cause,
    });
  }
}
