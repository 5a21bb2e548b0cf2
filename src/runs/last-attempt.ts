// The number of the latest attempt of a job, as its supervisor noted it: `ft eval` makes attempts too, so the store alone does not know.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** 0 when the job never ran. */
export function lastAttempt(jobDir: string): number {
  try {
    const noted = JSON.parse(readFileSync(join(jobDir, "supervisor.json"), "utf8")) as unknown;
    return z.object({ attempt: z.int() }).parse(noted).attempt;
  } catch {
    return 0;
  }
}
