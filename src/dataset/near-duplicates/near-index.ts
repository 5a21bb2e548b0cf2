// Which rows of a stream are near duplicates: signatures go to a temporary file, so that memory does not grow with their number.
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { minhash, writeSignature } from "./signature.js";

export interface NearIndex {
  /** Rows are numbered from 0 in the order in which they are added. A text without words is near to nothing. */
  add(text: string): void;
  /** For each row the number of the first row of its cluster: its own when nothing before it is near. Ends the index. */
  finish(): Int32Array | Promise<Int32Array>;
  /** Gives the temporary file up; `finish` does it too. */
  close(): void;
}

const rowsInMemory = 16_384;
const numbersPerRow = minhash.bands;

/** Rows are in one cluster when they share a band with each other or with a row of it (as datatrove clusters, by union-find). */
export function createNearIndex(): NearIndex {
  const block = new Float64Array(rowsInMemory * numbersPerRow);
  let spill: Spill | null = null;
  let rows = 0;
  let inBlock = 0;
  const close = () => {
    spill?.close();
    spill = null;
  };
  return {
    add(text) {
      if (inBlock === rowsInMemory) {
        spill ??= openSpill();
        spill.append(block);
        inBlock = 0;
      }
      const at = inBlock * numbersPerRow;
      // A key that no other row has, so that a row without words shares no band.
      if (!writeSignature(text, block, at)) block.fill(-1 - rows, at, at + numbersPerRow);
      inBlock += 1;
      rows += 1;
    },
    finish() {
      try {
        spill?.append(block.subarray(0, inBlock * numbersPerRow));
        const read =
          spill?.read ?? ((from: number, into: Float64Array) => into.set(block.subarray(from, from + into.length)));
        return cluster(rows, read);
      } finally {
        close();
      }
    },
    close,
  };
}

type Read = (from: number, into: Float64Array) => void;

function cluster(rows: number, read: Read): Int32Array {
  const parent = Int32Array.from({ length: rows }, (_, row) => row);
  const keys = new Float64Array(rows);
  for (let band = 0; band < minhash.bands; band += 1) {
    readBand(band, keys, read);
    joinEqual(keys, parent);
  }
  for (let row = 0; row < rows; row += 1) parent[row] = root(parent, row);
  return parent;
}

function readBand(band: number, keys: Float64Array, read: Read): void {
  const chunk = new Float64Array(Math.min(rowsInMemory, keys.length) * numbersPerRow);
  for (let from = 0; from < keys.length; from += rowsInMemory) {
    const count = Math.min(rowsInMemory, keys.length - from);
    read(from * numbersPerRow, chunk.subarray(0, count * numbersPerRow));
    for (let row = 0; row < count; row += 1) keys[from + row] = chunk[row * numbersPerRow + band] as number;
  }
}

/** Sorting tells which keys stand more than once; only those are worth a place in a map. */
function joinEqual(keys: Float64Array, parent: Int32Array): void {
  const sorted = keys.slice().sort();
  const firstRow = new Map<number, number>();
  for (let at = 1; at < sorted.length; at += 1)
    if (sorted[at] === sorted[at - 1]) firstRow.set(sorted[at] as number, -1);
  if (firstRow.size === 0) return;
  for (let row = 0; row < keys.length; row += 1) {
    const first = firstRow.get(keys[row] as number);
    if (first === undefined) continue;
    if (first === -1) firstRow.set(keys[row] as number, row);
    else join(parent, first, row);
  }
}

/** The earlier root stays one. */
function join(parent: Int32Array, a: number, b: number): void {
  const [left, right] = [root(parent, a), root(parent, b)];
  parent[Math.max(left, right)] = Math.min(left, right);
}

function root(parent: Int32Array, row: number): number {
  let at = row;
  while (parent[at] !== at) {
    parent[at] = parent[parent[at] as number] as number;
    at = parent[at] as number;
  }
  return at;
}

interface Spill {
  append(numbers: Float64Array): void;
  read: Read;
  close(): void;
}

/** A file without a name: it is gone with the process, however that ends. */
function openSpill(): Spill {
  const dir = mkdtempSync(joinPath(tmpdir(), "ft-near-"));
  const file = openSync(joinPath(dir, "signatures"), "w+");
  rmSync(dir, { recursive: true });
  let end = 0;
  return {
    append(numbers) {
      const bytes = Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, end + done);
      end += bytes.length;
    },
    read(from, into) {
      const bytes = Buffer.from(into.buffer, into.byteOffset, into.byteLength);
      for (let done = 0; done < bytes.length; )
        done += readSync(file, bytes, done, bytes.length - done, from * 8 + done);
    },
    close: () => closeSync(file),
  };
}
