// Arrow IPC, file (Feather 2) or stream, one record batch at a time.
import { CompressionType, compressionRegistry, type RecordBatch, RecordBatchReader } from "apache-arrow";
import { ByteBuffer } from "flatbuffers";
import { decompress as unzstd } from "fzstd";
import { batchRows } from "./arrow-values.js";
import { corruptError, truncatedError } from "./open-data-file.js";
import type { DataRecord } from "./read-records.js";
import { unpackLz4 } from "./unpack-lz4.js";

compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: unpackLz4 });
compressionRegistry.set(CompressionType.ZSTD, { decode: (bytes) => new Uint8Array(unzstd(bytes)) }); // a copy: fzstd may return an unaligned part

// arrow-js believes every length in a message; one that a damaged byte made longer than the message itself would keep it busy for minutes.
const vectorLength = ByteBuffer.prototype.__vector_len;
ByteBuffer.prototype.__vector_len = function (offset: number): number {
  const length = vectorLength.call(this, offset);
  if (length < 0 || length > this.capacity()) throw new RangeError("a message is shorter than it claims");
  return length;
};

/** The magic of a file, padded; after it, it reads as a stream. */
const fileStart = 8;
/** Ends a stream, and the stream inside a file. */
const endMark = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
const fileEnd = Buffer.from("ARROW1");

/** @throws FtError data.truncated, data.corrupt */
export async function* arrowRecords(
  chunks: AsyncIterable<Buffer>,
  { name, kind }: { name: string; kind: "arrow-file" | "arrow-stream" },
): AsyncGenerator<DataRecord> {
  const source = watched(chunks, kind === "arrow-file" ? fileStart : 0);
  let row = 0;
  const where = () => ({ why: `it ends after row ${row}` });
  try {
    for await (const batch of batchesOf(source.chunks)) {
      for (const each of batchRows(batch)) {
        row += 1;
        yield { line: row, ...each };
      }
    }
  } catch (error) {
    if (error instanceof Error && "exit" in error) throw error;
    throw (await source.isWhole(kind)) ? corruptError(name, "Arrow", error) : truncatedError(name, where());
  } finally {
    await source.close();
  }
  if (!(await source.isWhole(kind))) throw truncatedError(name, where());
}

async function* batchesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<RecordBatch> {
  const reader = await RecordBatchReader.from(chunks);
  await reader.open();
  yield* reader as AsyncIterable<RecordBatch>;
}

interface Watched {
  /** Without the first bytes. */
  chunks: AsyncIterable<Buffer>;
  /** Reads on to the end: does it end as the kind says? */
  isWhole(kind: "arrow-file" | "arrow-stream"): Promise<boolean>;
  close(): Promise<void>;
}

/** The reader stops at the mark of the stream's end; what comes after it, and whether it came, is seen here. */
function watched(chunks: AsyncIterable<Buffer>, skip: number): Watched {
  const iterator = chunks[Symbol.asyncIterator]();
  let tail: Buffer = Buffer.alloc(0);
  let skipLeft = skip;
  const next = async (): Promise<IteratorResult<Buffer>> => {
    const result = await iterator.next();
    if (result.done) return result;
    tail = Buffer.concat([tail, result.value]).subarray(-endMark.length);
    const value = result.value.subarray(skipLeft);
    skipLeft -= result.value.length - value.length;
    return value.length === 0 ? next() : { done: false, value };
  };
  return {
    chunks: { [Symbol.asyncIterator]: () => ({ next }) },
    async isWhole(kind) {
      while (!(await next()).done);
      return kind === "arrow-file" ? tail.subarray(-fileEnd.length).equals(fileEnd) : tail.equals(endMark);
    },
    async close() {
      await iterator.return?.(undefined);
    },
  };
}
