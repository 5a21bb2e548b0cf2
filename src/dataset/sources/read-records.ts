// Streams a data file of any kind as parsed values with their lines; bounded memory, whatever the size.
import { isUtf8 } from "node:buffer";
import { FtError } from "../../errors.js";
import type { Json } from "../json/json.js";
import { parseJson } from "../json/parse-json.js";
import type { RowProblem } from "../rules.js";
import { innerExtension, kindOf, refusalOf } from "./file-kind.js";
import { binaryError, type DataFile, emptyError, openDataFile } from "./open-data-file.js";
import { type ArrayPiece, arrayKeys, splitJsonArray } from "./split-json-array.js";
import { maxRowBytes, type Piece, RowTooLong, splitLines } from "./split-lines.js";
import { type OpenBytes, openBytes } from "./unpack.js";

/** One parsed row (not judged yet; `doubled`: keys that one of its objects has twice; `oddQuote`: a cell goes on after its closing quote), or why it could not be parsed. */
export type DataRecord =
  | { line: number; value: Json; doubled?: string[]; unsaid?: UnsaidValue[]; oddQuote?: boolean }
  | { line: number; problem: RowProblem };

/** A value for which JSON has none (NaN): its column is null in the row. */
export interface UnsaidValue {
  column: string;
  why: string;
}

/** What a row of a .txt file is. */
export type TextRows = "lines" | "paragraphs" | "file";

export interface ReadOptions {
  /** Told the bytes read so far and in all; of a packed file the packed ones. */
  onBytes?: ((read: number, size: number) => void) | undefined;
  textRows?: TextRows | undefined;
}

/**
 * `line` counts lines (of an array the one on which the element starts, or elements where they share a line; of a CSV record the first); in Parquet and Arrow files it is the row.
 * @param path where the file is
 * @param name how the person called it
 * @throws FtError data.* when nothing can be read from it at all, when it is cut off, or when it holds no row
 */
export async function* readRecords(path: string, name: string, options: ReadOptions = {}): AsyncGenerator<DataRecord> {
  const file = await openDataFile(path, name);
  try {
    let count = 0;
    for await (const record of recordsOf(file, options)) {
      count += 1;
      yield record;
    }
    if (count === 0) throw emptyError(name);
  } catch (error) {
    throw error instanceof RowTooLong ? rowTooLong(name, error.line) : error;
  } finally {
    await file.handle.close();
  }
}

/** Each kind's reader is loaded when such a file is met. */
async function* recordsOf(file: DataFile, { onBytes, textRows }: ReadOptions): AsyncGenerator<DataRecord> {
  const bytes = await openBytes(file, onBytes);
  const refusal = refusalOf(bytes.head);
  if (refusal) throw binaryError(file.name, refusal);
  const kind = kindOf(bytes.head, file.name);
  switch (kind) {
    case "json":
      return yield* jsonRecords(bytes, file.name);
    case "csv":
      return yield* (await import("./csv-records.js")).csvRecords(bytes, file.name);
    case "text":
      return yield* (await import("./text-records.js")).textRecords(bytes.chunks, textRows);
    case "parquet":
      return yield* (await import("./parquet-records.js")).parquetRecords(file, bytes, onBytes);
    case "arrow-file":
    case "arrow-stream":
      return yield* (await import("./arrow-records.js")).arrowRecords(bytes.chunks, { name: file.name, kind });
  }
}

/** Whether the file is of JSON lines as they are: neither packed nor an array. @throws FtError data.* */
export async function isPlainLines(path: string, name: string): Promise<boolean> {
  const file = await openDataFile(path, name);
  try {
    const { head, packing } = await openBytes(file);
    return packing === null && !refusalOf(head) && kindOf(head, name) === "json" && jsonLayout(head, name) === "lines";
  } finally {
    await file.handle.close();
  }
}

async function* jsonRecords({ head, chunks }: OpenBytes, name: string): AsyncGenerator<DataRecord> {
  const split = { array: splitJsonArray, object: wholeFile, lines: splitLines }[jsonLayout(head, name)];
  const pieces: AsyncIterable<ArrayPiece> = split(chunks);
  for await (const piece of pieces) {
    yield "problem" in piece ? { line: piece.line, problem: badJson(piece.problem) } : parseLine(piece);
  }
}

