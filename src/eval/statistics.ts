// Paired 95 % intervals: base and adapter saw the same examples, so what varies is the difference per example (Miller, arXiv 2411.00640).
import { quantileSorted } from "simple-statistics";
import { normalCdf, normalQuantile } from "./quantiles.js";
import { seededRandom } from "./random.js";

/** 95 % limits. Infinite where the examples cannot say (fewer than two). */
export interface Interval {
  low: number;
  high: number;
}

/** Counts of one yes/no metric over examples that both base and adapter answered. */
export interface PairedCounts {
  both: number;
  baseOnly: number;
  adapterOnly: number;
  neither: number;
}

const confidence = 0.95;
/** Two-sided 95 % quantile of the standard normal distribution. */
const z = 1.959963984540054;

/**
 * Interval of p(adapter) - p(base), in -1..1: Newcombe, "Improved confidence intervals for the difference between binomial proportions
 * based on paired data", Stat. Med. 17 (1998) 2635-2650, method 10: Wilson limits of both proportions, joined with their
 * correlation phi, whose numerator is corrected for continuity. Unlike Wald's it is never of zero width. No examples: -1..1.
 */
export function pairedProportionInterval({ both, baseOnly, adapterOnly, neither }: PairedCounts): Interval {
  const n = both + baseOnly + adapterOnly + neither;
  if (n === 0) return { low: -1, high: 1 };
  const adapterYes = both + adapterOnly;
  const baseYes = both + baseOnly;
  const difference = (adapterOnly - baseOnly) / n;
  const adapter = wilsonDistances(adapterYes, n);
  const base = wilsonDistances(baseYes, n);
  const margins = Math.sqrt(adapterYes * (n - adapterYes) * baseYes * (n - baseYes));
  const covariance = both * neither - adapterOnly * baseOnly;
  const corrected = covariance > 0 ? Math.max(covariance - n / 2, 0) : covariance;
  const phi = margins === 0 ? 0 : corrected / margins;
  return {
    low: Math.max(-1, difference - joined(adapter.down, base.up, phi)),
    high: Math.min(1, difference + joined(adapter.up, base.down, phi)),
  };
}

/** Wilson's score interval of a proportion, 0..1. No examples: 0..1. */
export function proportionInterval(k: number, n: number): Interval {
  if (n === 0) return { low: 0, high: 1 };
  const { down, up } = wilsonDistances(k, n);
  return { low: k / n - down, high: k / n + up };
}

/** Distances from k/n down and up to its Wilson score limits (Wilson, JASA 22 (1927) 209-212). */
function wilsonDistances(k: number, n: number): { down: number; up: number } {
  const p = k / n;
  const centre = (k + z ** 2 / 2) / (n + z ** 2);
  const half = (z / (n + z ** 2)) * Math.sqrt(n * p * (1 - p) + z ** 2 / 4);
  return { down: p - Math.max(0, centre - half), up: Math.min(1, centre + half) - p };
}

function joined(a: number, b: number, phi: number): number {
  return Math.sqrt(Math.max(0, a * a - 2 * phi * a * b + b * b));
}

/**
 * Bootstrap interval of a statistic of sums over examples, bias-corrected and accelerated (BCa: Efron, JASA 82 (1987) 171-185), by resampling
 * whole examples. A row holds what is summed of one example, so a paired difference stays paired because a row holds both sides. Same rows,
 * same seed: same interval. Means and ratios of sums are such statistics, and leaving one row out of a sum costs one subtraction.
 */
export function bootstrapInterval(
  rows: readonly (readonly number[])[],
  statistic: (sums: readonly number[]) => number,
  { resamples = 2000, seed = 1 }: { resamples?: number; seed?: number } = {},
): Interval {
  if (rows.length < 2) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const random = seededRandom(seed);
  const columns = rows[0]!.map((_, column) => Float64Array.from(rows, (row) => row[column]!));
  const totals = columns.map((column) => column.reduce((sum, value) => sum + value, 0));
  const estimate = statistic(totals);
  const values = Array.from({ length: resamples }, () => statistic(resampledSums(columns, random))).sort(
    (a, b) => a - b,
  );
  const below = values.filter((value) => value < estimate).length;
  const equal = values.filter((value) => value === estimate).length;
  // The extremes are kept off 0 and 1: a bias of infinite size would turn both limits into the same end.
  const share = Math.min(Math.max((below + equal / 2) / resamples, 1 / resamples), 1 - 1 / resamples);
  const bias = normalQuantile(share);
  const left = rows.map((row) => statistic(totals.map((total, column) => total - row[column]!)));
  const acceleration = jackknifeAcceleration(left);
  const limit = (tail: number): number => {
    const shifted = bias + normalQuantile(tail);
    return quantileSorted(values, normalCdf(bias + shifted / (1 - acceleration * shifted)));
  };
  return { low: limit((1 - confidence) / 2), high: limit((1 + confidence) / 2) };
}

function resampledSums(columns: readonly Float64Array[], random: () => number): number[] {
  const sums = columns.map(() => 0);
  const n = columns[0]!.length;
  for (let i = 0; i < n; i++) {
    const at = Math.floor(random() * n);
    for (let column = 0; column < columns.length; column++) sums[column]! += columns[column]![at]!;
  }
  return sums;
}

/** A sixth of the skewness of the leave-one-out values (Efron & Tibshirani, An Introduction to the Bootstrap, eq. 14.15). */
function jackknifeAcceleration(left: readonly number[]): number {
  const mean = left.reduce((sum, value) => sum + value, 0) / left.length;
  let squares = 0;
  let cubes = 0;
  for (const value of left) {
    squares += (mean - value) ** 2;
    cubes += (mean - value) ** 3;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}
