// Which format a file has: the one that most of its first rows have, then held for all its rows.
import { alpacaFormat } from "./alpaca.js";
import { type FormatName, isObject, type RawRow, type RowFormat } from "./format.js";
import { messagesFormat } from "./messages.js";
import { preferenceFormat } from "./preference.js";
import { promptFormat } from "./prompt.js";
import { promptCompletionFormat } from "./prompt-completion.js";
import { sharegptFormat } from "./sharegpt.js";
import { textFormat } from "./text.js";
import { unpairedFormat } from "./unpaired.js";

/** In the order in which they are tried: the first that fits a row is the row's. */
const formats: readonly RowFormat[] = [
  preferenceFormat,
  unpairedFormat,
  messagesFormat,
  sharegptFormat,
  alpacaFormat,
  promptCompletionFormat,
  textFormat,
  promptFormat,
];

/** Rows looked at before the format is decided. */
export const sampleRows = 20;

export function formatNamed(name: FormatName): RowFormat {
  return formats.find((format) => format.name === name) as RowFormat;
}

/** The format of one row, or null. */
export function recogniseRow(row: RawRow): RowFormat | null {
  return formats.find((format) => format.recognises(row)) ?? null;
}

/** The format of most of the rows (the first seen wins a tie), or null when none of them has one. */
export function recogniseRows(rows: unknown[]): RowFormat | null {
  const votes = new Map<RowFormat, number>();
  for (const row of rows) {
    const format = isObject(row) ? recogniseRow(row) : null;
    if (format) votes.set(format, (votes.get(format) ?? 0) + 1);
  }
  let best: RowFormat | null = null;
  for (const [format, count] of votes) if (best === null || count > (votes.get(best) ?? 0)) best = format;
  return best;
}

/** Why a row is not of the file's format, as far as can be told. */
export function whyNotRecognised(row: RawRow, expected: RowFormat | null): string {
  if (!expected && "chosen" in row && "rejected" in row) {
    return "chosen and rejected without a prompt: no column prompt, messages, conversations, question or instruction";
  }
  const own = recogniseRow(row);
  if (expected && own) return `a row of format ${own.name} in a file of format ${expected.name}`;
  if (Object.keys(row).length === 0) return "the row is empty";
  const columns = Object.keys(row).slice(0, 8).join(", ");
  if (expected) return `not a ${expected.name} row, which is ${expected.shape}; its columns: ${columns}`;
  return `no known format has the columns ${columns}; known: ${formats.map((format) => format.shape).join(" or ")}`;
}
