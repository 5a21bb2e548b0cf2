// Reads a stretch of a JSON lines file and observes its rows, in a thread: between threads go bytes' places and what was seen, no rows.
import type { ColumnMap } from "../recipes/schema/columns.js";
import type { Finding } from "./canonical.js";
import type { FormatName } from "./formats/format.js";
import { formatNamed } from "./formats/recognise.js";
import { type FromFile, type ObservedRows, observeAll, type RowObserver } from "./observe-row.js";
import { rowReader } from "./read-rows.js";
import { type LineRange, readLineRange } from "./sources/line-range.js";
import { RowTooLong } from "./sources/split-lines.js";

export interface RangeInput extends ColumnMap {
  path: string;
  name: string;
  format: FormatName;
  range: LineRange;
  from: FromFile;
  /** Number in the dataset of a row on line 0 of the file. */
  firstNumber: number;
}

export interface RangeRows extends ObservedRows {
  /** Of each record in order: its line, what reading it found, and whether it is the next of `rows`. */
  records: { line: number; findings: Finding[]; isRow: boolean }[];
  /** On which a row begins that is longer than a row may be: the reading ended there. */
  tooLong?: number;
}

export async function observeRange(observer: RowObserver, input: RangeInput): Promise<RangeRows> {
  const records: RangeRows["records"] = [];
  const rows = [];
  let findings: Finding[] = [];
  const toRow = rowReader({ ...input, report: (finding) => findings.push(finding) }, formatNamed(input.format));
  let tooLong: number | undefined;
  try {
    for await (const record of readLineRange(input.path, input.range)) {
      findings = [];
      const { row } = toRow(record);
      records.push({ line: record.line, findings, isRow: row !== null });
      if (row) rows.push(row);
    }
  } catch (error) {
    if (!(error instanceof RowTooLong)) throw error;
    tooLong = input.range.line - 1 + error.line;
  }
  const numbers = records.filter(({ isRow }) => isRow).map(({ line }) => input.firstNumber + line);
  return { ...observeAll(observer, { rows, numbers, from: input.from }), records, ...(tooLong && { tooLong }) };
}
