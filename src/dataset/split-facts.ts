// Sums rows up to the facts of a split, one row at a time.
import { createHash } from "node:crypto";
import type { CanonicalRow, Message, RowKind, SplitFacts } from "./canonical.js";
import { rowDigest } from "./canonical-key.js";
import { trainedTurns } from "./layout.js";

export interface SplitSum {
  add(row: CanonicalRow, digest?: Buffer): void;
  facts(): SplitFacts;
}

/** The split's sha256 is taken over the rows' own sha256 digests, in order. */
export function sumSplit(): SplitSum {
  const hash = createHash("sha256");
  const kinds: Record<RowKind, number> = { messages: 0, text: 0, preference: 0, unpaired: 0, prompt: 0 };
  let rows = 0;
  let assistantTurns = 0;
  let longestChars = 0;
  return {
    add(row, digest = rowDigest(row)) {
      hash.update(digest);
      rows += 1;
      kinds[row.kind] += 1;
      longestChars = Math.max(longestChars, charsOf(row));
      if (row.kind === "messages") assistantTurns += trainedTurns(row.messages).length;
    },
    facts: () => ({ rows, sha256: hash.copy().digest("hex"), kinds: { ...kinds }, longestChars, assistantTurns }),
  };
}

function charsOf(row: CanonicalRow): number {
  switch (row.kind) {
    case "text":
      return row.text.length;
    case "messages":
      return contentChars(row.messages);
    case "preference":
      return contentChars(row.prompt) + Math.max(contentChars(row.chosen), contentChars(row.rejected));
    case "unpaired":
      return contentChars(row.prompt) + contentChars(row.completion);
    case "prompt":
      return contentChars(row.prompt);
  }
}

function contentChars(messages: Message[]): number {
  return messages.reduce((sum, { content }) => sum + content.length, 0);
}
