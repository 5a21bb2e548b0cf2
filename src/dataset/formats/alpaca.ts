// Alpaca rows: {instruction, input?, output, system?, history?: [[user, assistant], ...]}.
import type { Message } from "../canonical.js";
import { optionalText, type RawRow, type Report, type RowFormat, typeName } from "./format.js";
import { convertExtras, extraColumns, reportBadAnswer } from "./row-extras.js";

export const alpacaFormat: RowFormat = {
  name: "alpaca",
  shape: '{"instruction", "input"?, "output"}',
  columns: ["instruction", "input", "output", "system", "history", ...extraColumns],
  recognises: (row) => "instruction" in row && "output" in row,
  convert(row, report) {
    const extras = convertExtras(row, report);
    const prompt = convertInstruction(row, report);
    if (!extras || !prompt || reportBadAnswer(row, report)) return null;
    const answer: Message = { role: "assistant", content: optionalText(row, "output", report) ?? "" };
    return { kind: "messages", messages: [...prompt, answer], ...extras };
  },
};

/** Everything before the answer; null when it was reported. */
export function convertInstruction(row: RawRow, report: Report): Message[] | null {
  const system = optionalText(row, "system", report);
  const instruction = optionalText(row, "instruction", report) ?? "";
  const input = optionalText(row, "input", report);
  const history = convertHistory(row, report);
  if (!history) return null;
  // Instruction and input on two lines, as LLaMA-Factory joins them.
  const question = instruction === "" ? (input ?? "") : input === null ? instruction : `${instruction}\n${input}`;
  const first: Message[] = system === null ? [] : [{ role: "system", content: system }];
  return [...first, ...history, { role: "user", content: question }];
}

function convertHistory(row: RawRow, report: Report): Message[] | null {
  const { history } = row;
  if (history === undefined || history === null) return [];
  const messages: Message[] = [];
  for (const pair of Array.isArray(history) ? history : [history]) {
    if (!isPair(pair)) {
      report({ rule: "SCH007", message: `"history" holds ${typeName(pair)} where [question, answer] is expected` });
      return null;
    }
    messages.push({ role: "user", content: pair[0] }, { role: "assistant", content: pair[1] });
  }
  return messages;
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((side) => typeof side === "string");
}
