// Counts of whole numbers (lengths, turns) in bounded memory, and what is read off them: quantiles and histograms.

export interface NumberCounts {
  /** Whole and not negative. */
  add(value: number): void;
  count: number;
  sum: number;
  min: number;
  max: number;
  /** [value, how often], ascending. Values from 1,024 on are rounded to within 0.6 %. */
  sorted(): [number, number][];
}

/** Exact below 1,024; above it one bucket for each 1.1 % (64 to a doubling), so that some 2,000 buckets hold all there can be. */
export function numberCounts(): NumberCounts {
  const counts = new Map<number, number>();
  return {
    count: 0,
    sum: 0,
    min: 0,
    max: 0,
    add(value) {
      const bucket = value < exactBelow ? value : bucketOf(value);
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
      this.min = this.count === 0 ? value : Math.min(this.min, value);
      this.max = Math.max(this.max, value);
      this.count += 1;
      this.sum += value;
    },
    sorted: () => [...counts].sort(([a], [b]) => a - b),
  };
}

const exactBelow = 1024;
const perDoubling = 64;

function bucketOf(value: number): number {
  return Math.round(2 ** (Math.round(Math.log2(value) * perDoubling) / perDoubling));
}

/** What a screen says of a distribution; all in the unit of the values. */
export interface LengthSummary {
  count: number;
  sum: number;
  mean: number;
  min: number;
  p50: number;
  p90: number;
  p99: number;
  max: number;
  histogram: Bin[];
}

/** Values from `from` up to, but not including, `to`; null: no upper end. */
interface Bin {
  from: number;
  to: number | null;
  count: number;
}

export function summarise(counts: NumberCounts): LengthSummary {
  const { count, sum, min, max } = counts;
  const sorted = counts.sorted();
  const at = (share: number) => Math.min(max, quantile(sorted, count, share));
  return {
    ...{ count, sum, mean: count === 0 ? 0 : sum / count, min },
    ...{ p50: at(0.5), p90: at(0.9), p99: at(0.99), max },
    histogram: histogram(sorted, { end: at(0.99), max }),
  };
}

/** The smallest value that at least `share` of the values do not exceed (nearest rank). 0 when there is none. */
export function quantile(sorted: readonly [number, number][], count: number, share: number): number {
  const rank = Math.max(1, Math.ceil(share * count));
  let seen = 0;
  for (const [value, times] of sorted) {
    seen += times;
    if (seen >= rank) return value;
  }
  return 0;
}

const mostBins = 20;

/** Bins of one round width from 0 to where 99 % of the values end, and one more for what lies beyond. */
function histogram(sorted: readonly [number, number][], { end, max }: { end: number; max: number }): Bin[] {
  if (sorted.length === 0) return [];
  const width = roundWidth((end + 1) / mostBins);
  const bins: Bin[] = Array.from({ length: Math.floor(end / width) + 1 }, (_, index) => {
    return { from: index * width, to: (index + 1) * width, count: 0 };
  });
  const last = bins.at(-1)!.to!;
  if (max >= last) bins.push({ from: last, to: null, count: 0 });
  for (const [value, times] of sorted) bins[Math.min(bins.length - 1, Math.floor(value / width))]!.count += times;
  return bins;
}

/** The next of 1, 2, 5, 10, 20, 50 ... */
function roundWidth(least: number): number {
  const power = 10 ** Math.max(0, Math.floor(Math.log10(least)));
  return [1, 2, 5, 10].map((step) => step * power).find((width) => width >= least)!;
}
