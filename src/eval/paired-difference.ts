// The difference of two subjects in one metric over the same items, with its 95 % interval; and a metric's mean with its own.
import { bootstrapInterval, type Interval, pairedProportionInterval, proportionInterval, z } from "./statistics.js";
import { meanAndError, unitsOf } from "./units.js";

export interface PairedDifference extends Interval {
  n: number;
  before: number;
  after: number;
  /** after - before. */
  difference: number;
}

/** The group of each item; null: all are independent of each other. */
type Clusters = readonly (string | null)[] | null;

/** Up to so many items the bootstrap is quick; beyond, the normal interval is as good. */
const bootstrapItems = 2000;

/**
 * Of items that both have a score of. Yes/no scores: Newcombe's interval for paired proportions; others: BCa bootstrap over items, of more than
 * 2,000 the normal interval. Items in clusters: the normal interval with cluster-robust standard error (Miller, arXiv 2411.00640, section 2.2).
 * Null without items.
 */
export function pairedDifference(
  before: readonly number[],
  after: readonly number[],
  clusters: Clusters,
): PairedDifference | null {
  if (before.length === 0) return null;
  const [was, is] = [mean(before), mean(after)];
  return { n: before.length, before: was, after: is, difference: is - was, ...intervalOf(before, after, clusters) };
}

function intervalOf(before: readonly number[], after: readonly number[], clusters: Clusters): Interval {
  const n = before.length;
  if (clusters === null && before.every(isBinary) && after.every(isBinary)) {
    const counts = { both: 0, baseOnly: 0, adapterOnly: 0, neither: 0 };
    for (let i = 0; i < n; i++) {
      counts[before[i] && after[i] ? "both" : before[i] ? "baseOnly" : after[i] ? "adapterOnly" : "neither"] += 1;
    }
    return pairedProportionInterval(counts);
  }
  const differences = after.map((score, i) => score - before[i]!);
  if (clusters !== null || n > bootstrapItems) return normalInterval(differences, clusters);
  const rows = differences.map((difference) => [difference]);
  return bootstrapInterval(rows, ([sum = 0]) => sum / n);
}

/** Mean with its 95 % interval: Wilson's of yes/no scores, else the normal one. Null without scores. */
export function meanInterval(
  scores: readonly number[],
  clusters: Clusters,
): (Interval & { n: number; mean: number }) | null {
  const n = scores.length;
  if (n === 0) return null;
  const average = mean(scores);
  const isProportion = clusters === null && scores.every(isBinary);
  const interval = isProportion ? proportionInterval(Math.round(average * n), n) : normalInterval(scores, clusters);
  return { n, mean: average, ...interval };
}

function normalInterval(values: readonly number[], clusters: Clusters): Interval {
  const units = unitsOf(values, clusters);
  if (units.sums.length < 2) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const { mean, error } = meanAndError(units);
  return { low: mean - z * error, high: mean + z * error };
}

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function isBinary(value: number): boolean {
  return value === 0 || value === 1;
}
