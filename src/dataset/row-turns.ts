// The turns of a row, whatever its kind.
import type { CanonicalRow, Message } from "./canonical.js";

/** Every turn in order; both answers of a preference. Plain text has none. */
export function allTurns(row: CanonicalRow): Message[] {
  switch (row.kind) {
    case "text":
      return [];
    case "messages":
      return row.messages;
    case "preference":
      return [...row.prompt, ...row.chosen, ...row.rejected];
    case "unpaired":
      return [...row.prompt, ...row.completion];
    case "prompt":
      return row.prompt;
  }
}

/** Characters of the longest sequence that the engine makes of the row. */
export function longestChars(row: CanonicalRow): number {
  if (row.kind === "text") return row.text.length;
  if (row.kind === "preference") return chars(row.prompt) + Math.max(chars(row.chosen), chars(row.rejected));
  return chars(allTurns(row));
}

function chars(turns: Message[]): number {
  return turns.reduce((sum, { content }) => sum + content.length, 0);
}
