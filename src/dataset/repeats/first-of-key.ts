// For each row the first one with the same key: by sorting, which needs no map that grows with the rows.

/** 20 bytes a row while it runs. A row whose key no earlier one has is its own first. */
export function firstOfKey(keys: BigUint64Array): Int32Array {
  const first = Int32Array.from({ length: keys.length }, (_, row) => row);
  const repeated = repeatedKeys(keys);
  if (repeated.count === 0) return first;
  const firstRow = new Int32Array(repeated.count).fill(-1);
  const words = wordsOf(keys);
  for (let row = 0; row < keys.length; row += 1) {
    const at = repeated.find(words[2 * row] as number, words[2 * row + 1] as number);
    if (at === -1) continue;
    if (firstRow[at] === -1) firstRow[at] = row;
    else first[row] = firstRow[at] as number;
  }
  return first;
}

/** As numbers in pairs, lower word first: reading a BigUint64Array makes an object of each key. */
function wordsOf(keys: BigUint64Array): Uint32Array {
  return new Uint32Array(keys.buffer, keys.byteOffset, keys.length * 2);
}

/** The keys that stand more than once, each with its number. */
function repeatedKeys(keys: BigUint64Array): { count: number; find(low: number, high: number): number } {
  const sorted = wordsOf(keys.slice().sort());
  let count = 0;
  for (let at = 2; at < sorted.length; at += 2) {
    const isRepeated = sorted[at] === sorted[at - 2] && sorted[at + 1] === sorted[at - 1];
    const isKnown = count > 0 && sorted[2 * count - 2] === sorted[at] && sorted[2 * count - 1] === sorted[at + 1];
    if (!isRepeated || isKnown) continue;
    // Behind what is still to be read.
    sorted[2 * count] = sorted[at] as number;
    sorted[2 * count + 1] = sorted[at + 1] as number;
    count += 1;
  }
  return {
    count,
    find(low, high) {
      let [from, to] = [0, count - 1];
      while (from <= to) {
        const middle = (from + to) >> 1;
        const [midLow, midHigh] = [sorted[2 * middle] as number, sorted[2 * middle + 1] as number];
        if (midLow === low && midHigh === high) return middle;
        if (midHigh < high || (midHigh === high && midLow < low)) from = middle + 1;
        else to = middle - 1;
      }
      return -1;
    },
  };
}
