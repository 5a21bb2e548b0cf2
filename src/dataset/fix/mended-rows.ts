// The rows of a data file, each mended where that needs no judgement, as the JSON line that is written of it.
import { createReadStream } from "node:fs";
import { FtError } from "../../errors.js";
import type { ColumnMap } from "../../recipes/schema/columns.js";
import type { CanonicalRow } from "../canonical.js";
import type { FormatName, RawRow, RowFormat } from "../formats/format.js";
import { mappedColumns, mapRow } from "../formats/map-columns.js";
import { formatNamed, recogniseRows, sampleRows } from "../formats/recognise.js";
import { type Json, recordOf } from "../json/json.js";
import { parseJson } from "../json/parse-json.js";
import { stringifyJson } from "../json/stringify-json.js";
import { judgeRow } from "../row-rules.js";
import { fileBytes, tornLine } from "../rules/file-bytes.js";
import { maskText } from "../rules/mask-text.js";
import { type RowProblem, type RuleId, rules } from "../rules.js";
import { kindOf } from "../sources/file-kind.js";
import { openDataFile } from "../sources/open-data-file.js";
import { type DataRecord, jsonLayout, readRecords, type TextRows } from "../sources/read-records.js";
import { type Piece, splitLines } from "../sources/split-lines.js";
import { openBytes } from "../sources/unpack.js";
import { fixRow } from "./fix-row.js";

export interface FixFile extends ColumnMap {
  path: string;
  /** How the person called it. */
  name: string;
  format: FormatName | "auto";
  textRows?: TextRows | undefined;
}

export interface MendOptions {
  /** Rows that cannot be mended are left out. */
  drop: boolean;
  maskPii: boolean;
}

/** What was done to a row. */
export interface Told {
  rule: RuleId;
  action: "fixed" | "dropped" | "left";
  /** Masked, and cut to where they differ. */
  before?: string;
  after?: string;
  message?: string;
}

interface MendedRow {
  line: number;
  /** Null: it is dropped. */
  text: string | null;
  told: Told[];
  /** What it is, for finding copies. */
  row: CanonicalRow | null;
}

/** Lines may be kept as they are, to the byte; of every other kind the rows are written anew. @throws FtError data.* */
export async function isJsonLines({ path, name }: FixFile): Promise<boolean> {
  const file = await openDataFile(path, name);
  try {
    const { head } = await openBytes(file);
    return kindOf(head, name) === "json" && jsonLayout(head, name) === "lines";
  } finally {
    await file.handle.close();
  }
}

/** @throws FtError data.*; data.invalid-row for a row that no JSON line can be written of, without `drop` */
export async function* mendedRows(
  file: FixFile,
  isOtherKind: boolean,
  options: MendOptions,
): AsyncGenerator<MendedRow> {
  const format = file.format === "auto" ? await recognise(file, isOtherKind) : formatNamed(file.format);
  if (isOtherKind) {
    for await (const record of readRecords(file.path, file.name, file)) {
      yield { line: record.line, ...fixRecord(record, file, format, options) };
    }
    return;
  }
  const { openLine } = await fileBytes(file.path);
  for await (const piece of linesOf(file)) {
    yield { line: piece.line, ...fixLine({ ...piece, isOpen: piece.line === openLine }, file, format, options) };
  }
}

/** A row of a table, or of an array: what cannot be read cannot be left as it is. */
function fixRecord(
  record: DataRecord,
  file: FixFile,
  format: RowFormat | null,
  options: MendOptions,
): Omit<MendedRow, "line"> {
  if ("problem" in record) {
    if (!options.drop) throw unwritable({ file: file.name, line: record.line }, record.problem.message);
    return unfixable("", [], true, record.problem);
  }
  const { row, told } = mend(record.value, options);
  const doubled: Told[] = record.doubled
    ? [{ rule: "FILE003", action: "fixed", message: `of ${record.doubled.join(", ")} the last one is kept` }]
    : [];
  const unsaid = (record.unsaid ?? []).map(
    ({ column, why }): Told => ({ rule: "FILE011", action: "fixed", message: `"${column}": ${why}: null is written` }),
  );
  return finished(stringifyJson(row), [...doubled, ...unsaid, ...told], mapped(row, file), format, options);
}

