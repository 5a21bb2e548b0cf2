// The held-out split when data.eval is not given: a row's own content decides its side, so equal rows are never on both.
import type { CanonicalRow } from "./canonical.js";
import { looseDigest, looseGroupDigest, sha256 } from "./canonical-key.js";

export interface HeldOut {
  fraction: number;
  seed: number;
}

/**
 * A row's place in [0, 1): held out when below the threshold. It depends on content (but for case and spaces) and seed alone, so that a row
 * keeps its side when the data grows, in every order and format. Answers to the same prompt are on the same side.
 */
export function heldOutScore(row: CanonicalRow, seed: number, loose: Buffer = looseDigest(row)): number {
  return sha256(Buffer.concat([Buffer.from(`${seed}:`), looseGroupDigest(row, loose)])).readUIntBE(0, 6) / 2 ** 48;
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
