// The order in which rows are taken at random: by content and seed alone, so that a choice stays when the data grows or moves.
import type { CanonicalRow } from "../canonical.js";
import { looseDigest } from "../canonical-key.js";
import { unitInterval } from "../held-out.js";

/** In [0, 1); equal rows have equal ranks. */
export function rankOf(row: CanonicalRow, seed: number, salt: string): number {
  return unitInterval(`${salt} ${seed}:`, looseDigest(row));
}
