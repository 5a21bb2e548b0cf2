// What stays of a version whose weights were removed: its lineage, and this file beside it. So a number is never used again, and what was is known.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

export const tombstoneFile = "ft-removed.json";

const tombstoneSchema = z.object({
  schema: z.literal(1),
  /** Epoch ms. */
  at: z.number(),
  by: z.string(),
  why: z.string(),
  /** That the weights took. */
  bytes: z.int().nonnegative(),
});
export type Tombstone = z.output<typeof tombstoneSchema>;

/** Null: the version lives. */
export function readTombstone(adapterDir: string): Tombstone | null {
  try {
    return tombstoneSchema.parse(JSON.parse(readFileSync(join(adapterDir, tombstoneFile), "utf8")));
  } catch {
    return null;
  }
}

export function writeTombstone(adapterDir: string, tombstone: Tombstone): void {
  const file = join(adapterDir, tombstoneFile);
  writeFileSync(`${file}.draft`, `${JSON.stringify(tombstone, null, 2)}\n`);
  renameSync(`${file}.draft`, file);
}
