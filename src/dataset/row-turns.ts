// The turns of any canonical row with what a finding calls each of them.
import type { CanonicalRow, Message } from "./canonical.js";

/** In order; plain text, segments and tokens have none. `at`: "turn 2 (assistant)", "the chosen answer". */
export function rowTurns(row: CanonicalRow): { at: string; turn: Message }[] {
  switch (row.kind) {
    case "text":
    case "segments":
    case "tokens":
      return [];
    case "messages":
      return numbered(row.messages, "");
    case "preference":
      return [
        ...numbered(row.prompt, " of the prompt"),
        ...answerTurns(row.chosen, "the chosen answer"),
        ...answerTurns(row.rejected, "the rejected answer"),
      ];
    case "unpaired":
      return [...numbered(row.prompt, " of the prompt"), ...answerTurns(row.completion, "the answer")];
    case "prompt":
      return numbered(row.prompt, " of the prompt");
  }
}

/** Answers are mostly one turn, which then needs no number. */
function answerTurns(turns: Message[], name: string): { at: string; turn: Message }[] {
  return turns.length === 1 ? [{ at: name, turn: turns[0] as Message }] : numbered(turns, ` of ${name}`);
}

function numbered(turns: Message[], of: string): { at: string; turn: Message }[] {
  return turns.map((turn, index) => ({ at: `turn ${index + 1} (${turn.role})${of}`, turn }));
}
