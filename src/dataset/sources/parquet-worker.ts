// The Parquet reader in a thread of its own: what a damaged file does to its WebAssembly (a panic that nobody can catch, memory that is never
// given back) ends with the thread. One thread reads all files: starting it costs more than reading a small one.
import { readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { ParquetFile } from "parquet-wasm";

export type ParquetRequest =
  /** `fd`: open in this process. */
  | { ask: "open"; file: number; fd: number; size: number }
  /** Some rows of a row group, as an Arrow stream. */
  | { ask: "rows"; file: number; group: number; offset: number; limit: number }
  | { ask: "close"; file: number };

export interface RowGroup {
  rows: number;
  /** Before compression, after Parquet's own encodings. */
  bytes: number;
}

export type ParquetAnswer = { file: number } & (
  | { groups: RowGroup[] }
  | { stream: Uint8Array }
  | { closed: true }
  | { error: string }
);

const batchRows = 2048;
const files = new Map<number, ParquetFile>();

parentPort!.on("message", async (request: ParquetRequest) => {
  const answer = await answerTo(request).catch(
    (error): ParquetAnswer => ({ file: request.file, error: String(error?.message ?? error) }),
  );
  parentPort!.postMessage(answer, "stream" in answer ? [answer.stream.buffer as ArrayBuffer] : []);
});

async function answerTo(request: ParquetRequest): Promise<ParquetAnswer> {
  const { file } = request;
  if (request.ask === "open") {
    const parquet = await ParquetFile.fromFile(asBlob(request.fd, 0, request.size));
    files.set(file, parquet);
    const groups = parquet.metadata().rowGroups();
    return { file, groups: groups.map((group) => ({ rows: group.numRows(), bytes: group.totalByteSize() })) };
  }
  const parquet = files.get(file);
  if (request.ask === "close") {
    files.delete(file);
    parquet?.free();
    return { file, closed: true };
  }
  const { group, offset, limit } = request;
  const table = await parquet!.read({ rowGroups: [group], offset, limit, batchSize: batchRows, concurrency: 1 });
  return { file, stream: table.intoIPCStream() };
}

/** What parquet-wasm uses of a Blob; Node's own openAsBlob is experimental. */
function asBlob(fd: number, start: number, end: number): Blob {
  const blob = {
    size: end - start,
    slice: (from = 0, to = end - start) => asBlob(fd, start + from, Math.min(end, start + to)),
    async arrayBuffer() {
      const bytes = new Uint8Array(end - start);
      for (let read = 0; read < bytes.length; ) {
        const more = readSync(fd, bytes, read, bytes.length - read, start + read);
        if (more === 0) throw new Error("the file became shorter while it was read");
        read += more;
      }
      return bytes.buffer;
    },
  };
  return blob as unknown as Blob;
}
