// A canonical row as the statistics look at it: its turns, its answers and what it is asked.

import type { CanonicalRow, ChatExtras, Message } from "../canonical.js";
import { sha256 } from "../canonical-key.js";
import { rowTurns } from "../row-turns.js";

/** Every turn; texts and tokens have none. */
export function turnsOf(row: CanonicalRow): Message[] {
  return rowTurns(row).map(({ turn }) => turn);
}

/** What stands before the answer, and the answer: of a conversation its last assistant turn. A prompt and plain text have no answer. */
export function promptAndAnswer(row: CanonicalRow): { prompt: Message[]; answer: Message[] } {
  switch (row.kind) {
    case "text":
    case "segments":
    case "tokens":
      return { prompt: [], answer: [] };
    case "messages": {
      const last = row.messages.findLastIndex(({ role }) => role === "assistant");
      if (last === -1) return { prompt: row.messages, answer: [] };
      return { prompt: row.messages.slice(0, last), answer: row.messages.slice(last) };
    }
    case "preference":
      return { prompt: row.prompt, answer: row.chosen };
    case "unpaired":
      return { prompt: row.prompt, answer: row.completion };
    case "prompt":
      return { prompt: row.prompt, answer: [] };
  }
}

export function extrasOf(row: CanonicalRow): ChatExtras {
  return row.kind === "text" || row.kind === "segments" || row.kind === "tokens" ? {} : row;
}

/** All that people or models wrote in a row, without structure. Of a row of tokens nothing is known. */
export function textsOf(row: CanonicalRow): string[] {
  if (row.kind === "text") return [row.text];
  if (row.kind === "segments") return [row.segments.map(({ text }) => text).join("")];
  return turnsOf(row).map(({ content }) => content);
}

/** A short name for a long text, to count it by. */
export function textKey(text: string): string {
  return sha256(text).toString("base64url", 0, 12);
}
