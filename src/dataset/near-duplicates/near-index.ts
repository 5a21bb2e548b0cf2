// Which rows of a stream are near duplicates, in memory that does not grow with them.
import { createKeyFile } from "../repeats/key-file.js";
import { type Repeat, repeatsOf } from "../repeats/repeated-keys.js";
import { minhash, writeSignature } from "./signature.js";

export interface NearIndex {
  /** Rows are numbered from 0 in the order in which they are added. A text without words is near to nothing. */
  add(text: string): void;
  /** For each row the number of the first row of its cluster: its own when nothing before it is near. Ends the index. */
  finish(): Int32Array | Promise<Int32Array>;
  /** Gives the temporary file up; `finish` does it too. */
  close(): void;
}

export function createNearIndex(): NearIndex {
  const file = createKeyFile(minhash.bands);
  const words = new Uint32Array(minhash.bands * 2);
  return {
    add(text) {
      if (!writeSignature(text, words, 0)) writeLone(words, file.rows);
      file.add(words);
    },
    finish() {
      try {
        const { rows } = file;
        return clusters(rows, (band) => repeatsOf(rows, () => file.blocks(band, rows)));
      } finally {
        file.close();
      }
    },
    close: file.close,
  };
}

/** Keys that no other row has. */
export function writeLone(words: Uint32Array, row: number): void {
  for (let at = 0; at < words.length; at += 2) {
    words[at] = row;
    words[at + 1] = 0xffffffff;
  }
}

/**
 * Rows are in one cluster when they share a band with each other or with a row of it (as datatrove clusters, by union-find). For each row the
 * first of its cluster.
 */
export function clusters(rows: number, repeatsOfBand: (band: number) => Iterable<Repeat>): Int32Array {
  const parent = Int32Array.from({ length: rows }, (_, row) => row);
  for (let band = 0; band < minhash.bands; band += 1) {
    for (const { row, first } of repeatsOfBand(band)) join(parent, first, row);
  }
  for (let row = 0; row < rows; row += 1) parent[row] = root(parent, row);
  return parent;
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