/** @param piece `isOpen`: the file ends with it, and nothing ends it */
function fixLine(
  { line, bytes, isOpen }: Piece & { isOpen: boolean },
  file: FixFile,
  format: RowFormat | null,
  options: MendOptions,
): Omit<MendedRow, "line"> {
  const told: Told[] = [];
  const hasMark = line === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const hasReturn = bytes.at(-1) === 0x0d;
  const plain = bytes.subarray(hasMark ? 3 : 0, hasReturn ? -1 : undefined).toString();
  if (hasMark) told.push({ rule: "FILE004", action: "fixed", before: "byte order mark", after: "" });
  if (hasReturn) told.push({ rule: "FILE005", action: "fixed", before: "CR LF", after: "LF" });
  const parsed = parseJson(plain);
  if ("problem" in parsed) {
    const problem: RowProblem = isOpen ? tornLine : { rule: "FILE001", message: parsed.problem };
    return unfixable(plain, told, options.drop, problem);
  }
  const { row, told: mended } = mend(parsed.value, options);
  const text = mended.length > 0 ? stringifyJson(row) : plain;
  return finished(text, [...told, ...mended], mapped(row, file), format, options);
}

function mend(value: Json, { maskPii }: MendOptions): { row: Json; told: Told[] } {
  const { row, fixes } = fixRow(value, { maskPii });
  const told = fixes.map(({ rule, before, after }): Told => {
    return { rule, action: "fixed", ...difference(before, after) };
  });
  return { row, told };
}

/** As formats know it; what is no row, and what lacks a named column, is null. */
function mapped(row: Json, file: FixFile): RawRow | null {
  const record = recordOf(row);
  if (!record) return null;
  const { row: named, missing } = mapRow(record, file);
  return missing.length === 0 ? named : null;
}

function finished(text: string, told: Told[], mended: RawRow | null, format: RowFormat | null, { drop }: MendOptions) {
  const { row, problem } = judge(mended, format);
  return problem ? unfixable(text, told, drop, problem) : { text, told, row };
}

function unfixable(
  text: string,
  told: Told[],
  drop: boolean,
  { rule, message }: RowProblem,
): { text: string | null; told: Told[]; row: null } {
  const change: Told = { rule, action: drop ? "dropped" : "left", message: maskText(message) };
  return { text: drop ? null : text, told: [...told, change], row: null };
}

/** The canonical row, or the error that keeps it from being one. */
function judge(
  record: RawRow | null,
  format: RowFormat | null,
): { row: CanonicalRow | null; problem: RowProblem | null } {
  const problems: RowProblem[] = [];
  const row = record && format?.recognises(record) ? format.convert(record, (each) => problems.push(each)) : null;
  if (row) problems.push(...judgeRow(row));
  const problem = problems.find(({ rule, severity }) => (severity ?? rules[rule].severity) === "error");
  if (problem) return { row: null, problem };
  return row
    ? { row, problem: null }
    : { row: null, problem: { rule: "SCH000", message: "the row has no known format, or not that of the file" } };
}

const shown = 40;

/** Masked before it is cut: half an address would be no address. */
function difference(before: string, after: string): { before: string; after: string } {
  const [a, b] = [maskText(before), maskText(after)];
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  const from = Math.max(0, at - shown / 2);
  return { before: a.slice(from, from + shown), after: b.slice(from, from + shown) };
}

async function recognise(file: FixFile, isOtherKind: boolean): Promise<RowFormat | null> {
  const values: (RawRow | null)[] = [];
  for await (const value of isOtherKind ? valuesOf(file) : lineValuesOf(file)) {
    values.push(value);
    if (values.length === sampleRows) break;
  }
  return recogniseRows(values, mappedColumns(file));
}

async function* valuesOf(file: FixFile): AsyncGenerator<RawRow | null> {
  for await (const record of readRecords(file.path, file.name, file))
    yield "value" in record ? mapped(record.value, file) : null;
}

async function* lineValuesOf(file: FixFile): AsyncGenerator<RawRow | null> {
  for await (const { bytes } of linesOf(file)) {
    const parsed = parseJson(bytes.toString().replace(/^\ufeff/, ""));
    yield "value" in parsed ? mapped(parsed.value, file) : null;
  }
}

/** As they lie in the file, its byte order mark too; of a packed one what it unpacks to. */
async function* linesOf({ path, name }: FixFile): AsyncGenerator<Piece> {
  const file = await openDataFile(path, name);
  try {
    const { packing, chunks } = await openBytes(file);
    yield* splitLines(packing ? chunks : (createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>));
  } finally {
    await file.handle.close();
  }
}

function unwritable(where: { file: string; line: number }, message: string): FtError {
  return new FtError({
    code: "data.invalid-row",
    exit: "data",
    message: `a row cannot be read, so that no line can be written of it: ${message}`,
    where,
    next: "mend it by hand, or give --drop to leave it out",
  });
}
