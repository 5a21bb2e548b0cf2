// Which format a file has: the one that most of its first rows have, then held for all its rows. What two formats would train differently is asked.
import { rowDigest } from "../canonical-key.js";
import { recordOf } from "../json/json.js";
import { alpacaFormat } from "./alpaca.js";
import { bedrockFormat } from "./bedrock.js";
import type { FormatName, RawRow, RowFormat } from "./format.js";
import { isTurnList, messagesFormat } from "./messages.js";
import { openaiPreferenceFormat } from "./openai-preference.js";
import { preferenceFormat } from "./preference.js";
import { promptFormat } from "./prompt.js";
import { promptCompletionFormat } from "./prompt-completion.js";
import { segmentsFormat } from "./segments.js";
import { sharegptFormat } from "./sharegpt.js";
import { textFormat } from "./text.js";
import { tokensFormat } from "./tokens.js";
import { unpairedFormat } from "./unpaired.js";
import { vertexFormat } from "./vertex.js";

/** In the order in which they are tried: the first that fits a row is the row's. */
const formats: readonly RowFormat[] = [
  bedrockFormat,
  vertexFormat,
  openaiPreferenceFormat,
  preferenceFormat,
  unpairedFormat,
  messagesFormat,
  sharegptFormat,
  alpacaFormat,
  promptCompletionFormat,
  segmentsFormat,
  tokensFormat,
  textFormat,
  promptFormat,
];

/** Rows looked at before the format is decided. */
export const sampleRows = 20;

export function formatNamed(name: FormatName): RowFormat {
  return formats.find((format) => format.name === name) as RowFormat;
}

/** The format of one row, or null. `mapped`: columns that a person named; then only formats that read one of them. */
export function recogniseRow(row: RawRow, mapped: readonly string[] = []): RowFormat | null {
  return formats.find((format) => reads(format, mapped) && format.recognises(row)) ?? null;
}

/** The format of most of the rows (the first seen wins a tie), or null when none of them has one. */
export function recogniseRows(rows: readonly unknown[], mapped: readonly string[] = []): RowFormat | null {
  const votes = new Map<RowFormat, number>();
  for (const row of rows) {
    const record = recordOf(row);
    const format = record && recogniseRow(record, mapped);
    if (format) votes.set(format, (votes.get(format) ?? 0) + 1);
  }
  let best: RowFormat | null = null;
  for (const [format, count] of votes) if (best === null || count > (votes.get(best) ?? 0)) best = format;
  return best;
}

function reads({ columns }: RowFormat, mapped: readonly string[]): boolean {
  return mapped.length === 0 || columns === "all" || columns.some((column) => mapped.includes(column));
}

/** One way to read a row. */
interface Reading {
  format: FormatName;
  /** That it reads and another way does not. */
  column: string;
}

/**
 * The ways to read a row whose answers are all learnt, when there are several and they do not come to the same; else none. `mapped`: columns that a person named, which answers the question. Two answers and
 * a label mean what they say, and a prompt is the answerless part of what stands beside it.
 */
export function readingsOf(row: RawRow, mapped: readonly string[] = []): Reading[] {
  if (preferenceFormat.recognises(row) || unpairedFormat.recognises(row)) return [];
  const different = new Map<string, Reading>();
  const isAnswered = ways.some(({ column }) => mapped.includes(column));
  for (const { format, column, without } of ways) {
    if (!(column in row) || (isAnswered && !mapped.includes(column))) continue;
    const alone = Object.fromEntries(Object.entries(row).filter(([name]) => !without.includes(name)));
    if (!format.recognises(alone)) continue;
    const read = format.convert(alone, () => {});
    const digest = read ? rowDigest(read).toString("hex") : format.name;
    if (!different.has(digest)) different.set(digest, { format: format.name, column });
  }
  return different.size > 1 ? [...different.values()] : [];
}

/** Formats and the column that makes each one; `without`: its other name for it. */
const ways: readonly { format: RowFormat; column: string; without: readonly string[] }[] = [
  { format: messagesFormat, column: "messages", without: ["conversations"] },
  { format: messagesFormat, column: "conversations", without: ["messages"] },
  { format: sharegptFormat, column: "conversations", without: ["messages"] },
  { format: sharegptFormat, column: "messages", without: ["conversations"] },
  { format: alpacaFormat, column: "instruction", without: [] },
  { format: promptCompletionFormat, column: "completion", without: [] },
  { format: segmentsFormat, column: "segments", without: [] },
  { format: tokensFormat, column: "input_ids", without: [] },
  { format: textFormat, column: "text", without: [] },
];

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
  const hint = turnsHint(row);
  return `no known format has the columns ${columns}${hint}`;
}

/** How to mend a file of no known format. */
export const writeKnownFormat = `write ${formats.map((format) => format.shape).join(" or ")}; or name its columns (docs/data.md)`;

/** A list of objects under a known name, but with other keys inside. */
function turnsHint(row: RawRow): string {
  for (const column of ["messages", "conversations"]) {
    const turns = row[column];
    const first = Array.isArray(turns) ? recordOf(turns[0]) : null;
    if (first && !isTurnList(turns, "role") && !isTurnList(turns, "from"))
      return ` (the turns in "${column}" have ${Object.keys(first).join(", ")}: data.columns can name them role and content)`;
  }
  return "";
}
