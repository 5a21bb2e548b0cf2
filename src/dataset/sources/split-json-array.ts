// Cuts a .json file into the elements of its one array, each with the line on which it starts; holds one element in memory.
// Our own because streaming JSON parsers (stream-json, @streamparser/json, jsonparse) tell no line numbers; parsing stays JSON.parse's.
import { maxRowBytes, type Piece, RowTooLong } from "./split-lines.js";

/** An element, or what is wrong with the array around the elements. */
export type ArrayPiece = Piece | { line: number; problem: string };

/**
 * The array is the file itself, `[...]`, or the one array directly inside its object, `{"version": 1, "data": [...]}`.
 * A second array beside the first is a problem, not a choice made in silence. Where the first two elements share a line, lines say nothing:
 * then `line` is the number of the element.
 */
export async function* splitJsonArray(chunks: AsyncIterable<Buffer>): AsyncGenerator<ArrayPiece> {
  let first: Piece | null = null;
  let isCounted = false;
  let count = 0;
  for await (const piece of piecesOf(chunks)) {
    count += 1;
    if (count === 1 && "bytes" in piece) {
      first = piece;
      continue;
    }
    if (first) {
      isCounted = "bytes" in piece && piece.line === first.line;
      yield isCounted ? { ...first, line: 1 } : first;
      first = null;
    }
    yield isCounted ? { ...piece, line: count } : piece;
  }
  if (first) yield first;
}

async function* piecesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<ArrayPiece> {
  const scan: Scan = { state: "start", line: 1, depth: 0, inString: false, escaped: false, arrays: 0, wrapped: false };
  let element = null as { line: number; parts: Buffer[] } | null;
  let afterElement = false;
  let afterComma = false;
  for await (const chunk of chunks) {
    let start = 0;
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index] as number;
      if (byte === 0x0a) scan.line += 1;
      if (scan.state === "element") {
        if (!endsElement(scan, byte)) continue;
        // A closing bracket belongs to its element; what ends a number or word does not.
        const end = scan.bare ? index : index + 1;
        element!.parts.push(chunk.subarray(start, end));
        yield { line: element!.line, bytes: Buffer.concat(element!.parts) };
        element = null;
        afterElement = true;
        scan.state = "between";
        if (!scan.bare) continue;
      }
      if (isSpace(byte)) continue;
      if (scan.state === "between") {
        if (byte === comma && afterElement) {
          afterElement = false;
          afterComma = true;
        } else if (byte === closeArray && !afterComma) {
          scan.state = scan.wrapped ? "object" : "done";
          afterElement = false;
        } else if (byte === comma || byte === closeArray) {
          yield { line: scan.line, problem: `unexpected ${JSON.stringify(String.fromCharCode(byte))} after a comma` };
          return;
        } else {
          if (afterElement) {
            yield { line: scan.line, problem: "a comma is missing between two rows" };
            return;
          }
          start = index;
          element = { line: scan.line, parts: [] };
          afterComma = false;
          beginElement(scan, byte);
        }
      } else {
        const problem = outside(scan, byte);
        if (problem) {
          yield { line: scan.line, problem };
          return;
        }
      }
    }
    if (!element) continue;
    element.parts.push(chunk.subarray(Math.min(start, chunk.length)));
    if (element.parts.reduce((sum, part) => sum + part.length, 0) > maxRowBytes) throw new RowTooLong(element.line);
  }
  if (scan.state === "element" || scan.state === "between") {
    yield { line: element?.line ?? scan.line, problem: "the file ends inside its array of rows: is it cut off?" };
  } else if (scan.arrays === 0) {
    yield { line: 1, problem: "no array of rows in this file: expected [ {...}, ... ] or one object a line" };
  } else if (scan.state === "object") {
    yield { line: scan.line, problem: "the file ends before its closing brace: is it cut off?" };
  }
}

interface Scan {
  state: "start" | "object" | "between" | "element" | "done";
  line: number;
  /** Open brackets: in an element those of the element, in the object those inside it. */
  depth: number;
  inString: boolean;
  escaped: boolean;
  /** The element is a number or a word, which only a delimiter ends. */
  bare?: boolean;
  arrays: number;
  wrapped: boolean;
}

const [openArray, closeArray, openObject, closeObject, comma, quote, backslash] = [...'[]{},"\\'].map((c) =>
  c.charCodeAt(0),
) as [number, number, number, number, number, number, number];

function beginElement(scan: Scan, byte: number): void {
  scan.state = "element";
  scan.inString = byte === quote;
  scan.depth = byte === openObject || byte === openArray ? 1 : 0;
  scan.bare = scan.depth === 0 && !scan.inString;
}

function endsElement(scan: Scan, byte: number): boolean {
  if (scan.bare) return byte === comma || byte === closeArray || isSpace(byte);
  return step(scan, byte) && scan.depth === 0 && !scan.inString;
}

/** Follows strings and brackets; true when a string or a bracket closes. */
function step(scan: Scan, byte: number): boolean {
  if (scan.inString) {
    if (scan.escaped) scan.escaped = false;
    else if (byte === backslash) scan.escaped = true;
    else if (byte === quote) {
      scan.inString = false;
      return true;
    }
    return false;
  }
  if (byte === quote) scan.inString = true;
  else if (byte === openObject || byte === openArray) scan.depth += 1;
  else if (byte === closeObject || byte === closeArray) {
    scan.depth -= 1;
    return true;
  }
  return false;
}

/** One byte before, beside or after the array; returns what is wrong with it. */
function outside(scan: Scan, byte: number): string | null {
  if (scan.state === "done") return "there is text after the end of the array";
  if (scan.state === "start") {
    if (byte === openArray) {
      scan.state = "between";
      scan.arrays = 1;
      return null;
    }
    if (byte !== openObject) return "expected [ or { at the start of the file";
    scan.state = "object";
    scan.wrapped = true;
    scan.depth = 0;
    return null;
  }
  if (byte === openArray && scan.depth === 0 && !scan.inString) {
    scan.arrays += 1;
    if (scan.arrays > 1) return "the object holds more than one array: which one are the rows? Keep one a file";
    scan.state = "between";
    return null;
  }
  step(scan, byte);
  if (scan.depth < 0) scan.state = "done";
  return null;
}

/** The keys of the arrays directly inside the object with which a file begins, as far as its beginning shows them. */
export function arrayKeys(head: Buffer): string[] {
  const scan: Scan = { state: "object", line: 1, depth: -1, inString: false, escaped: false, arrays: 0, wrapped: true };
  const keys: string[] = [];
  let stringFrom = 0;
  let lastString = "";
  for (const [index, byte] of head.entries()) {
    if (byte === openArray && scan.depth === 0 && !scan.inString) keys.push(lastString);
    if (byte === quote && !scan.inString) stringFrom = index + 1;
    const wasInString = scan.inString;
    step(scan, byte);
    if (wasInString && !scan.inString) lastString = head.toString("utf8", stringFrom, index);
  }
  return keys;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
