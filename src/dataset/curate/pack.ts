// How well rows fill sequences of max_length: without packing, and by each packing strategy of TRL 1.16 (trl/data_utils.py, pack_dataset).

export const packingStrategies = ["none", "bfd", "bfd_split", "wrapped"] as const;
export type PackingStrategy = (typeof packingStrategies)[number];

export interface Packing {
  strategy: PackingStrategy;
  sequences: number;
  /** Of sequences x maxLength that hold tokens of rows; 0 without rows. */
  filled: number;
  /** Tokens that no sequence holds. */
  cutTokens: number;
  /** Rows that lose tokens, or stand in several sequences. */
  cutRows: number;
}

/** TRL packs so many rows at a time (the batch of datasets' map): what is left over of one batch is not filled by the next. */
const batchRows = 1000;

/** @param lengths tokens of each row, in the order of the rows */
export function packing(lengths: readonly number[], maxLength: number, strategy: PackingStrategy): Packing {
  const sum = { sequences: 0, kept: 0, cutTokens: 0, cutRows: 0 };
  for (let from = 0; from < lengths.length; from += batchRows) {
    const rows = lengths.slice(from, from + batchRows).filter((length) => length > 0);
    const { sequences, cutTokens, cutRows } = packBatch(rows, maxLength, strategy);
    sum.sequences += sequences;
    sum.kept += total(rows) - cutTokens;
    sum.cutTokens += cutTokens;
    sum.cutRows += cutRows;
  }
  const { kept, ...packed } = sum;
  return { strategy, filled: sum.sequences === 0 ? 0 : kept / (sum.sequences * maxLength), ...packed };
}

function packBatch(rows: number[], maxLength: number, strategy: PackingStrategy): Omit<Packing, "strategy" | "filled"> {
  const overlong = rows.filter((length) => length > maxLength);
  const cut = { cutTokens: total(overlong) - overlong.length * maxLength, cutRows: overlong.length };
  switch (strategy) {
    case "none":
      return { sequences: rows.length, ...cut };
    case "bfd":
      return {
        sequences: bins(
          rows.map((length) => Math.min(length, maxLength)),
          maxLength,
        ),
        ...cut,
      };
    case "bfd_split": {
      const pieces = rows.flatMap((length) => fragments(length, maxLength));
      return { sequences: bins(pieces, maxLength), cutTokens: 0, cutRows: overlong.length };
    }
    case "wrapped":
      return { sequences: Math.ceil(total(rows) / maxLength), cutTokens: 0, cutRows: wrappedRows(rows, maxLength) };
  }
}

function total(lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + length, 0);
}

function fragments(length: number, maxLength: number): number[] {
  const whole = Array.from({ length: Math.floor(length / maxLength) }, () => maxLength);
  return length % maxLength === 0 ? whole : [...whole, length % maxLength];
}

/** Rows that lie across the border of two sequences. */
function wrappedRows(rows: number[], maxLength: number): number {
  let at = 0;
  let cut = 0;
  for (const length of rows) {
    if (Math.floor(at / maxLength) !== Math.floor((at + length - 1) / maxLength)) cut += 1;
    at += length;
  }
  return cut;
}

/** Best-fit decreasing: each row, the longest first, goes where it leaves the least space. Returns the bins needed. */
function bins(lengths: number[], maxLength: number): number {
  const spaces = spaceIndex(maxLength);
  let count = 0;
  for (const length of lengths.sort((a, b) => b - a)) {
    const space = spaces.smallestFrom(length);
    if (space === null) count += 1;
    else spaces.remove(space);
    spaces.add((space ?? maxLength) - length);
  }
  return count;
}

/** A multiset of spaces up to `most`, as a segment tree: which is the smallest that is large enough. */
function spaceIndex(most: number) {
  let leaves = 1;
  while (leaves <= most) leaves *= 2;
  const sums = new Int32Array(2 * leaves);
  const change = (space: number, by: number) => {
    for (let node = leaves + space; node > 0; node >>= 1) sums[node] = (sums[node] as number) + by;
  };
  return {
    add: (space: number) => change(space, 1),
    remove: (space: number) => change(space, -1),
    smallestFrom(space: number): number | null {
      let node = leaves + space;
      if (sums[node] === 0) {
        // Up to the first ancestor that has something to the right of us.
        while (node > 1 && (node % 2 === 1 || sums[node + 1] === 0)) node >>= 1;
        if (node <= 1) return null;
        node += 1;
      }
      while (node < leaves) node = sums[2 * node] === 0 ? 2 * node + 1 : 2 * node;
      return node - leaves;
    },
  };
}
