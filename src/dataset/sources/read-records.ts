// Streams a .jsonl or .json file as parsed values with their lines; bounded memory, whatever the size.
import { isUtf8 } from "node:buffer";
import { extname } from "node:path";
import { FtError } from "../../errors.js";
import type { Json } from "../json/json.js";
import { parseJson } from "../json/parse-json.js";
import type { RowProblem } from "../rules.js";
import { type DataFile, emptyError, openDataFile } from "./open-data-file.js";
import { type ArrayPiece, splitJsonArray } from "./split-json-array.js";
import { splitLines } from "./split-lines.js";

/** One parsed row (not judged yet; `doubled`: keys that one of its objects has twice), or why it could not be parsed. */
export type DataRecord = { line: number; value: Json; doubled?: string[] } | { line: number; problem: RowProblem };

const chunkBytes = 1 << 20;
const maxRowBytes = 256 * 2 ** 20;

/**
 * @param path where the file is
 * @param name how the person called it
 * @param onBytes told the bytes read so far and in all
 * @throws FtError data.* when nothing can be read from it at all, or when it holds no row
 */
export async function* readRecords(
  path: string,
  name: string,
  onBytes?: (read: number, size: number) => void,
): AsyncGenerator<DataRecord> {
  const file = await openDataFile(path, name);
  try {
    const pieces: AsyncIterable<ArrayPiece> = isArrayFile(file, name)
      ? splitJsonArray(chunksOf(file, onBytes))
      : splitLines(chunksOf(file, onBytes));
    let count = 0;
    for await (const piece of pieces) {
      count += 1;
      yield "problem" in piece ? { line: piece.line, problem: badJson(piece.problem) } : parse(piece, name);
    }
    if (count === 0) throw emptyError(name);
  } finally {
    await file.handle.close();
  }
}

async function* chunksOf(file: DataFile, onBytes?: (read: number, size: number) => void): AsyncGenerator<Buffer> {
  let position = hasMark(file.head) ? 3 : 0;
  for (;;) {
    const { bytesRead, buffer } = await file.handle.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    onBytes?.(position, file.size);
    yield buffer.subarray(0, bytesRead);
  }
}

function parse(piece: { line: number; bytes: Buffer }, name: string): DataRecord {
  const { line, bytes } = piece;
  if (bytes.length > maxRowBytes) throw rowTooLong(name, line);
  if (!isUtf8(bytes)) return { line, problem: { rule: "FILE002", message: "the row is not valid UTF-8" } };
  const text = bytes.toString();
  const parsed = parseJson(text);
  if ("problem" in parsed) return { line, problem: badJson(parsed.problem) };
  if (bytes.includes("\\u") && hasHalfCharacter(text))
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

/** By content first: `[` is an array whatever the name; an object is an array's wrapper only in a .json file that is not JSON lines. */
function isArrayFile(file: DataFile, name: string): boolean {
  const text = file.head.subarray(hasMark(file.head) ? 3 : 0).toString("latin1");
  const first = text.trimStart()[0];
  if (first === "[") return true;
  const extension = extname(name).toLowerCase();
  if (first !== "{" && !rowExtensions.has(extension)) throw unsupported(name, extension);
  if (extension !== ".json" || first !== "{") return false;
  return !startsWithWholeObject(text.trimStart());
}

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

function hasMark(head: Buffer): boolean {
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf;
}

function unsupported(name: string, extension: string): FtError {
  return new FtError({
    code: "data.unsupported",
    exit: "data",
    message: `the data file ${name} holds neither JSON lines nor a JSON array`,
    where: { file: name, line: 1 },
    next: `convert the ${extension || "file"} to .jsonl, one JSON object a line`,
  });
}

function rowTooLong(name: string, line: number): FtError {
  return new FtError({
    code: "data.row-too-long",
    exit: "data",
    message: `a row of ${name} is longer than ${maxRowBytes / 2 ** 20} MiB`,
    where: { file: name, line },
    next: "split the row; is the file really JSON lines?",
  });
}
