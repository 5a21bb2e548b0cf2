// Parquet, a piece of a row group at a time: parquet-wasm (the Rust reader) decodes it to Arrow, so that both have the same value rules.
import { RecordBatchReader } from "apache-arrow";
import { ParquetFile } from "parquet-wasm";
import { FtError } from "../../errors.js";
import { batchRows, NoJsonValue } from "./arrow-values.js";
import { corruptError, type DataFile, truncatedError } from "./open-data-file.js";
import type { DataRecord, ReadOptions } from "./read-records.js";
import type { OpenBytes } from "./unpack.js";

/** Of a piece, before compression and after Parquet's own encodings; a row group may be the whole file. */
const pieceBytes = 32 * 2 ** 20;
const pieceRows = 100_000;
const batchRowCount = 2048;

/** @throws FtError data.truncated, data.corrupt, data.unsupported */
export async function* parquetRecords(
  file: DataFile,
  { packing }: Pick<OpenBytes, "packing">,
  onBytes: ReadOptions["onBytes"],
): AsyncGenerator<DataRecord> {
  if (packing) throw packedError(file.name, packing);
  const parquet = await openParquet(file);
  try {
    const { groups, rows } = sizesOf(parquet);
    let row = 0;
    for (const piece of groups.flatMap(piecesOf)) {
      for await (const value of pieceRecords(parquet, piece, file.name)) {
        row += 1;
        yield value instanceof NoJsonValue
          ? { line: row, problem: { rule: "FILE011", message: value.message } }
          : { line: row, value };
      }
      onBytes?.(Math.floor((row / rows) * file.size), file.size);
    }
    if (row !== rows) throw corruptError(file.name, "Parquet", new Error(`it says ${rows} rows, and has ${row}`));
  } finally {
    parquet.free();
  }
}

async function openParquet(file: DataFile): Promise<ParquetFile> {
  const end = Buffer.alloc(4);
  await file.handle.read(end, 0, 4, Math.max(0, file.size - 4));
  if (end.toString("latin1") !== "PAR1") throw truncatedError(file.name, { why: "it has no footer, which comes last" });
  return ParquetFile.fromFile(asBlob(file, 0, file.size)).catch((error) => {
    throw corruptError(file.name, "Parquet", error);
  });
}

/** What parquet-wasm uses of a Blob; Node's own openAsBlob is experimental. */
function asBlob(file: DataFile, start: number, end: number): Blob {
  const blob = {
    size: end - start,
    slice: (from = 0, to = end - start) => asBlob(file, start + from, Math.min(end, start + to)),
    async arrayBuffer() {
      const bytes = new Uint8Array(end - start);
      for (let read = 0; read < bytes.length; ) {
        const { bytesRead } = await file.handle.read(bytes, read, bytes.length - read, start + read);
        if (bytesRead === 0) throw new Error("the file became shorter while it was read");
        read += bytesRead;
      }
      return bytes.buffer;
    },
  };
  return blob as unknown as Blob;
}

interface RowGroup {
  index: number;
  rows: number;
  bytes: number;
}

function sizesOf(parquet: ParquetFile): { groups: RowGroup[]; rows: number } {
  const metadata = parquet.metadata();
  const groups = metadata.rowGroups().map((group, index) => {
    const sizes = { index, rows: group.numRows(), bytes: group.totalByteSize() };
    group.free();
    return sizes;
  });
  metadata.free();
  return { groups, rows: groups.reduce((sum, { rows }) => sum + rows, 0) };
}

interface Piece {
  group: number;
  offset: number;
  limit: number;
}

function piecesOf({ index, rows, bytes }: RowGroup): Piece[] {
  const count = Math.max(1, Math.ceil(bytes / pieceBytes), Math.ceil(rows / pieceRows));
  const limit = Math.ceil(rows / count);
  return Array.from({ length: count }, (_, at) => ({ group: index, offset: at * limit, limit })).filter(
    ({ offset }) => offset < rows,
  );
}

async function* pieceRecords(parquet: ParquetFile, { group, offset, limit }: Piece, name: string) {
  try {
    const table = await parquet.read({ rowGroups: [group], offset, limit, batchSize: batchRowCount, concurrency: 1 });
    for (const batch of RecordBatchReader.from(table.intoIPCStream())) yield* batchRows(batch);
  } catch (error) {
    throw error instanceof FtError ? error : corruptError(name, "Parquet", error);
  }
}

function packedError(name: string, packing: string): FtError {
  return new FtError({
    code: "data.unsupported",
    exit: "data",
    message: `the data file ${name} is Parquet inside ${packing}`,
    where: { file: name },
    why: "Parquet is read from its end, and packed inside itself",
    next: "unpack it",
  });
}
