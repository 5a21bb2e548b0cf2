// That a person gave an attempt's machine up, beside the run's events: the store is only an index, and the machine cannot be asked any more.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { runStates } from "./state.js";

const file = "given-up.json";

const schema = z.object({
  attempt: z.int(),
  /** How the run stood then; null: it was resumed since. */
  ending: z
    .object({
      state: z.enum(runStates),
      at: z.number(),
      reason: z.string().nullable(),
      failure: z.object({ class: z.string(), message: z.string(), hint: z.string().nullable() }).nullable(),
    })
    .nullable(),
});

export type GivenUp = z.output<typeof schema>;

export function writeGivenUp(dir: string, givenUp: GivenUp): void {
  if (!existsSync(dir)) return; // a run whose folder was deleted
  writeFileSync(join(dir, `${file}.tmp`), `${JSON.stringify(givenUp)}\n`);
  renameSync(join(dir, `${file}.tmp`), join(dir, file));
}

/** Null: nobody did. */
export function readGivenUp(dir: string): GivenUp | null {
  try {
    return schema.parse(JSON.parse(readFileSync(join(dir, file), "utf8")));
  } catch {
    return null;
  }
}