async function* wholeFile(chunks: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    bytes += chunk.length;
    if (bytes > maxRowBytes) throw new RowTooLong(1);
  }
  yield { line: 1, bytes: Buffer.concat(parts) };
}

/** One row of JSON text. */
export function parseLine({ line, bytes }: { line: number; bytes: Buffer }): DataRecord {
  if (!isUtf8(bytes)) return { line, problem: { rule: "FILE002", message: "the row is not valid UTF-8" } };
  const text = bytes.toString();
  const parsed = parseJson(text);
  if ("problem" in parsed) return { line, problem: badJson(parsed.problem) };
  if (text.includes("\\u") && hasHalfCharacter(text))
    return { line, problem: { rule: "FILE002", message: "an escape stands for half a character (a lone surrogate)" } };
  const { value, doubled } = parsed;
  return doubled.length > 0 ? { line, value, doubled } : { line, value };
}

/** JSON can say \ud83d without the \ude00 that makes it a character; no engine can store such a text. */
function hasHalfCharacter(json: string): boolean {
  const escapes = json.replaceAll("\\\\", "_").replaceAll(/\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}/gi, "");
  return /\\ud[89a-f]/i.test(escapes);
}

function badJson(why: string): RowProblem {
  return { rule: "FILE001", message: why };
}

/** One array of rows, one row over several lines, or a row a line. */
type JsonLayout = "array" | "object" | "lines";

/**
 * By content first: `[` is an array whatever the name; an object is an array's wrapper only in a .json file that is not JSON lines, and
 * only when its arrays are none that rows have: {"messages": [...]} is a row.
 */
export function jsonLayout(head: Buffer, name: string): JsonLayout {
  const text = head.toString("latin1");
  const first = text.trimStart()[0];
  if (first === "[") return "array";
  const extension = innerExtension(name);
  // Blank for as long as the head: it may be empty, or JSON lines after it.
  if (first !== "{" && first !== undefined && !rowExtensions.has(extension)) throw unsupported(name, extension);
  if (extension !== ".json" || first !== "{" || startsWithWholeObject(text.trimStart())) return "lines";
  if (!arrayKeys(head).some((key) => listsOfRows.has(key))) return "array";
  return text.trim().includes("\n") ? "object" : "lines";
}

/** Columns in which rows hold lists. */
const listsOfRows = new Set([
  ...[
    "messages",
    "conversations",
    "prompt",
    "completion",
    "chosen",
    "rejected",
    "chosen_messages",
    "rejected_messages",
  ],
  ...["tools", "functions", "history", "segments", "input_ids", "contents", "preferred_output", "non_preferred_output"],
]);

const rowExtensions = new Set([".jsonl", ".ndjson", ".json"]);

/** JSON lines under the name .json: the first line is an object by itself, and more follows or it wraps no array. */
function startsWithWholeObject(text: string): boolean {
  const [first = "", ...rest] = text.split("\n");
  try {
    const value: object = JSON.parse(first);
    return rest.some((line) => line.trim() !== "") || !Object.values(value).some(Array.isArray);
  } catch {
    return false;
  }
}

function unsupported(name: string, extension: string): FtError {
  return new FtError({
    code: "data.unsupported",
    exit: "data",
    message: `the data file ${name} holds neither JSON lines nor a JSON array`,
    where: { file: name, line: 1 },
    next: extension
      ? `name it by what it is (.csv, .tsv, .txt), or convert the ${extension} to .jsonl, one JSON object a line`
      : "name it by what it is (.csv, .tsv, .txt), or give one JSON object a line",
  });
}

export function rowTooLong(name: string, line: number): FtError {
  return new FtError({
    code: "data.row-too-long",
    exit: "data",
    message: `a row of ${name} is longer than ${maxRowBytes / 2 ** 20} MiB`,
    where: { file: name, line },
    next: "split the row; is the file really JSON lines?",
  });
}
