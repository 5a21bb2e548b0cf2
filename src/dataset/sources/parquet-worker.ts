// The Parquet reader in a thread of its own: what a damaged file does to its WebAssembly (a panic that nobody can catch, memory that is never
// given back) ends with the thread.
import { readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { ParquetFile } from "parquet-wasm";

export interface ParquetWorkerData {
  /** Open in this process. */
  fd: number;
  size: number;
}

export type ParquetRequest =
  /** The rows and bytes (before compression, after Parquet's own encodings) of each row group. */
  | { ask: "groups" }
  /** Some rows of a row group, as an Arrow stream. */
  | { ask: "rows"; group: number; offset: number; limit: number };

export type ParquetAnswer = { groups: { rows: number; bytes: number }[] } | { stream: Uint8Array } | { error: string };

const batchRows = 2048;

const { fd, size } = workerData as ParquetWorkerData;
const file = ParquetFile.fromFile(asBlob(0, size));

parentPort!.on("message", async (request: ParquetRequest) => {
  const answer = await answerTo(request).catch((error): ParquetAnswer => ({ error: String(error?.message ?? error) }));
  parentPort!.postMessage(answer, "stream" in answer ? [answer.stream.buffer as ArrayBuffer] : []);
});

async function answerTo(request: ParquetRequest): Promise<ParquetAnswer> {
  const parquet = await file;
  if (request.ask === "groups") {
    const groups = parquet.metadata().rowGroups();
    return { groups: groups.map((group) => ({ rows: group.numRows(), bytes: group.totalByteSize() })) };
  }
  const { group, offset, limit } = request;
  const table = await parquet.read({ rowGroups: [group], offset, limit, batchSize: batchRows, concurrency: 1 });
  return { stream: table.intoIPCStream() };
}

/** What parquet-wasm uses of a Blob; Node's own openAsBlob is experimental. */
function asBlob(start: number, end: number): Blob {
  const blob = {
    size: end - start,
    slice: (from = 0, to = end - start) => asBlob(start + from, Math.min(end, start + to)),
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
