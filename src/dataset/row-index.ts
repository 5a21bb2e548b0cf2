// Remembers every row by its 16-byte digest and where it was first seen: 28 bytes a slot in typed arrays, tens of millions of rows.
import type { RowPlace } from "./canonical.js";

interface Seen {
  place: RowPlace;
  /** The exact digest agrees too, not only the loose one. */
  exact: boolean;
}

export interface RowIndex {
  /** Remembers the row unless one with its loose digest is there; returns that one, or null when it is new. */
  add(loose: Buffer, exact: Buffer, place: RowPlace): Seen | null;
}

export function createRowIndex(): RowIndex {
  const files: string[] = [];
  let table = newTable(1024);
  let count = 0;

  const seenAt = (slot: number, exact: Buffer): Seen => ({
    place: { file: files[table.cells[slot + 5] as number] as string, line: table.cells[slot + 6] as number },
    exact: table.cells[slot + 4] === exact.readUInt32LE(0),
  });

  return {
    add(loose, exact, place) {
      if (count * 3 > table.slots * 2) table = grown(table);
      const words = wordsOf(loose);
      const slot = slotOf(table, words);
      if (table.cells[slot + 6] !== 0) return seenAt(slot, exact);
      if (files.at(-1) !== place.file) files.push(place.file);
      table.cells.set([...words, exact.readUInt32LE(0), files.length - 1, place.line], slot);
      count += 1;
      return null;
    },
  };
}

/** Open addressing, linear probing. A slot: 4 words of loose digest, 1 of the exact one, file, line (0: free). */
interface Table {
  slots: number;
  cells: Uint32Array;
}

type Words = [number, number, number, number];

const width = 7;

function newTable(slots: number): Table {
  return { slots, cells: new Uint32Array(slots * width) };
}

function wordsOf(digest: Buffer): Words {
  return [digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12)];
}

/** Offset of the slot that holds the digest, or of the free one where it belongs. */
function slotOf({ slots, cells }: Table, [a, b, c, d]: Words): number {
  for (let slot = a % slots; ; slot = (slot + 1) % slots) {
    const at = slot * width;
    if (cells[at + 6] === 0) return at;
    if (cells[at] === a && cells[at + 1] === b && cells[at + 2] === c && cells[at + 3] === d) return at;
  }
}

function grown(old: Table): Table {
  const table = newTable(old.slots * 2);
  for (let at = 0; at < old.cells.length; at += width) {
    if (old.cells[at + 6] === 0) continue;
    const row = old.cells.subarray(at, at + width);
    table.cells.set(row, slotOf(table, [row[0]!, row[1]!, row[2]!, row[3]!]));
  }
  return table;
}
