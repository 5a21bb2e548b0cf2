// Which rows of two datasets are the same, changed, added or removed, by their digests alone.
import type { DigestName, RowList } from "./row-list.js";

export interface RowMatch {
  unchanged: number;
  /** [row before, row after]: the same prompt, another answer. */
  changed: [number, number][];
  /** Rows of the new data. */
  added: number[];
  /** Rows of the old data. */
  removed: number[];
}

/**
 * Each row counts as often as it is there: one of three copies removed is one row removed. Order, files and formats do not count. Of rows
 * that are not the same, those with one prompt are paired in the order of the files.
 */
export function matchRows(before: RowList, after: RowList): RowMatch {
  const same = join("exact", { before, after, oldRows: before.sortedBy("exact"), newRows: after.sortedBy("exact") });
  const changed = join("prompt", {
    before,
    after,
    oldRows: before.sortedBy("prompt", [...same.oldLeft]),
    newRows: after.sortedBy("prompt", [...same.newLeft]),
  });
  const pairedOld = new Set(changed.pairs.map(([row]) => row));
  const pairedNew = new Set(changed.pairs.map(([, row]) => row));
  return {
    unchanged: same.pairs.length,
    changed: changed.pairs.sort(([, a], [, b]) => a - b),
    added: same.newLeft.filter((row) => !pairedNew.has(row)).sort((a, b) => a - b),
    removed: same.oldLeft.filter((row) => !pairedOld.has(row)).sort((a, b) => a - b),
  };
}

interface Sides {
  before: RowList;
  after: RowList;
  /** Sorted by the digest that they are joined by. */
  oldRows: number[];
  newRows: number[];
}

/** A merge of two sorted lists: equal ones become pairs, one by one. */
function join(
  digest: DigestName,
  { before, after, oldRows, newRows }: Sides,
): { pairs: [number, number][]; oldLeft: number[]; newLeft: number[] } {
  const pairs: [number, number][] = [];
  const oldLeft: number[] = [];
  const newLeft: number[] = [];
  let [o, n] = [0, 0];
  while (o < oldRows.length && n < newRows.length) {
    const order = before.compare(digest, oldRows[o]!, after, newRows[n]!);
    if (order === 0) pairs.push([oldRows[o++]!, newRows[n++]!]);
    else if (order < 0) oldLeft.push(oldRows[o++]!);
    else newLeft.push(newRows[n++]!);
  }
  return { pairs, oldLeft: oldLeft.concat(oldRows.slice(o)), newLeft: newLeft.concat(newRows.slice(n)) };
}
