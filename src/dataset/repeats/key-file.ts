// Keys of rows, several to a row, 64 bits each: the latest in memory, the rest in a temporary file, so that memory does not grow with the rows.
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeyBlock } from "./repeated-keys.js";

export interface KeyFile {
  readonly rows: number;
  /** One row: two words a key, the lower one first. */
  add(words: Uint32Array): void;
  /** One key of each row from the first of the rows to before `to`. */
  blocks(key: number, to: number): Iterable<KeyBlock>;
  /** The same of all rows at once: two words a row. */
  column(key: number): Uint32Array;
  /** Gives the temporary file up. */
  close(): void;
}

const rowsInMemory = 16_384;

/** @param keys of a row */
export function createKeyFile(keys: number): KeyFile {
  // Key after key, so that one of all rows is read without the others.
  const block = new Uint32Array(rowsInMemory * keys * 2);
  let spill: Spill | null = null;
  let rows = 0;
  function* blocks(key: number, to: number): Generator<KeyBlock> {
    const start = key * rowsInMemory * 2;
    const buffer = new Uint32Array(rowsInMemory * 2);
    const inMemory = rows === 0 ? 0 : rows - 1 - ((rows - 1) % rowsInMemory);
    for (let first = 0; first < to; first += rowsInMemory) {
      const words = buffer.subarray(0, Math.min(rowsInMemory, to - first) * 2);
      if (first === inMemory) words.set(block.subarray(start, start + words.length));
      else spill!.read((first * keys * 2 + start) * 4, words);
      yield { first, words };
    }
  }
  return {
    get rows() {
      return rows;
    },
    add(row) {
      const at = rows % rowsInMemory;
      if (at === 0 && rows > 0) {
        spill ??= openSpill();
        spill.append(block);
      }
      for (let key = 0; key < keys; key += 1) {
        const word = (key * rowsInMemory + at) * 2;
        block[word] = row[key * 2] as number;
        block[word + 1] = row[key * 2 + 1] as number;
      }
      rows += 1;
    },
    blocks,
    column(key) {
      const column = new Uint32Array(rows * 2);
      for (const { first, words } of blocks(key, rows)) column.set(words, first * 2);
      return column;
    },
    close() {
      spill?.close();
      spill = null;
    },
  };
}

interface Spill {
  append(words: Uint32Array): void;
  /** @param from byte */
  read(from: number, into: Uint32Array): void;
  close(): void;
}

/** A file without a name: it is gone with the process, however that ends. */
function openSpill(): Spill {
  const dir = mkdtempSync(join(tmpdir(), "ft-keys-"));
  const file = openSync(join(dir, "keys"), "w+");
  rmSync(dir, { recursive: true });
  let end = 0;
  return {
    append(words) {
      const bytes = Buffer.from(words.buffer, words.byteOffset, words.byteLength);
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, end + done);
      end += bytes.length;
    },
    read(from, into) {
      const bytes = Buffer.from(into.buffer, into.byteOffset, into.byteLength);
      for (let done = 0; done < bytes.length; ) done += readSync(file, bytes, done, bytes.length - done, from + done);
    },
    close: () => closeSync(file),
  };
}
