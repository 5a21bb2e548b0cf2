// Which item of a benchmark (or of the held-out rows) a run of words comes from: open addressing in typed arrays, bounded.
import type { RowPlace } from "../canonical.js";
import { eachGram, wordHashes } from "./word-grams.js";

export interface GramIndex {
  /** Remembers the runs of an item's text; false when the index is full and holds no more items. */
  add(text: string, place: RowPlace): boolean;
  /** For those who look (`gramsIn`), once all items were added. */
  table(): GramTable;
  /** What was found in a training row: the item of the largest share. Null: nothing. */
  count(found: readonly GramsOfItem[]): GramHit | null;
  /** Runs of words that so many training rows have are no one's: told by the slots of a hit. */
  isBoilerplate(hit: GramHit): boolean;
  items: number;
}

/** In memory that threads share. */
export interface GramTable {
  low: Uint32Array;
  high: Uint32Array;
  /** Item + 1; 0: free; `common`: of too many items. */
  owner: Uint32Array;
  /** Words of the runs. */
  lengths: number[];
}

/** Where the runs of one item are in the table that stand in a row. */
export interface GramsOfItem {
  item: number;
  slots: number[];
}

export interface GramHit {
  item: RowPlace;
  /** Runs of the item that were found, and all that it has. */
  found: number;
  all: number;
  slots: number[];
}

/** Words an item must have to be recognised at all: the least that GPT-3's authors took. */
export const fewestWords = 8;
/** 4 million runs take 100 MB. */
const mostGrams = 4_000_000;
/** A run that more training rows have is a phrase, not a leak (as in GPT-3's filter). */
const mostRows = 10;
const common = 0xffffffff;

/** @param n words of a run. @param mostItems a run that more items have is a phrase of the benchmark, not an item */
export function gramIndex({ n, mostItems }: { n: number; mostItems: number }): GramIndex {
  const places: RowPlace[] = [];
  const sizes: number[] = [];
  const lengths = new Set<number>();
  let table = newTable(1 << 12);
  let count = 0;

  const insert = (low: number, high: number, item: number): void => {
    if (count * 3 > table.owner.length * 2) table = grown(table);
    const slot = slotOf(table, low, high);
    const owner = table.owner[slot] as number;
    if (owner === 0) {
      table.low[slot] = low;
      table.high[slot] = high;
      table.owner[slot] = item + 1;
      count += 1;
    } else if (owner !== common && owner !== item + 1) {
      table.items[slot] = (table.items[slot] as number) + 1;
      if ((table.items[slot] as number) >= mostItems) table.owner[slot] = common;
    }
  };

  return {
    get items() {
      return places.length;
    },
    add(text, place) {
      const words = wordHashes(text);
      if (words.count < fewestWords) return true;
      const length = Math.min(n, words.count);
      if (count + words.count > mostGrams) return false;
      const item = places.length;
      let runs = 0;
      eachGram(words, length, (low, high) => {
        insert(low, high, item);
        runs += 1;
      });
      if (runs === 0) return true;
      lengths.add(length);
      places.push(place);
      sizes.push(runs);
      return true;
    },
    table: () => ({ low: table.low, high: table.high, owner: table.owner, lengths: [...lengths] }),
    count(found) {
      let best: GramHit | null = null;
      for (const { item, slots } of found) {
        for (const slot of slots) table.rows[slot] = Math.min(0xff, (table.rows[slot] as number) + 1);
        const all = sizes[item] as number;
        if (!best || slots.length / all > best.found / best.all)
          best = { item: places[item] as RowPlace, found: slots.length, all, slots };
      }
      return best;
    },
    isBoilerplate: ({ slots }) => slots.every((slot) => (table.rows[slot] as number) > mostRows),
  };
}

/** The runs of any item that stand in the texts of a row. */
export function gramsIn(table: GramTable, texts: readonly string[]): GramsOfItem[] {
  const found = new Map<number, number[]>();
  for (const text of texts) {
    const words = wordHashes(text);
    for (const length of table.lengths) {
      eachGram(words, length, (low, high) => {
        const slot = slotOf(table, low, high);
        const owner = table.owner[slot] as number;
        if (owner === 0 || owner === common) return;
        const slots = found.get(owner - 1);
        if (!slots) found.set(owner - 1, [slot]);
        else if (!slots.includes(slot)) slots.push(slot);
      });
    }
  }
  return [...found].map(([item, slots]) => ({ item, slots }));
}

interface Table extends Omit<GramTable, "lengths"> {
  /** Further items that have it. */
  items: Uint8Array;
  /** Training rows that have it. */
  rows: Uint8Array;
}

function newTable(slots: number): Table {
  return {
    low: new Uint32Array(new SharedArrayBuffer(slots * 4)),
    high: new Uint32Array(new SharedArrayBuffer(slots * 4)),
    owner: new Uint32Array(new SharedArrayBuffer(slots * 4)),
    items: new Uint8Array(slots),
    rows: new Uint8Array(slots),
  };
}

/** Of the run, or the free slot where it belongs. */
function slotOf({ low, high, owner }: Omit<GramTable, "lengths">, lowHash: number, highHash: number): number {
  const mask = owner.length - 1;
  for (let slot = (lowHash ^ (highHash >>> 7)) & mask; ; slot = (slot + 1) & mask) {
    if (owner[slot] === 0 || (low[slot] === lowHash && high[slot] === highHash)) return slot;
  }
}

function grown(old: Table): Table {
  const table = newTable(old.owner.length * 2);
  for (let at = 0; at < old.owner.length; at += 1) {
    if (old.owner[at] === 0) continue;
    const slot = slotOf(table, old.low[at] as number, old.high[at] as number);
    for (const name of ["low", "high", "owner", "items", "rows"] as const) table[name][slot] = old[name][at] as number;
  }
  return table;
}
