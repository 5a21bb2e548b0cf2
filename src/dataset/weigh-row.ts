// How often a row is trained on per epoch: its source's weight, a fraction of which is decided by the row's own content.
import type { CanonicalRow } from "./canonical.js";
import { looseDigest } from "./canonical-key.js";
import { unitInterval } from "./held-out.js";

/** Weight 2.5: twice, and half of the rows once more. Which half depends on content and seed alone, so that it stays when the file grows. */
export function timesTaken(row: CanonicalRow, weight: number, seed: number, loose?: Buffer): number {
  const whole = Math.floor(weight);
  if (whole === weight) return whole;
  return whole + (unitInterval(`weight ${seed}:`, loose ?? looseDigest(row)) < weight - whole ? 1 : 0);
}
