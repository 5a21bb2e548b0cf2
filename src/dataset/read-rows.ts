// A data file as canonical rows: parsed, its format decided once and held, problems told with their place.
import type { CanonicalRow, Finding, RowPlace } from "./canonical.js";
import { unsupportedColumns } from "./formats/convert-messages.js";
import { type FormatName, isObject, type RowFormat, typeName } from "./formats/format.js";
import { formatNamed, recogniseRows, sampleRows, whyNotRecognised } from "./formats/recognise.js";
import { type RowProblem, toFinding } from "./rules.js";
import { type DataRecord, readRecords } from "./sources/read-records.js";

export interface ReadRowsInput {
  path: string;
  /** How the person called the file; findings name it so. */
  name: string;
  format: FormatName | "auto";
  report: (finding: Finding) => void;
  onBytes?: (read: number, size: number) => void;
  /** Told once, before the first row, unless no row was recognised. */
  onFormat?: (format: FormatName) => void;
}

/** One row; null when it has a problem that keeps it from being one. */
export interface ReadRow {
  place: RowPlace;
  row: CanonicalRow | null;
  /** As the file has it; undefined where it could not be parsed. */
  value?: unknown;
}

/** @throws FtError data.* when the file cannot be read at all or is empty */
export async function* readRows(input: ReadRowsInput): AsyncGenerator<ReadRow> {
  let format: RowFormat | null = null;
  let toldUnused = false;
  for await (const record of decided(input, (chosen) => {
    format = chosen;
    if (chosen) input.onFormat?.(chosen.name);
  })) {
    const place = { file: input.name, line: record.line };
    const report = (problem: RowProblem) => input.report(toFinding(problem, place));
    if ("problem" in record) {
      report(record.problem);
      yield { place, row: null };
    } else {
      yield { place, row: convert(record.value, format, report), value: record.value };
      const unused = format && !toldUnused ? unusedColumns(record.value, format) : null;
      if (unused) {
        report(unused);
        toldUnused = true;
      }
    }
  }
}

/** The file's records; reads ahead the first ones and tells the format before it yields any. */
async function* decided(input: ReadRowsInput, tell: (format: RowFormat | null) => void): AsyncGenerator<DataRecord> {
  const ahead: DataRecord[] = [];
  let told = input.format !== "auto";
  if (input.format !== "auto") tell(formatNamed(input.format));
  for await (const record of readRecords(input.path, input.name, input.onBytes)) {
    if (told) {
      yield record;
      continue;
    }
    ahead.push(record);
    if (ahead.length === sampleRows) {
      tell(recogniseRows(ahead.map((each) => ("value" in each ? each.value : null))));
      told = true;
      yield* ahead;
    }
  }
  if (told) return;
  tell(recogniseRows(ahead.map((each) => ("value" in each ? each.value : null))));
  yield* ahead;
}

function convert(value: unknown, format: RowFormat | null, report: (problem: RowProblem) => void): CanonicalRow | null {
  if (!isObject(value)) {
    report({ rule: "SCH000", message: `the row is ${typeName(value)}, not an object` });
    return null;
  }
  if (!format?.recognises(value)) {
    report({ rule: "SCH000", message: whyNotRecognised(value, format) });
    return null;
  }
  return format.convert(value, report);
}

/** The info about unused columns; null when the row has none. */
function unusedColumns(value: unknown, format: RowFormat): RowProblem | null {
  const { columns } = format;
  if (!isObject(value) || columns === "all") return null;
  const unused = Object.keys(value).filter((column) => {
    return !columns.includes(column) && !unsupportedColumns.includes(column);
  });
  if (unused.length === 0) return null;
  const names = unused.slice(0, 10).map((column) => `"${column}"`);
  return { rule: "SCH008", message: `not used by format ${format.name}: ${names.join(", ")}` };
}
