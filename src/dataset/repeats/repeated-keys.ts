// Which rows have a key that an earlier row has: by sorting, part by part, so that memory does not grow with the rows but with the repeats.

/** Keys of rows in order, two words each (the lower one first), from row `first` on. Valid until the next block. */
export interface KeyBlock {
  first: number;
  words: Uint32Array;
}

export interface Repeat {
  row: number;
  /** The first row with its key. */
  first: number;
}

/** Rows of a part; there are eight parts at most, for each of which the blocks are gone through. */
const rowsOfPart = 1 << 18;
const mostParts = 8;

/** In the order of the rows. @param blocks goes through the keys once more at each call */
export function repeatsOf(rows: number, blocks: () => Iterable<KeyBlock>): Iterable<Repeat> {
  const parts = Math.min(mostParts, Math.max(1, Math.ceil(rows / rowsOfPart)));
  const found = pairList();
  for (let part = 0; part < parts; part += 1) repeatsOfPart(blocks, { part, parts, rows }, found.add);
  return found.sorted();
}

interface Part {
  part: number;
  parts: number;
  /** Of all parts. */
  rows: number;
}

function repeatsOfPart(
  blocks: () => Iterable<KeyBlock>,
  { part, parts, rows }: Part,
  found: (row: number, first: number) => void,
): void {
  let keys = new Uint32Array(2 * Math.ceil((rows / parts) * 1.05 + 64));
  let rowOf = new Uint32Array(keys.length / 2);
  let count = 0;
  for (const { first, words } of blocks()) {
    for (let at = 0; at < words.length; at += 2) {
      const low = words[at] as number;
      if (low % parts !== part) continue;
      if (count === rowOf.length) [keys, rowOf] = [larger(keys), larger(rowOf)];
      keys[2 * count] = low;
      keys[2 * count + 1] = words[at + 1] as number;
      rowOf[count] = first + at / 2;
      count += 1;
    }
  }
  const repeated = repeatedKeys(keys.slice(0, 2 * count));
  if (repeated.count === 0) return;
  const firstRow = new Int32Array(repeated.count).fill(-1);
  for (let index = 0; index < count; index += 1) {
    const at = repeated.find(keys[2 * index] as number, keys[2 * index + 1] as number);
    if (at === -1) continue;
    const row = rowOf[index] as number;
    if (firstRow[at] === -1) firstRow[at] = row;
    else found(row, firstRow[at] as number);
  }
}

function larger(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(words.length * 2);
  grown.set(words);
  return grown;
}

/** The keys that stand more than once, each with its number. Takes the words over. */
function repeatedKeys(keys: Uint32Array<ArrayBuffer>): { count: number; find(low: number, high: number): number } {
  // Words as they lie in memory are keys of 64 bits: all machines that Node runs on have the lower one first.
  new BigUint64Array(keys.buffer).sort();
  let count = 0;
  for (let at = 2; at < keys.length; at += 2) {
    const isRepeated = keys[at] === keys[at - 2] && keys[at + 1] === keys[at - 1];
    const isKnown = count > 0 && keys[2 * count - 2] === keys[at] && keys[2 * count - 1] === keys[at + 1];
    if (!isRepeated || isKnown) continue;
    // Behind what is still to be read.
    keys[2 * count] = keys[at] as number;
    keys[2 * count + 1] = keys[at + 1] as number;
    count += 1;
  }
  return {
    count,
    find(low, high) {
      let [from, to] = [0, count - 1];
      while (from <= to) {
        const middle = (from + to) >> 1;
        const [midLow, midHigh] = [keys[2 * middle] as number, keys[2 * middle + 1] as number];
        if (midLow === low && midHigh === high) return middle;
        if (midHigh < high || (midHigh === high && midLow < low)) from = middle + 1;
        else to = middle - 1;
      }
      return -1;
    },
  };
}

/** Pairs of row numbers, 8 bytes each. */
function pairList() {
  let words = new Uint32Array(64);
  let count = 0;
  return {
    add(row: number, first: number): void {
      if (2 * count === words.length) words = larger(words);
      words[2 * count] = first;
      words[2 * count + 1] = row;
      count += 1;
    },
    *sorted(): Generator<Repeat> {
      const pairs = words.slice(0, 2 * count);
      new BigUint64Array(pairs.buffer).sort();
      for (let at = 0; at < pairs.length; at += 2) yield { first: pairs[at] as number, row: pairs[at + 1] as number };
    },
  };
}
