// Cuts a stream of bytes into lines, each with its number; holds one line in memory.

/** A piece of a data file and the line on which it starts (from 1). */
export interface Piece {
  line: number;
  bytes: Buffer;
}

const newline = 0x0a;

/** No row is longer, so that a packed file of a few bytes cannot fill the memory: to judge a row takes some twenty times its size. */
export const maxRowBytes = 32 * 2 ** 20;

/** Thrown while a row grows beyond `maxRowBytes`. */
export class RowTooLong extends Error {
  constructor(
    /** On which it begins. */
    readonly line: number,
  ) {
    super("a row is too long");
  }
}

/** Lines without their end (LF or CRLF); blank ones are skipped but counted. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  let line = 1;
  let open: Buffer[] = [];
  let openBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const part = chunk.subarray(start, end);
      const bytes = open.length > 0 ? Buffer.concat([...open, part]) : part;
      open = [];
      openBytes = 0;
      if (!isBlank(bytes)) yield { line, bytes };
      line += 1;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    open.push(chunk.subarray(start));
    openBytes += chunk.length - start;
    if (openBytes > maxRowBytes) throw new RowTooLong(line);
  }
  const last = Buffer.concat(open);
  if (!isBlank(last)) yield { line, bytes: last };
}

function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false;
  return true;
}
