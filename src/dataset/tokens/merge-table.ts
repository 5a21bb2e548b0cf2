// The merges of a BPE model: pair of ids -> rank and id of the merged token, in one open-addressed table of numbers.

export interface MergeTable {
  /** Place in the table; -1: the pair does not merge. */
  find(left: number, right: number): number;
  /** By place: which merge comes first (the lower), and what becomes of the pair. */
  ranks: Int32Array;
  merged: Int32Array;
}

/** Null: a merge names a token that the vocabulary does not have. */
export function mergeTable(
  merges: readonly (string | readonly [string, string])[],
  vocabulary: ReadonlyMap<string, number>,
): MergeTable | null {
  let size = 1024;
  while (size < merges.length * 2) size *= 2;
  const mask = size - 1;
  const lefts = new Int32Array(size).fill(-1);
  const rights = new Int32Array(size);
  const ranks = new Int32Array(size);
  const merged = new Int32Array(size);
  const place = (left: number, right: number) => {
    let at = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
    at = (at ^ (at >>> 15)) & mask;
    while (lefts[at] !== -1 && (lefts[at] !== left || rights[at] !== right)) at = (at + 1) & mask;
    return at;
  };
  for (let rank = 0; rank < merges.length; rank += 1) {
    const merge = merges[rank]!;
    const space = typeof merge === "string" ? merge.indexOf(" ", 1) : 0;
    const leftText = typeof merge === "string" ? merge.slice(0, space) : merge[0];
    const rightText = typeof merge === "string" ? merge.slice(space + 1) : merge[1];
    const left = vocabulary.get(leftText);
    const right = vocabulary.get(rightText);
    const whole = vocabulary.get(leftText + rightText);
    if (left === undefined || right === undefined || whole === undefined) return null;
    const at = place(left, right);
    lefts[at] = left;
    rights[at] = right;
    ranks[at] = rank;
    merged[at] = whole;
  }
  return {
    find(left, right) {
      const at = place(left, right);
      return lefts[at] === -1 ? -1 : at;
    },
    ranks,
    merged,
  };
}
