// The difference of two subjects in one metric over the same items, with its 95 % interval; and a metric's mean with its own.
import { bootstrapInterval, type Interval, pairedProportionInterval, proportionInterval, z } from "./statistics.js";

/** One item that both have a score of. */
export interface ScorePair {
  before: number;
  after: number;
  /** Null: independent of all others. */
  cluster: string | null;
}

export interface PairedDifference extends Interval {
  n: number;
  before: number;
  after: number;
  /** after - before. */
  difference: number;
}

/** Up to so many items the bootstrap is quick; beyond, the normal interval is as good. */
const bootstrapItems = 2000;

/**
 * Yes/no scores: Newcombe's interval for paired proportions; others: BCa bootstrap over items, of more than 2,000 the normal interval. Items in
 * clusters: the normal interval with cluster-robust standard error (Miller, arXiv 2411.00640, section 2.2). Null without items.
 */
export function pairedDifference(pairs: readonly ScorePair[]): PairedDifference | null {
  if (pairs.length === 0) return null;
  const before = mean(pairs.map((pair) => pair.before));
  const after = mean(pairs.map((pair) => pair.after));
  return { n: pairs.length, before, after, difference: after - before, ...intervalOf(pairs) };
}

function intervalOf(pairs: readonly ScorePair[]): Interval {
  const differences = pairs.map(({ before, after }) => after - before);
  if (pairs.some(({ cluster }) => cluster !== null)) return normalInterval(differences, pairs);
  if (pairs.every(({ before, after }) => isBinary(before) && isBinary(after))) {
    const count = (before: number, after: number) =>
      pairs.reduce((sum, pair) => sum + Number(pair.before === before && pair.after === after), 0);
    const counts = { both: count(1, 1), baseOnly: count(1, 0), adapterOnly: count(0, 1), neither: count(0, 0) };
    return pairedProportionInterval(counts);
  }
  if (pairs.length > bootstrapItems) return normalInterval(differences, pairs);
  const rows = differences.map((difference) => [difference]);
  return bootstrapInterval(rows, ([sum = 0]) => sum / pairs.length);
}

/** Mean with its 95 % interval: Wilson's of yes/no scores, else the normal one. Null without scores. */
export function meanInterval(
  scores: readonly { score: number; cluster: string | null }[],
): (Interval & { n: number; mean: number }) | null {
  if (scores.length === 0) return null;
  const values = scores.map(({ score }) => score);
  const isClustered = scores.some(({ cluster }) => cluster !== null);
  const average = mean(values);
  const interval =
    !isClustered && values.every(isBinary)
      ? proportionInterval(values.filter((value) => value === 1).length, values.length)
      : normalInterval(values, scores);
  return { n: values.length, mean: average, ...interval };
}

function normalInterval(values: readonly number[], of: readonly { cluster: string | null }[]): Interval {
  const center = mean(values);
  const sums = of.some(({ cluster }) => cluster !== null)
    ? clusterSums(values, of, center)
    : values.map((value) => value - center);
  if (sums.length < 2) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  let squares = 0;
  for (const sum of sums) squares += sum ** 2;
  // One degree of freedom goes to the mean.
  const error = (Math.sqrt(squares) / values.length) * Math.sqrt(sums.length / (sums.length - 1));
  return { low: center - z * error, high: center + z * error };
}

/** What each cluster is off the mean; an item without one is its own. */
function clusterSums(values: readonly number[], of: readonly { cluster: string | null }[], center: number): number[] {
  const sums = new Map<string | number, number>();
  for (const [index, value] of values.entries()) {
    const key = of[index]!.cluster ?? index;
    sums.set(key, (sums.get(key) ?? 0) + value - center);
  }
  return [...sums.values()];
}

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function isBinary(value: number): boolean {
  return value === 0 || value === 1;
}
