// CSV and TSV with a header: a record is a row of texts; cells that hold JSON where a format needs a list or an object are parsed.
import { parse } from "csv-parse";
import { FtError } from "../../errors.js";
import type { Json } from "../json/json.js";
import { mapOrObject, parseJson } from "../json/parse-json.js";
import type { RowProblem } from "../rules.js";
import { corruptError, truncatedError } from "./open-data-file.js";
import type { DataRecord } from "./read-records.js";
import { maxRowBytes } from "./split-lines.js";
import type { OpenBytes } from "./unpack.js";

const delimiters = [",", "\t", ";", "|"] as const;

/** @throws FtError data.header, data.encoding, data.truncated (a quote that is never closed) */
export async function* csvRecords({ head, chunks }: OpenBytes, name: string): AsyncGenerator<DataRecord> {
  let lastLine = 0;
  const delimiter = delimiterOf(head);
  const parser = parse({
    delimiter,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    info: true,
    raw: true,
    max_record_size: maxRowBytes,
    // As it parses: when it stops, records before may not have been asked for yet.
    on_record: (record, { lines }) => {
      lastLine = lines;
      return record;
    },
  });
  void feed(parser, chunks, name);
  let header: Header | null = null;
  try {
    for await (const { record, info, raw } of parser as AsyncIterable<CsvRecord>) {
      // `info.lines` is the line on which the record ends.
      const line = info.lines - record.reduce((sum, cell) => sum + lineEnds(cell), 0);
      if (!header) header = toHeader(record, name);
      else if (hasOddQuote(record, raw, delimiter)) yield { ...toRecord(header, record, line), oddQuote: true };
      else yield toRecord(header, record, line);
    }
  } catch (error) {
    throw csvError(error, name, lastLine);
  } finally {
    parser.destroy();
  }
}

interface CsvRecord {
  record: string[];
  /** As the file has it. */
  raw: string;
  info: { lines: number };
}

/** Whether some cell goes on after its closing quote: `"a"b`. Such a one is read with its quotes, and begins with one. */
function hasOddQuote(record: string[], raw: string, delimiter: string): boolean {
  if (!record.some((cell) => cell.startsWith('"'))) return false;
  const quoted = /"(?:[^"]|"")*"/y;
  for (let at = 0; at < raw.length; ) {
    quoted.lastIndex = at;
    const end = quoted.test(raw) ? quoted.lastIndex : at;
    const next = raw.indexOf(delimiter, end);
    const rest = raw.slice(end, next === -1 ? raw.length : next);
    if (end > at && rest.trim() !== "") return true;
    if (next === -1) return false;
    at = next + 1;
  }
  return false;
}

/** Decodes strictly; whatever fails on the way fails the parser. */
async function feed(parser: ReturnType<typeof parse>, chunks: AsyncIterable<Buffer>, name: string): Promise<void> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const decode = (chunk?: Buffer) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw notUtf8(name);
    }
  };
  const write = async (text: string) => {
    if (parser.destroyed) return;
    if (!parser.write(text)) await new Promise((resolve) => parser.once("drain", resolve).once("close", resolve));
  };
  try {
    for await (const chunk of chunks) {
      if (parser.destroyed) return;
      await write(decode(chunk));
    }
    await write(decode());
    parser.end();
  } catch (error) {
    parser.destroy(error as Error);
  }
}

/** The one that the header line has most of, outside quotes. */
function delimiterOf(head: Buffer): string {
  const line = (head.toString("utf8").split(/\r?\n/, 1)[0] ?? "").replace(/"[^"]*"/g, "");
  const counted = delimiters.map((delimiter) => ({ delimiter, count: line.split(delimiter).length }));
  return counted.reduce((best, each) => (each.count > best.count ? each : best)).delimiter;
}

function lineEnds(cell: string): number {
  let count = 0;
  for (let at = cell.indexOf("\n"); at !== -1; at = cell.indexOf("\n", at + 1)) count += 1;
  return count;
}

interface Header {
  names: string[];
}

function toHeader(record: string[], name: string): Header {
  const names = record.map((cell) => cell.trim());
  const twice = names.find((each, index) => names.indexOf(each) !== index);
  if (twice === undefined) return { names };
  throw new FtError({
    code: "data.header",
    exit: "data",
    message: `${name} has the column ${JSON.stringify(twice)} twice`,
    where: { file: name, line: 1 },
    why: "the first line of a CSV file names its columns",
    next: "give each column its own name",
  });
}

function toRecord({ names }: Header, record: string[], line: number): DataRecord {
  if (record.length !== names.length) {
    const message = `the row has ${record.length} cells, and the header ${names.length}`;
    return { line, problem: { rule: "FILE010", message } };
  }
  const cells = new Map<string, Json>();
  const doubled: string[] = [];
  for (const [index, name] of names.entries()) {
    const cell = toValue(name, record[index]!);
    if ("problem" in cell) return { line, problem: cell.problem };
    cells.set(name, cell.value);
    doubled.push(...(cell.doubled ?? []));
  }
  const value = mapOrObject(cells);
  return doubled.length > 0 ? { line, value, doubled } : { line, value };
}

/** Columns in which formats look for lists or objects. */
const jsonColumns = new Set([
  "messages",
  "conversations",
  "prompt",
  "completion",
  "chosen",
  "rejected",
  "chosen_messages",
  "rejected_messages",
  "tools",
  "functions",
  "tool_calls",
  "history",
  "segments",
  "input_ids",
  "labels",
  "chat_template_kwargs",
]);
/** Columns that are true or false. */
const truthColumns = new Set(["label", "kto_tag"]);

/** A text, or something parsed. */
function toValue(column: string, cell: string): { value: Json; doubled?: string[] } | { problem: RowProblem } {
  if (truthColumns.has(column) && /^(true|false)$/i.test(cell)) return { value: cell.toLowerCase() === "true" };
  if (!jsonColumns.has(column) || !/^\s*[[{]/.test(cell)) return { value: cell };
  const parsed = parseJson(cell);
  if ("value" in parsed) return parsed;
  return isPythonRepr(cell) ? { problem: pythonRepr(column) } : { value: cell };
}

/** [{'role': ... : what pandas' to_csv writes of a column of lists. */
function isPythonRepr(cell: string): boolean {
  return /^\s*(\[\s*)?\{\s*'/.test(cell);
}

function pythonRepr(column: string): RowProblem {
  return {
    rule: "FILE001",
    message: `"${column}" holds a list as Python prints it, not JSON`,
    fix: "write the column with json.dumps, or the rows as .jsonl",
  };
}

function notUtf8(name: string): FtError {
  return new FtError({
    code: "data.encoding",
    exit: "data",
    message: `the data file ${name} is not UTF-8`,
    where: { file: name },
    next: "save it as UTF-8 (from Latin-1 or Windows-1252: iconv -f WINDOWS-1252 -t UTF-8 <file>)",
  });
}

function csvError(error: unknown, name: string, lastLine: number): unknown {
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (!code.startsWith("CSV_")) return error;
  const where = { line: lastLine + 1 };
  if (code === "CSV_QUOTE_NOT_CLOSED")
    return truncatedError(name, { why: "a cell's quote is never closed", line: where.line });
  if (code === "CSV_MAX_RECORD_SIZE")
    return new FtError({
      code: "data.row-too-long",
      exit: "data",
      message: `a row of ${name} is longer than ${maxRowBytes / 2 ** 20} MiB`,
      where: { file: name, line: where.line },
      next: "split the row; is a quote not closed?",
    });
  return corruptError(name, "CSV", new Error(message));
}
