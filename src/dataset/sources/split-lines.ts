// Cuts a stream of bytes into lines, each with its number; holds one line in memory.

/** A piece of a data file and the line on which it starts (from 1). */
export interface Piece {
  line: number;
  bytes: Buffer;
}

const newline = 0x0a;

/** Lines without their end (LF or CRLF); blank ones are skipped but counted. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  let line = 1;
  let open: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const part = chunk.subarray(start, end);
      const bytes = open.length > 0 ? Buffer.concat([...open, part]) : part;
      open = [];
      if (!isBlank(bytes)) yield { line, bytes };
      line += 1;
      start = end + 1;
    }
    if (start < chunk.length) open.push(chunk.subarray(start));
  }
  const last = Buffer.concat(open);
  if (!isBlank(last)) yield { line, bytes: last };
}

function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false;
  return true;
}
