// How often a source's rows are taken: whole times, and once more for a share that each row's own content decides.
import type { CanonicalRow } from "./canonical.js";
import { rowDigest, sha256 } from "./canonical-key.js";

/** 2: twice; 2.5: twice, and half of the rows once more. The same rows for the same seed, also when the data grows. */
export function copiesOf(row: CanonicalRow, weight: number, seed: number, digest: Buffer = rowDigest(row)): number {
  const whole = Math.floor(weight);
  const share = weight - whole;
  if (share === 0) return whole;
  const score = sha256(Buffer.concat([Buffer.from(`weight:${seed}:`), digest])).readUIntBE(0, 6) / 2 ** 48;
  return whole + (score < share ? 1 : 0);
}
