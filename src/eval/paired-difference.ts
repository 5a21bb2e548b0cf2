// The difference of two subjects in one metric over the same items, with its 95 % interval; and a metric's mean with its own.
import { tQuantile } from "./quantiles.js";
import { bootstrapInterval, type Interval, pairedProportionInterval, proportionInterval } from "./statistics.js";
import { meanAndError, type Units, unitsOf, withEnds } from "./units.js";

export interface PairedDifference extends Interval {
  n: number;
  before: number;
  after: number;
  /** after - before. */
  difference: number;
}

export interface Sample {
  /** The group of each item; null: all are independent of each other. */
  clusters: readonly (string | null)[] | null;
  /** The least and the most that an item can have; null: it has no bounds. */
  scale: readonly [number, number] | null;
}

/** Up to so many items the bootstrap is quick; beyond, Student's interval is as good. */
const bootstrapItems = 2000;

/**
 * Of items that both have a score of. Yes/no scores: Newcombe's interval for paired proportions; others: BCa bootstrap over items, of more than
 * 2,000 Student's interval. Items in clusters: Student's with cluster-robust standard error (Miller, arXiv 2411.00640, section 2.2). Of scores
 * with a scale (but for Newcombe's, which needs none) one item or group more that was wholly won and one that was wholly lost are counted (withEnds),
 * as the gate counts them: items without any difference give no zero width. Null without items.
 */
export function pairedDifference(
  before: readonly number[],
  after: readonly number[],
  sample: Sample,
): PairedDifference | null {
  if (before.length === 0) return null;
  const [was, is] = [mean(before), mean(after)];
  return { n: before.length, before: was, after: is, difference: is - was, ...intervalOf(before, after, sample) };
}

function intervalOf(before: readonly number[], after: readonly number[], { clusters, scale }: Sample): Interval {
  const n = before.length;
  const isYesNo = before.every(isBinary) && after.every(isBinary);
  if (clusters === null && isYesNo) {
    const counts = { both: 0, baseOnly: 0, adapterOnly: 0, neither: 0 };
    for (let i = 0; i < n; i++) {
      counts[before[i] && after[i] ? "both" : before[i] ? "baseOnly" : after[i] ? "adapterOnly" : "neither"] += 1;
    }
    return pairedProportionInterval(counts);
  }
  const differences = after.map((score, i) => score - before[i]!);
  const bounds = isYesNo ? yesNo : scale;
  const range = bounds && ([bounds[0] - bounds[1], bounds[1] - bounds[0]] as const);
  if (clusters !== null || n > bootstrapItems) return studentInterval(unitsOf(differences, clusters), range);
  if (n < 2) return unknown;
  const rows = [...differences, ...(range ?? [])].map((difference) => [difference]);
  return bootstrapInterval(rows, ([sum = 0]) => sum / rows.length);
}

/**
 * Mean with its 95 % interval: Wilson's of yes/no scores, else Student's, of scores with a scale (in clusters of yes/no scores too) with one item
 * or group more at each end of it. Null without scores.
 */
export function meanInterval(
  scores: readonly number[],
  { clusters, scale }: Sample,
): (Interval & { n: number; mean: number }) | null {
  const n = scores.length;
  if (n === 0) return null;
  const average = mean(scores);
  const isYesNo = scores.every(isBinary);
  const interval =
    clusters === null && isYesNo
      ? proportionInterval(Math.round(average * n), n)
      : studentInterval(unitsOf(scores, clusters), isYesNo ? yesNo : scale);
  return { n, mean: average, ...interval };
}

const yesNo = [0, 1] as const;
const unknown: Interval = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

/** `range`: the least and the most that an item can have: a unit of each is counted besides, and nothing lies outside. */
function studentInterval(units: Units, range: readonly [number, number] | null): Interval {
  if (units.sums.length < 2) return unknown;
  const { mean, error } = meanAndError(range ? withEnds(units, range) : units);
  const width = tQuantile(0.975, units.sums.length - 1) * error;
  const [least, most] = range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return { low: Math.max(least, mean - width), high: Math.min(most, mean + width) };
}

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function isBinary(value: number): boolean {
  return value === 0 || value === 1;
}
