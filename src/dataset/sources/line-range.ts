// A stretch of whole lines of a JSON lines file: so several threads read one file.
import { open } from "node:fs/promises";
import type { DataRecord } from "./read-records.js";
import { parseLine } from "./read-records.js";
import { splitLines } from "./split-lines.js";

export interface LineRange {
  /** First byte, and the one after the last. */
  from: number;
  to: number;
  /** Number of its first line. */
  line: number;
}

const chunkBytes = 1 << 20;

/** @throws RowTooLong */
export async function* readLineRange(path: string, { from, to, line: first }: LineRange): AsyncGenerator<DataRecord> {
  const handle = await open(path, "r");
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = from; at < to; ) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(chunkBytes, to - at)), {
        position: at,
      });
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
  try {
    for await (const { line, bytes } of splitLines(chunks())) yield parseLine({ line: first - 1 + line, bytes });
  } finally {
    await handle.close();
  }
}
