// The held-out split when data.eval is not given: a row's own content decides its side, so equal rows are never on both.
import type { CanonicalRow } from "./canonical.js";
import { promptDigest, sha256 } from "./canonical-key.js";

/**
 * A row's place in [0, 1): held out when below the threshold. It depends on content (but for case and spaces) and seed alone, so that a row
 * keeps its side when the data grows, in every order and format. Where a row is a prompt and what is said to it, the prompt decides: else
 * the model would be judged on prompts that it was trained on.
 */
export function heldOutScore(row: CanonicalRow, seed: number, digest: Buffer = promptDigest(row)): number {
  return unitInterval(`${seed}:`, digest);
}

/** A number in [0, 1) by salt and digest. */
export function unitInterval(salt: string, digest: Buffer): number {
  return sha256(Buffer.concat([Buffer.from(salt), digest])).readUIntBE(0, 6) / 2 ** 48;
}

export interface ThresholdPlan {
  see(score: number): void;
  /** To be asked when all rows were seen. 0: nothing is held out. */
  threshold(): number;
}

/** With 10 rows or more at least one is held out, and never all of them. */
export function planThreshold(fraction: number): ThresholdPlan {
  let rows = 0;
  let heldOut = 0;
  let lowest = 1;
  let highest = 0;
  return {
    see(score) {
      rows += 1;
      if (score < fraction) heldOut += 1;
      lowest = Math.min(lowest, score);
      highest = Math.max(highest, score);
    },
    threshold() {
      if (fraction === 0 || heldOut === rows) return 0;
      if (heldOut > 0 || rows < minRows) return fraction;
      return lowest === highest ? 0 : lowest + Number.EPSILON;
    },
  };
}

const minRows = 10;
