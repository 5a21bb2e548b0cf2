// Sums rows up to the facts of a split, one row at a time.
import { createHash } from "node:crypto";
import type { CanonicalRow, Carried, Message, RowKind, SplitFacts } from "./canonical.js";
import { rowDigest } from "./canonical-key.js";
import { carriedBy, extrasOf, saidBesides } from "./carried.js";
import { stringifyJson } from "./json/stringify-json.js";
import { trainedTurns } from "./layout.js";

/** What one row adds to the facts of its split. */
export interface RowFacts {
  kind: RowKind;
  /** sha256, hex. */
  digest: string;
  chars: number;
  /** Assistant turns that are learnt. */
  turns: number;
  carries: Carried[];
}

/** @param digest rowDigest of it */
export function rowFacts(row: CanonicalRow, digest = rowDigest(row)): RowFacts {
  return {
    kind: row.kind,
    digest: digest.toString("hex"),
    chars: charsOf(row),
    turns: row.kind === "messages" ? trainedTurns(row.messages).length : 0,
    carries: [...carriedBy(row)],
  };
}

export interface SplitSum {
  add(row: RowFacts): void;
  facts(): SplitFacts;
}

/** The split's sha256 is taken over the rows' own sha256 digests, in order. */
export function sumSplit(): SplitSum {
  const hash = createHash("sha256");
  const kinds = Object.fromEntries(rowKinds.map((kind) => [kind, 0])) as Record<RowKind, number>;
  const carries = new Set<Carried>();
  let rows = 0;
  let assistantTurns = 0;
  let longestChars = 0;
  let totalChars = 0;
  return {
    add(row) {
      hash.update(row.digest, "hex");
      rows += 1;
      kinds[row.kind] += 1;
      longestChars = Math.max(longestChars, row.chars);
      totalChars += row.chars;
      for (const key of row.carries) carries.add(key);
      assistantTurns += row.turns;
    },
    facts: () => ({
      rows,
      sha256: hash.copy().digest("hex"),
      kinds: { ...kinds },
      longestChars,
      totalChars,
      assistantTurns,
      carries: [...carries].sort(),
    }),
  };
}

const rowKinds: readonly RowKind[] = ["messages", "text", "preference", "unpaired", "prompt", "segments", "tokens"];

function charsOf(row: CanonicalRow): number {
  const extras = extrasOf(row);
  return turnsChars(row) + (extras.tools ? stringifyJson(extras.tools).length : 0);
}

/** A token stands for some four characters. */
function turnsChars(row: CanonicalRow): number {
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
    case "segments":
      return row.segments.reduce((sum, { text }) => sum + text.length, 0);
    case "tokens":
      return 4 * row.ids.length;
  }
}

function contentChars(messages: Message[]): number {
  return messages.reduce((sum, turn) => {
    const rest = saidBesides(turn);
    return sum + turn.content.length + (rest ? stringifyJson(rest).length : 0);
  }, 0);
}
