// The bytes of a data file as a stream, unpacked when it is gzip or zstd; memory stays bounded whatever the file unpacks to.
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { hasMark, type Packing, packingOf } from "./file-kind.js";
import { corruptError, type DataFile, truncatedError } from "./open-data-file.js";

type OnBytes = (read: number, size: number) => void;

const chunkBytes = 1 << 20;
/** A piece this small makes 64 MiB of zstd at most (a block of 4 bytes can say 128 KiB). */
const packedPieceBytes = 2048;
const headBytes = 65_536;

export interface OpenBytes {
  /** The first bytes, unpacked, without a byte order mark (64 KiB at most). */
  head: Buffer;
  /** All bytes, those of the head again. */
  chunks: AsyncIterable<Buffer>;
  packing: Packing | null;
}

/** `onBytes` is told bytes of the file itself. @throws FtError data.truncated, data.corrupt while it is read */
export async function openBytes(file: DataFile, onBytes?: OnBytes): Promise<OpenBytes> {
  const first = Buffer.alloc(8);
  const { bytesRead } = await file.handle.read(first, 0, first.length, 0);
  const packing = packingOf(first.subarray(0, bytesRead));
  const raw = chunksOf(file, onBytes);
  const unpacked = packing === "gzip" ? gunzip(raw, file.name) : packing === "zstd" ? unzstd(raw, file.name) : raw;
  const peeked = await peek(unpacked);
  const skip = hasMark(peeked.head) ? 3 : 0;
  return { packing, head: peeked.head.subarray(skip, headBytes), chunks: withoutFirst(skip, peeked.chunks) };
}

async function* chunksOf(file: DataFile, onBytes?: OnBytes): AsyncGenerator<Buffer> {
  let position = 0;
  for (;;) {
    const { bytesRead, buffer } = await file.handle.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    onBytes?.(position, file.size);
    yield buffer.subarray(0, bytesRead);
  }
}

/** Several members one after the other are one file, as gunzip takes them. */
async function* gunzip(packed: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const source = Readable.from(packed);
  const stream = createGunzip({ chunkSize: 1 << 18 });
  source.on("error", (error) => stream.destroy(error));
  let unpacked = 0;
  try {
    for await (const chunk of source.pipe(stream)) {
      unpacked += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (code === "Z_BUF_ERROR") throw cutOff(name, "gzip", unpacked, message);
    throw code.startsWith("Z_") ? corruptError(name, "gzip", error) : error;
  } finally {
    source.destroy();
    stream.destroy();
  }
}

/** Frames one after the other are one file. Node has its own zstd only from 22.15 on. */
async function* unzstd(packed: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const { Decompress } = await import("fzstd");
  const out: Buffer[] = [];
  let unpacked = 0;
  const stream = new Decompress((chunk) => {
    if (chunk.length > 0) out.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
    unpacked += chunk.length;
  });
  const push = (piece: Uint8Array, isLast: boolean) => {
    try {
      stream.push(piece, isLast);
    } catch (error) {
      const { code, message } = error as Error & { code?: number };
      throw code === unexpectedEnd ? cutOff(name, "zstd", unpacked, message) : corruptError(name, "zstd", error);
    }
  };
  for await (const chunk of packed) {
    for (let start = 0; start < chunk.length; start += packedPieceBytes) {
      push(chunk.subarray(start, start + packedPieceBytes), false);
      yield* out.splice(0);
    }
  }
  push(new Uint8Array(0), true);
  yield* out.splice(0);
}

/** fzstd's ZstdErrorCode.UnexpectedEOF. */
const unexpectedEnd = 5;

function cutOff(name: string, packing: string, unpacked: number, message: string): Error {
  return truncatedError(name, { why: `its ${packing} data ends after ${unpacked} unpacked bytes: ${message}` });
}

/** Reads on until the head is full or the file ends. */
async function peek(chunks: AsyncIterable<Buffer>): Promise<{ head: Buffer; chunks: AsyncIterable<Buffer> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const seen: Buffer[] = [];
  let bytes = 0;
  while (bytes < headBytes) {
    const { value, done } = await iterator.next();
    if (done) break;
    seen.push(value);
    bytes += value.length;
  }
  async function* all(): AsyncGenerator<Buffer> {
    try {
      yield* seen.splice(0);
      for (;;) {
        const { value, done } = await iterator.next();
        if (done) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { head: Buffer.concat(seen), chunks: all() };
}

async function* withoutFirst(skip: number, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let left = skip;
  for await (const chunk of chunks) {
    const start = Math.min(left, chunk.length);
    left -= start;
    if (start < chunk.length) yield chunk.subarray(start);
  }
}
