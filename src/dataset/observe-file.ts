// The rows of one file as they were observed, in their order: of JSON lines threads read a stretch each, all else is read here.
import type { CanonicalRow, Finding, RowPlace } from "./canonical.js";
import type { filesOf } from "./dataset-facts.js";
import type { FormatName } from "./formats/format.js";
import type { InOrder } from "./in-order.js";
import type { RangeRows } from "./observe-range.js";
import type { FromFile, ObservedRow, ObservedRows } from "./observe-row.js";
import type { RowObservers } from "./observe-rows.js";
import { formatOf, readRows } from "./read-rows.js";
import { fileBytes, tornLine } from "./rules/file-bytes.js";
import { toFinding } from "./rules.js";
import type { LineRange } from "./sources/line-range.js";
import { isPlainLines, rowTooLong } from "./sources/read-records.js";

type ReadFile = ReturnType<typeof filesOf>[number];

/** How a file is read. */
export interface FileReading {
  file: ReadFile;
  from: FromFile;
  /** Number in the dataset of a row on line 0. */
  firstNumber: number;
  observers: RowObservers;
  /** Words of a row's keys. */
  keyWords: number;
  /** What was asked of the observers, of this file and those before. */
  results: InOrder;
}

/** Gets what is seen, in the order of the rows. */
export interface FileTaker {
  /** A row was read, good or bad. */
  read(): void;
  found(finding: Finding): void;
  row(observed: ObservedRow, keys: Uint32Array, place: RowPlace): void;
  /** Told once, unless no row was recognised. */
  format(name: FormatName): void;
  /** Bytes. */
  progress(read: number, size: number): void;
}

/** What is still asked when it ends comes with `results`. @throws FtError as readRows */
export async function observeFile(reading: FileReading, taker: FileTaker): Promise<void> {
  const { file, observers, results } = reading;
  const { ranges, problems, openLine } = await fileBytes(file.path);
  for (const { line, problem } of problems)
    await results.push(toFinding(problem, { file: file.name, line }), taker.found);
  const take: FileTaker = {
    ...taker,
    found: (finding) => taker.found(finding.line === openLine ? asTorn(finding) : finding),
  };
  if (observers.observeRange && ranges.length > 1 && (await isPlainLines(file.path, file.name))) {
    const format = await formatOf({ ...file, report: () => {} });
    if (format) {
      take.format(format.name);
      return await observeRanges(reading, take, ranges, format.name);
    }
  }
  await observeHere(reading, take);
}

/** Threads read the file. */
async function observeRanges(
  { file, from, firstNumber, observers, keyWords, results }: FileReading,
  take: FileTaker,
  ranges: readonly LineRange[],
  format: FormatName,
): Promise<void> {
  const { path, name, columns, roles } = file;
  const size = ranges.at(-1)!.to;
  let toldUnused = false;
  const takeRange = (seen: RangeRows, to: number) => {
    const rows = withKeys(seen, keyWords);
    for (const { line, findings, isRow } of seen.records) {
      take.read();
      for (const finding of findings) {
        // Once a file, and each range says it.
        if (finding.rule === "SCH008" && toldUnused) continue;
        toldUnused ||= finding.rule === "SCH008";
        take.found(finding);
      }
      if (isRow) take.row(...rows.next().value!, { file: name, line });
    }
    if (seen.tooLong) throw rowTooLong(name, seen.tooLong);
    take.progress(to, size);
  };
  for (const range of ranges) {
    const mapped = { ...(columns && { columns }), ...(roles && { roles }) };
    const seen = observers.observeRange!({ path, name, format, range, firstNumber, from, ...mapped });
    await results.push(seen, (rows) => takeRange(rows, range.to));
  }
}

/** The file is read here. */
async function observeHere(
  { file, from, firstNumber, observers, keyWords, results }: FileReading,
  take: FileTaker,
): Promise<void> {
  let batch = emptyBatch();
  const send = async () => {
    const { line, rows, numbers } = batch;
    batch = emptyBatch();
    const observed =
      rows.length > 0 ? observers.observe({ rows, numbers, from }) : { rows: [], keys: new Uint32Array(0) };
    await results.push(observed, (seen) => {
      const observedRows = withKeys(seen, keyWords);
      for (const item of line) {
        if ("rule" in item) take.found(item);
        else take.row(...observedRows.next().value!, item);
      }
    });
  };
  const rows = readRows({
    ...file,
    report: (finding) => batch.line.push(finding),
    onFormat: take.format,
    onBytes: take.progress,
  });
  for await (const { place, row } of rows) {
    take.read();
    if (row) {
      batch.line.push(place);
      batch.rows.push(row);
      batch.numbers.push(firstNumber + place.line);
      batch.size += lengthOf(row);
    }
    if (batch.line.length >= batchRows || batch.size >= batchSize) await send();
  }
  await send();
}

/** Each row with its keys; only a row that is taken has any. */
function* withKeys({ rows, keys }: ObservedRows, keyWords: number): Generator<[ObservedRow, Uint32Array], undefined> {
  let at = 0;
  for (const row of rows) {
    yield [row, keys.subarray(at, at + keyWords)];
    if (row.taken) at += keyWords;
  }
}

const batchRows = 64;
/** UTF-16 units. */
const batchSize = 200_000;

interface Batch {
  /** In order: what the reader found, and places of the rows. */
  line: (Finding | RowPlace)[];
  rows: CanonicalRow[];
  numbers: number[];
  size: number;
}

function emptyBatch(): Batch {
  return { line: [], rows: [], numbers: [], size: 0 };
}

/** About. */
function lengthOf(row: CanonicalRow): number {
  if (row.kind === "text") return row.text.length;
  if (row.kind === "messages") return row.messages.reduce((sum, { content }) => sum + content.length, 0);
  return 2_000;
}

/** A line that is no JSON, and that nothing ends, was cut. */
function asTorn(finding: Finding): Finding {
  return finding.rule === "FILE001" ? toFinding(tornLine, finding) : finding;
}
