// Parquet, a piece of a row group at a time: the Rust reader decodes it to Arrow in a thread (parquet-thread.ts), so that both have the same values.
import { RecordBatchReader } from "apache-arrow";
import { FtError } from "../../errors.js";
import { batchRows } from "./arrow-values.js";
import { corruptError, type DataFile, truncatedError } from "./open-data-file.js";
import { openParquet, type ParquetReader } from "./parquet-thread.js";
import type { RowGroup } from "./parquet-worker.js";
import type { DataRecord, ReadOptions } from "./read-records.js";
import type { OpenBytes } from "./unpack.js";

/** Of a piece, before compression and after Parquet's own encodings; a row group may be the whole file. */
const pieceBytes = 32 * 2 ** 20;
const pieceRows = 100_000;

/** @throws FtError data.truncated, data.corrupt, data.unsupported */
export async function* parquetRecords(
  file: DataFile,
  { packing }: Pick<OpenBytes, "packing">,
  onBytes: ReadOptions["onBytes"],
): AsyncGenerator<DataRecord> {
  if (packing) throw packedError(file.name, packing);
  await requireFooter(file);
  let parquet: ParquetReader | null = null;
  try {
    parquet = await openParquet(file.handle.fd, file.size);
    const rows = parquet.groups.reduce((sum, group) => sum + group.rows, 0);
    let row = 0;
    for (const piece of parquet.groups.flatMap(piecesOf)) {
      for (const batch of RecordBatchReader.from(await parquet.rows(piece))) {
        for (const each of batchRows(batch)) {
          row += 1;
          yield { line: row, ...each };
        }
      }
      onBytes?.(Math.floor((row / rows) * file.size), file.size);
    }
    if (row !== rows) throw new Error(`it says ${rows} rows, and has ${row}`);
  } catch (error) {
    throw error instanceof FtError ? error : corruptError(file.name, "Parquet", inWords(error));
  } finally {
    await parquet?.close();
  }
}

/** "unreachable" is how WebAssembly says that its code gave up. */
function inWords(error: unknown): unknown {
  const isPanic = error instanceof Error && error.message === "unreachable";
  return isPanic ? new Error("it is damaged: its parts contradict each other", { cause: error }) : error;
}

async function requireFooter(file: DataFile): Promise<void> {
  const end = Buffer.alloc(4);
  await file.handle.read(end, 0, 4, Math.max(0, file.size - 4));
  if (end.toString("latin1") !== "PAR1") throw truncatedError(file.name, { why: "it has no footer, which comes last" });
}

interface Piece {
  group: number;
  offset: number;
  limit: number;
}

function piecesOf({ rows, bytes }: RowGroup, group: number): Piece[] {
  const count = Math.max(1, Math.ceil(bytes / pieceBytes), Math.ceil(rows / pieceRows));
  const limit = Math.ceil(rows / count);
  return Array.from({ length: count }, (_, at) => ({ group, offset: at * limit, limit })).filter(
    ({ offset }) => offset < rows,
  );
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
