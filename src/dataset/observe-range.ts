// Reads a stretch of a JSON lines file and observes its rows, in a thread: between threads go bytes' places and what was seen, no rows.
import type { ColumnMap } from "../recipes/schema/columns.js";
import type { Finding } from "./canonical.js";
import type { FormatName } from "./formats/format.js";
import { formatNamed } from "./formats/recognise.js";
import type { FromFile, ObservedRows, RowObserver } from "./observe-row.js";
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

/** Rows are observed as they are read: none is kept. */
export async function observeRange(observer: RowObserver, input: RangeInput): Promise<RangeRows> {
  const { range, from, firstNumber } = input;
  const seen: RangeRows = { records: [], rows: [], keys: new Uint32Array(0) };
  let findings: Finding[] = [];
  const toRow = rowReader({ ...input, report: (finding) => findings.push(finding) }, formatNamed(input.format));
  const keys = wordList();
  try {
    for await (const record of readLineRange(input.path, range)) {
      findings = [];
      const { row } = toRow(record);
      seen.records.push({ line: record.line, findings, isRow: row !== null });
      if (!row) continue;
      const observed = observer.observe(row, firstNumber + record.line, from, keys.room(observer.keyWords));
      if (observed.taken) keys.keep(observer.keyWords);
      seen.rows.push(observed);
    }
  } catch (error) {
    if (!(error instanceof RowTooLong)) throw error;
    seen.tooLong = range.line - 1 + error.line;
  }
  return { ...seen, keys: keys.all() };
}

/** Words one after the other, in an array that grows. */
function wordList() {
  let words = new Uint32Array(16_384);
  let used = 0;
  return {
    room(count: number): Uint32Array {
      if (used + count > words.length) {
        const larger = new Uint32Array(words.length * 2);
        larger.set(words);
        words = larger;
      }
      return words.subarray(used, used + count);
    },
    keep(count: number): void {
      used += count;
    },
    all: () => words.slice(0, used),
  };
}
