// Answers and prompts of preference and labelled rows, in every dialect: a string, one turn, or a list of turns; {role, content} or {from, value}.
import type { Message } from "../canonical.js";
import { convertMessages } from "./convert-messages.js";
import { isObject, optionalText, type RawRow, type Report, typeName } from "./format.js";
import { toTurn } from "./sharegpt.js";

/** A string is one turn of `role`. Null when something was reported. */
export function turnsOf(value: unknown, column: string, role: Message["role"], report: Report): Message[] | null {
  if (typeof value === "string") return [{ role, content: value }];
  if (Array.isArray(value)) return convertMessages(value.map(plainTurn), report);
  if (isObject(value)) return convertMessages([plainTurn(value)], report);
  report({ rule: "SCH007", message: `"${column}" is ${typeName(value)}, not a string, a turn or a list of turns` });
  return null;
}

/** The prompt's columns, those of a row that has no such column. */
export const promptColumns = [
  "prompt",
  "messages",
  "conversations",
  "instruction",
  "input",
  "question",
  "system",
] as const;

/** What the row asks, from whichever columns it has; undefined when it has none, null when something was reported. */
export function promptOf(row: RawRow, report: Report): Message[] | null | undefined {
  const system = optionalText(row, "system", report);
  const lead: Message[] = system === null ? [] : [{ role: "system", content: system }];
  for (const column of ["prompt", "messages", "conversations"]) {
    const value = row[column];
    if (value === undefined || value === null) continue;
    const turns = turnsOf(value, column, "user", report);
    return turns && [...lead, ...turns];
  }
  if (!("instruction" in row) && !("question" in row)) return undefined;
  const asked = optionalText(row, "instruction" in row ? "instruction" : "question", report) ?? "";
  const input = "instruction" in row ? optionalText(row, "input", report) : null;
  return [...lead, { role: "user", content: input === null ? asked : `${asked}\n${input}` }];
}

function plainTurn(turn: unknown): unknown {
  return isObject(turn) && "from" in turn ? toTurn(turn) : turn;
}
