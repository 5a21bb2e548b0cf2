// Plain text: a row is a line, a paragraph (blank lines between), or the whole file.
import { isUtf8 } from "node:buffer";
import type { RowProblem } from "../rules.js";
import type { DataRecord, TextRows } from "./read-records.js";
import { maxRowBytes, RowTooLong, splitLines } from "./split-lines.js";

/** Rows are {text}; line ends inside a row become "\n". Blank rows are none. */
export async function* textRecords(
  chunks: AsyncIterable<Buffer>,
  rows: TextRows = "lines",
): AsyncGenerator<DataRecord> {
  let open: { line: number; last: number; lines: Buffer[]; bytes: number } | null = null;
  for await (const { line, bytes } of splitLines(chunks)) {
    if (open && (rows === "lines" || (rows === "paragraphs" && line > open.last + 1))) {
      yield toRecord(open);
      open = null;
    }
    open ??= { line, last: line, lines: [], bytes: 0 };
    // Blank lines inside a whole file are part of it.
    for (let blank = open.last + 1; blank < line; blank += 1) open.lines.push(Buffer.alloc(0));
    open.lines.push(bytes);
    open.last = line;
    open.bytes += bytes.length;
    if (open.bytes > maxRowBytes) throw new RowTooLong(open.line);
  }
  if (open) yield toRecord(open);
}

function toRecord({ line, lines }: { line: number; lines: Buffer[] }): DataRecord {
  const broken = lines.findIndex((bytes) => !isUtf8(bytes));
  if (broken !== -1) return { line: line + broken, problem: notUtf8 };
  const text = lines.map((bytes) => bytes.toString().replace(/\r$/, "")).join("\n");
  return { line, value: { text } };
}

const notUtf8: RowProblem = {
  rule: "FILE002",
  message: "the line is not valid UTF-8",
  fix: "save the file as UTF-8 (from Latin-1: iconv -f LATIN1 -t UTF-8 <file>)",
};
