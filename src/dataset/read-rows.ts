// A data file as canonical rows: parsed, its format decided once and held, problems told with their place.
import { FtError } from "../errors.js";
import type { ColumnMap } from "../recipes/schema/columns.js";
import type { CanonicalRow, Finding, RowPlace } from "./canonical.js";
import { type FormatName, type RawRow, type Report, type RowFormat, typeName } from "./formats/format.js";
import { mappedColumns, mapRow } from "./formats/map-columns.js";
import {
  formatNamed,
  readingsOf,
  recogniseRows,
  sampleRows,
  whyNotRecognised,
  writeKnownFormat,
} from "./formats/recognise.js";
import { unsupportedColumns } from "./formats/row-extras.js";
import { type Json, recordOf } from "./json/json.js";
import { type RowProblem, toFinding } from "./rules.js";
import { type DataRecord, type ReadOptions, readRecords, type UnsaidValue } from "./sources/read-records.js";

export interface ReadRowsInput extends ReadOptions, ColumnMap {
  path: string;
  /** How the person called the file; findings name it so. */
  name: string;
  format: FormatName | "auto";
  report: (finding: Finding) => void;
  /** Told once, before the first row, unless no row was recognised. */
  onFormat?: (format: FormatName) => void;
}

/** One row; null when it has a problem that keeps it from being one. */
export interface ReadRow {
  place: RowPlace;
  row: CanonicalRow | null;
  /** As the file has it (null in place of what JSON cannot say); undefined where it could not be parsed. */
  value?: Json;
}

/**
 * @throws FtError data.* when the file cannot be read at all or is empty; data.ambiguous when its first rows can be read in two ways that
 * would train differently
 */
export async function* readRows(input: ReadRowsInput): AsyncGenerator<ReadRow> {
  let toRow: ((record: DataRecord) => ReadRow) | null = null;
  const records = decided(input, (format) => {
    toRow = rowReader(input, format);
    if (format) input.onFormat?.(format.name);
  });
  for await (const record of records) yield toRow!(record);
}

/** Records of one file as canonical rows; null: none of its first rows has a format. */
export function rowReader(
  input: Pick<ReadRowsInput, "name" | "columns" | "roles" | "report">,
  format: RowFormat | null,
): (record: DataRecord) => ReadRow {
  let toldUnused = false;
  const toldUnsaid = new Set<string>();
  return (record) => {
    const place = { file: input.name, line: record.line };
    const report = (problem: RowProblem) => input.report(toFinding(problem, place));
    if ("problem" in record) {
      report(record.problem);
      return { place, row: null };
    }
    if (record.doubled)
      report({ rule: "FILE003", message: `the key ${record.doubled.slice(0, 3).join(", ")} is there twice` });
    if (record.oddQuote) report({ rule: "FILE012", message: "a cell goes on after the quote that closes it" });
    const unsaid = unsaidIn(record, input, format).filter(({ column, isRead }) => isRead || !toldUnsaid.has(column));
    for (const { column, why, isRead } of unsaid) {
      toldUnsaid.add(column);
      if (isRead) report({ rule: "FILE011", message: `"${column}": ${why}` });
      else
        report({
          rule: "FILE011",
          severity: "warning",
          message: `"${column}": ${why}; the column is not used, so it is taken as null`,
        });
    }
    if (unsaid.some(({ isRead }) => isRead)) return { place, row: null, value: record.value };
    const row = rowOf(record.value, input, report);
    const unused = row && format && !toldUnused ? unusedProblem(row, format) : null;
    if (unused) {
      report(unused);
      toldUnused = true;
    }
    return { place, row: row && convert(row, format, report), value: record.value };
  };
}

/** The format of the file, from its first rows where it is not said; null: none of them has one. @throws as readRows */
export async function formatOf(input: ReadRowsInput): Promise<RowFormat | null> {
  if (input.format !== "auto") return formatNamed(input.format);
  const ahead: DataRecord[] = [];
  for await (const record of readRecords(input.path, input.name, { textRows: input.textRows })) {
    ahead.push(record);
    if (ahead.length === sampleRows) break;
  }
  return recognise(ahead, input);
}

/** The file's records; reads ahead the first ones and tells the format before it yields any. */
async function* decided(input: ReadRowsInput, tell: (format: RowFormat | null) => void): AsyncGenerator<DataRecord> {
  const ahead: DataRecord[] = [];
  let told = input.format !== "auto";
  if (input.format !== "auto") tell(formatNamed(input.format));
  for await (const record of readRecords(input.path, input.name, input)) {
    if (told) {
      yield record;
      continue;
    }
    ahead.push(record);
    if (ahead.length === sampleRows) {
      tell(recognise(ahead, input));
      told = true;
      yield* ahead;
    }
  }
  if (told) return;
  tell(recognise(ahead, input));
  yield* ahead;
}

