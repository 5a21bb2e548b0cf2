// Counts of texts (labels, tool names, system prompts) in bounded memory: the first distinct ones are kept, later ones only counted.

export interface ValueCounts {
  add(value: string, times?: number): void;
  /** All that were added, kept or not. */
  total: number;
  /** Added, but not kept: more distinct values came than `limit`. Then the counts of the kept ones are still exact. */
  unkept: number;
  distinct(): number;
  /** Most frequent first, ties by name. */
  top(most?: number): Tally[];
}

export interface Tally {
  value: string;
  count: number;
}

/** @param limit distinct values kept */
export function valueCounts(limit: number): ValueCounts {
  const counts = new Map<string, number>();
  return {
    total: 0,
    unkept: 0,
    add(value, times = 1) {
      this.total += times;
      const known = counts.get(value);
      if (known !== undefined || counts.size < limit) counts.set(value, (known ?? 0) + times);
      else this.unkept += times;
    },
    distinct: () => counts.size,
    top(most = limit) {
      const tallies = [...counts].map(([value, count]) => ({ value, count }));
      return tallies.sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)).slice(0, most);
    },
  };
}
