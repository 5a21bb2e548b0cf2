// What a sample is made of: single items, or groups of items that belong together. Its mean per item, and how far off that may be.

export interface Units {
  /** Sum of the items' values in each. */
  sums: readonly number[];
  /** Items in each. */
  sizes: readonly number[];
}

/** `clusters`: the group of each value (one document, one customer); null: it stands by itself. */
export function unitsOf(values: readonly number[], clusters: readonly (string | null)[] | null): Units {
  if (clusters === null) return { sums: values, sizes: values.map(() => 1) };
  const sums: number[] = [];
  const sizes: number[] = [];
  const places = new Map<string, number>();
  for (const [index, value] of values.entries()) {
    const cluster = clusters[index] ?? null;
    const place = cluster === null ? undefined : places.get(cluster);
    if (place === undefined) {
      if (cluster !== null) places.set(cluster, sums.length);
      sums.push(value);
      sizes.push(1);
    } else {
      sums[place]! += value;
      sizes[place]! += 1;
    }
  }
  return { sums, sizes };
}

/**
 * With one unit more that is wholly at each end of the scale, as large as the others are on average (Bonett & Price, J. Educ. Behav. Stat. 37
 * (2012) 479-488, do so with items): groups of which none was wholly lost do not say that none could be. `ends`: of one item.
 */
export function withEnds({ sums, sizes }: Units, ends: readonly [number, number]): Units {
  const size = sizes.reduce((all, each) => all + each, 0) / sizes.length;
  return { sums: [...sums, ...ends.map((end) => end * size)], sizes: [...sizes, size, size] };
}

/**
 * The mean per item and its standard error: of single items the usual one; of groups robust to what their items share (Liang & Zeger,
 * Biometrika 73 (1986) 13-22, with the factor G / (G - 1)).
 */
export function meanAndError({ sums, sizes }: Units): { mean: number; error: number } {
  const total = sizes.reduce((all, size) => all + size, 0);
  const mean = sums.reduce((all, sum) => all + sum, 0) / total;
  const squares = sums.reduce((all, sum, i) => all + (sum - mean * sizes[i]!) ** 2, 0);
  const count = sums.length;
  return { mean, error: Math.sqrt((squares * count) / (count - 1)) / total };
}