function recognise(records: DataRecord[], input: ReadRowsInput): RowFormat | null {
  const mapped = mappedColumns(input);
  const rows = records.map((record) => ("value" in record ? rowOf(record.value, input, () => {}) : null));
  for (const [index, row] of rows.entries()) {
    const [first, second] = row ? readingsOf(row, mapped) : [];
    if (first && second) throw ambiguous({ file: input.name, line: records[index]!.line }, first, second);
  }
  return recogniseRows(rows, mapped);
}

/** The record as a row with the names that formats know; null when it is none. */
function rowOf(value: unknown, map: ColumnMap, report: Report): RawRow | null {
  const record = recordOf(value);
  if (!record) {
    report({ rule: "SCH000", message: `the row is ${typeName(value)}, not an object` });
    return null;
  }
  if (!map.columns && !map.roles) return record;
  const { row, missing } = mapRow(record, map);
  if (missing.length === 0) return row;
  const has = Object.keys(record).slice(0, 8).join(", ");
  report({ rule: "SCH010", message: `no column ${missing.map((name) => `"${name}"`).join(", ")}; the row has ${has}` });
  return null;
}

function convert(row: RawRow, format: RowFormat | null, report: Report): CanonicalRow | null {
  if (format?.recognises(row)) return format.convert(row, report);
  report({ rule: "SCH000", message: whyNotRecognised(row, format), ...(!format && { fix: writeKnownFormat }) });
  return null;
}

/** The row's values for which JSON has none, and whether the format reads them. */
function unsaidIn(
  record: Extract<DataRecord, { value: Json }>,
  { columns = {} }: ColumnMap,
  format: RowFormat | null,
): (UnsaidValue & { isRead: boolean })[] {
  const known = format && format.columns !== "all" ? [...format.columns, ...Object.values(columns)] : null;
  return (record.unsaid ?? []).map((each) => ({ ...each, isRead: known?.includes(each.column) ?? true }));
}

/** The info about unused columns; null when the row has none. */
function unusedProblem(row: RawRow, format: RowFormat): RowProblem | null {
  const unused = unusedIn(row, format);
  if (unused.length === 0) return null;
  const names = unused.slice(0, 10).map((column) => `"${column}"`);
  return { rule: "SCH008", message: `not used by format ${format.name}: ${names.join(", ")}` };
}

function unusedIn(row: RawRow, { columns }: RowFormat): string[] {
  if (columns === "all") return [];
  return Object.keys(row).filter((column) => !columns.includes(column) && !unsupportedColumns.includes(column));
}

/** Columns of a row as it was read that hold something, but that its file's format does not read. */
export function unusedColumns(value: Json, map: ColumnMap, format: FormatName): string[] {
  const record = recordOf(value);
  if (!record) return [];
  const { row } = mapRow(record, map);
  return unusedIn(row, formatNamed(format)).filter((column) => row[column] !== null);
}

/** For data of which no row can be read. `why`: what is wrong with the first one. */
export function noRowReadable(rows: number, where: RowPlace, why: string | null): FtError {
  return new FtError({
    code: "data.no-rows",
    exit: "data",
    message: rows === 1 ? "the one row cannot be read" : `none of the ${rows.toLocaleString("en")} rows can be read`,
    where: { file: where.file, line: where.line },
    ...(why !== null && { why }),
    next: "where columns or roles have names of their own, say which with --columns and --roles (docs/data.md); ft data check tells more",
  });
}

type Reading = ReturnType<typeof readingsOf>[number];

function ambiguous(where: RowPlace, first: Reading, second: Reading): FtError {
  const isOneFormat = first.format === second.format;
  const how = ({ format, column }: Reading) =>
    isOneFormat ? `by its column "${column}"` : `as ${format} ("${column}")`;
  return new FtError({
    code: "data.ambiguous",
    exit: "data",
    message: `${where.file} can be read in two ways that train differently: ${how(first)} or ${how(second)}`,
    where,
    next: isOneFormat
      ? `say which: --columns messages=${first.column} or messages=${second.column} (in a recipe columns: {messages: ${first.column}}, beside the path)`
      : `say which: --format ${first.format} or --format ${second.format} (in a recipe data.format, or format beside the path)`,
  });
}
