// Byte pair encoding proper: of all neighbours the pair with the lowest rank merges first, of equals the leftmost, until none is left.
import type { MergeTable } from "./merge-table.js";

/** Symbols of a word in order; `starts` and `ends` say what part of the word each covers. */
export interface Symbols {
  ids: Int32Array;
  starts: Int32Array;
  ends: Int32Array;
  length: number;
}

export function symbolsFor(capacity: number): Symbols {
  return { ids: new Int32Array(capacity), starts: new Int32Array(capacity), ends: new Int32Array(capacity), length: 0 };
}

/** In place. */
export function mergeSymbols(symbols: Symbols, table: MergeTable): void {
  if (symbols.length <= scanned) scan(symbols, table);
  else drain(symbols, table);
}

/** Up to this many symbols looking at all pairs again is faster than a heap. */
const scanned = 48;
const rankAt = new Int32Array(scanned + 1);
const none = 0x7fffffff;

function scan(symbols: Symbols, table: MergeTable): void {
  const { ids, starts, ends } = symbols;
  let { length } = symbols;
  const rank = (at: number) => {
    if (at + 1 >= length) return none;
    const place = table.find(ids[at]!, ids[at + 1]!);
    return place === -1 ? none : table.ranks[place]!;
  };
  for (let at = 0; at < length; at += 1) rankAt[at] = rank(at);
  while (true) {
    let lowest = none;
    let left = -1;
    for (let at = 0; at < length - 1; at += 1) {
      if (rankAt[at]! < lowest) {
        lowest = rankAt[at]!;
        left = at;
      }
    }
    if (left === -1) break;
    ids[left] = table.merged[table.find(ids[left]!, ids[left + 1]!)]!;
    ends[left] = ends[left + 1]!;
    length -= 1;
    ids.copyWithin(left + 1, left + 2, length + 1);
    starts.copyWithin(left + 1, left + 2, length + 1);
    ends.copyWithin(left + 1, left + 2, length + 1);
    rankAt.copyWithin(left + 1, left + 2, length + 1);
    rankAt[left] = rank(left);
    if (left > 0) rankAt[left - 1] = rank(left - 1);
  }
  symbols.length = length;
}

/** With a heap over a linked list: n log n for a word of any length. Each entry is rank * 2^32 + place, so that the heap orders plain numbers. */
function drain(symbols: Symbols, table: MergeTable): void {
  const { ids, starts, ends, length } = symbols;
  const next = new Int32Array(length);
  const previous = new Int32Array(length);
  const heap = minHeap(length);
  const offer = (left: number) => {
    const right = next[left]!;
    if (right === length) return;
    const place = table.find(ids[left]!, ids[right]!);
    if (place !== -1) heap.push(table.ranks[place]! * 0x100000000 + left);
  };
  for (let at = 0; at < length; at += 1) {
    next[at] = at + 1;
    previous[at] = at - 1;
  }
  for (let at = 0; at < length - 1; at += 1) offer(at);
  for (let key = heap.pop(); key !== -1; key = heap.pop()) {
    const rank = Math.floor(key / 0x100000000);
    const left = key - rank * 0x100000000;
    const right = next[left]!;
    if (ids[left] === gone || right === length) continue;
    const place = table.find(ids[left]!, ids[right]!);
    // The pair that stood here has merged with something else since.
    if (place === -1 || table.ranks[place] !== rank) continue;
    ids[left] = table.merged[place]!;
    ends[left] = ends[right]!;
    ids[right] = gone;
    next[left] = next[right]!;
    if (next[left]! < length) previous[next[left]!] = left;
    if (previous[left]! >= 0) offer(previous[left]!);
    offer(left);
  }
  let kept = 0;
  for (let at = 0; at < length; at = next[at]!) {
    ids[kept] = ids[at]!;
    starts[kept] = starts[at]!;
    ends[kept] = ends[at]!;
    kept += 1;
  }
  symbols.length = kept;
}

const gone = -1;

function minHeap(capacity: number): { push(key: number): void; pop(): number } {
  let keys = new Float64Array(Math.max(16, capacity));
  let size = 0;
  return {
    push(key) {
      if (size === keys.length) {
        const larger = new Float64Array(size * 2);
        larger.set(keys);
        keys = larger;
      }
      let at = size;
      size += 1;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (keys[parent]! <= key) break;
        keys[at] = keys[parent]!;
        at = parent;
      }
      keys[at] = key;
    },
    /** -1: empty. */
    pop() {
      if (size === 0) return -1;
      const first = keys[0]!;
      size -= 1;
      const key = keys[size]!;
      let at = 0;
      while (true) {
        let child = at * 2 + 1;
        if (child >= size) break;
        if (child + 1 < size && keys[child + 1]! < keys[child]!) child += 1;
        if (keys[child]! >= key) break;
        keys[at] = keys[child]!;
        at = child;
      }
      keys[at] = key;
      return first;
    },
  };
}
