// The prompt of rows that hold it beside their answers, under any of the names it has in the field -> canonical messages.
import type { Message } from "../canonical.js";
import { convertInstruction } from "./alpaca.js";
import { convertSide } from "./convert-side.js";
import { optionalText, type RawRow, type Report } from "./format.js";

/** A string or a list of messages under one of these. */
const wholePrompts = ["prompt", "messages", "conversations", "question"] as const;

export const promptColumns: readonly string[] = [...wholePrompts, "system", "instruction", "input", "history"];

export function hasPrompt(row: RawRow): boolean {
  return wholePrompts.some((column) => column in row) || "instruction" in row;
}

/** Null when problems were reported; empty when the row has no prompt. */
export function convertPrompt(row: RawRow, report: Report): Message[] | null {
  const column = wholePrompts.find((name) => row[name] !== undefined && row[name] !== null);
  if (column === undefined) return "instruction" in row ? convertInstruction(row, report) : [];
  const prompt = convertSide(row[column], column, "user", report);
  return prompt && withSystem(prompt, row, report);
}

/** The `system` column goes first, unless a system turn is there already. */
export function withSystem(prompt: Message[], row: RawRow, report: Report): Message[] {
  const system = optionalText(row, "system", report);
  return system === null || prompt[0]?.role === "system" ? prompt : [{ role: "system", content: system }, ...prompt];
}
