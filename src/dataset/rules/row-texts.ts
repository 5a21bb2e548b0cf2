// The texts of a canonical row, each scanned once, with what a finding calls it and, for answers that are to be learnt, its question.
import type { CanonicalRow, Message, Role } from "../canonical.js";
import type { Json } from "../json/json.js";
import { rowTurns } from "../row-turns.js";
import { scanText } from "./scan-text.js";

export interface RowText {
  /** "turn 2 (assistant)", "the chosen answer", "the text". */
  at: string;
  /** Null: plain text, a column. */
  role: Role | null;
  text: string;
  /** `scanText` of it. */
  bits: number;
  /** Of an answer that the model is to learn: the turn before it. Absent for all else, such as a rejected answer. */
  question?: string;
}

export function rowTexts(row: CanonicalRow): RowText[] {
  if (row.kind === "text") return [{ at: "the text", role: null, text: row.text, bits: scanText(row.text) }];
  if (row.kind === "segments") {
    return row.segments.map(({ text }, index) => ({
      at: `segment ${index + 1}`,
      role: null,
      text,
      bits: scanText(text),
    }));
  }
  const texts: RowText[] = [];
  const unwanted = unwantedTurns(row);
  let before: Message | null = null;
  for (const { at, turn } of rowTurns(row)) {
    const text: RowText = { at, role: turn.role, text: turn.content, bits: scanText(turn.content) };
    const isLearnt = turn.role === "assistant" && before !== null && turn.weight !== 0 && !turn.tool_calls;
    if (isLearnt && !unwanted.includes(turn) && !isPromptTurn(row, turn)) text.question = questionOf(before);
    texts.push(text);
    if (turn.reasoning_content) texts.push(extra(`the reasoning of ${at}`, turn.role, turn.reasoning_content));
    for (const call of turn.tool_calls ?? []) {
      for (const each of stringsOf(call.function.arguments)) texts.push(extra(`a tool call of ${at}`, turn.role, each));
    }
    if (!unwanted.includes(turn)) before = turn;
  }
  if (row.kind === "prompt") {
    for (const [column, value] of Object.entries(row.columns)) {
      for (const each of stringsOf(value)) texts.push(extra(`column "${column}"`, null, each));
    }
  }
  return texts;
}

function extra(at: string, role: Role | null, text: string): RowText {
  return { at, role, text, bits: scanText(text) };
}

/** A rejected or badly labelled answer may be as bad as it likes. */
function unwantedTurns(row: CanonicalRow): Message[] {
  if (row.kind === "preference") return row.rejected;
  return row.kind === "unpaired" && !row.label ? row.completion : [];
}

/** Of a pair the loss is on its answers alone. */
function isPromptTurn(row: CanonicalRow, turn: Message): boolean {
  return "prompt" in row && row.prompt.includes(turn);
}

function questionOf(before: Message | null): string {
  return before?.role === "user" ? before.content : "";
}

/** Every string inside a JSON value. */
function stringsOf(value: Json): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(stringsOf);
  if (value instanceof Map) return [...value.values()].flatMap(stringsOf);
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.values(value as { [key: string]: Json }).flatMap(stringsOf);
  }
  return [];
}
