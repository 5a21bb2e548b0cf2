// Sums rows up to the facts of a split, one row at a time.
import { createHash } from "node:crypto";
import type { CanonicalRow, SplitFacts } from "./canonical.js";
import { rowDigest } from "./canonical-key.js";
import { trainedTurns } from "./layout.js";
import { longestChars } from "./row-turns.js";

export interface SplitSum {
  add(row: CanonicalRow, digest?: Buffer): void;
  facts(): SplitFacts;
}

/** The split's sha256 is taken over the rows' own sha256 digests, in order. */
export function sumSplit(): SplitSum {
  const hash = createHash("sha256");
  const kinds = { messages: 0, text: 0, preference: 0, unpaired: 0, prompt: 0 };
  let assistantTurns = 0;
  let longest = 0;
  return {
    add(row, digest = rowDigest(row)) {
      hash.update(digest);
      kinds[row.kind] += 1;
      longest = Math.max(longest, longestChars(row));
      if (row.kind === "messages") assistantTurns += trainedTurns(row.messages).length;
    },
    facts: () => ({
      rows: Object.values(kinds).reduce((sum, count) => sum + count, 0),
      sha256: hash.copy().digest("hex"),
      kinds: { ...kinds },
      longestChars: longest,
      assistantTurns,
    }),
  };
}
