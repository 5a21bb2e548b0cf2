// FILE004-6: what only the bytes of a JSON lines file show: byte order mark, kinds of line ends, a last line that is torn; and where to cut it.
import { open } from "node:fs/promises";
import type { RowProblem } from "../rules.js";
import type { LineRange } from "../sources/line-range.js";

export interface FileBytes {
  problems: { line: number; problem: RowProblem }[];
  /** The last line, when neither a brace nor a newline ends it; null: it is ended, or the file is none of lines. */
  openLine: number | null;
  /** Stretches of whole lines that together are the file. */
  ranges: LineRange[];
}

/** Of the open line, when it is no JSON. */
export const tornLine: RowProblem = { rule: "FILE006", message: "the last line ends in the middle of a row" };

const chunkBytes = 1 << 18;
const [newline, carriageReturn, brace, closingBrace] = [0x0a, 0x0d, 0x7b, 0x7d];
const nothing: FileBytes = { problems: [], openLine: null, ranges: [] };
/** Of one stretch, about. */
const rangeBytes = 1 << 18;

/** A file that is no JSON lines, or cannot be read, has none: the reader says why. */
export async function fileBytes(path: string): Promise<FileBytes> {
  const handle = await open(path, "r").catch(() => null);
  if (!handle) return nothing;
  try {
    if (!(await handle.stat()).isFile()) return nothing;
    const buffer = Buffer.allocUnsafe(chunkBytes);
    const counts = { lf: 0, crlf: 0, firstLf: 0, firstCrlf: 0 };
    const ranges: LineRange[] = [];
    let stretch: LineRange = { from: 0, to: 0, line: 1 };
    let size = 0;
    let hasMark = false;
    let last = newline;
    for (let position = 0; ; ) {
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes, position);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      if (position === 0) {
        hasMark = chunk.indexOf(byteOrderMark) === 0;
        if (chunk[hasMark ? 3 : 0] !== brace) return nothing;
        if (hasMark) stretch.from = 3;
      }
      const end = countEnds(chunk, last, counts);
      if (end > 0 && position + end - stretch.from >= rangeBytes) {
        ranges.push({ ...stretch, to: position + end });
        stretch = { from: position + end, to: 0, line: counts.lf + counts.crlf + 1 };
      }
      last = chunk[bytesRead - 1] as number;
      position += bytesRead;
      size = position;
    }
    if (stretch.from < size) ranges.push({ ...stretch, to: size });
    const lines = counts.lf + counts.crlf;
    const problems: FileBytes["problems"] = [];
    if (hasMark)
      problems.push({
        line: 1,
        problem: { rule: "FILE004", message: "the file begins with a byte order mark (EF BB BF)" },
      });
    if (counts.lf > 0 && counts.crlf > 0) {
      const message = `${counts.crlf} lines end with CR LF, ${counts.lf} with LF`;
      problems.push({
        line: counts.crlf <= counts.lf ? counts.firstCrlf : counts.firstLf,
        problem: { rule: "FILE005", message },
      });
    }
    return { problems, openLine: last === newline || last === closingBrace ? null : lines + 1, ranges };
  } finally {
    await handle.close();
  }
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Where the last line that ends in the chunk ends; 0: none does. */
function countEnds(
  chunk: Buffer,
  before: number,
  counts: { lf: number; crlf: number; firstLf: number; firstCrlf: number },
): number {
  let end = 0;
  for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) {
    const isCrlf = (at === 0 ? before : chunk[at - 1]) === carriageReturn;
    const line = counts.lf + counts.crlf + 1;
    if (isCrlf) {
      counts.firstCrlf ||= line;
      counts.crlf += 1;
    } else {
      counts.firstLf ||= line;
      counts.lf += 1;
    }
    end = at + 1;
  }
  return end;
}
