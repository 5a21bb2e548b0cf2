// How far a distribution moved: the population stability index, and whether so few rows could show it by chance.

/** Of one figure: how the shares of its bins or values moved. */
export interface Drift {
  name: string;
  /** Population stability index. */
  psi: number;
  /** What chance alone exceeds in 5 % of cases when nothing moved, for this many rows and bins. */
  noise: number;
  level: DriftLevel;
}

export type DriftLevel = "none" | "moderate" | "large";

/**
 * The usual thresholds, of Siddiqi, Credit Risk Scorecards (2006): below 0.1 no change, to 0.25 some, above it a large one.
 * They suppose many rows, so a value within the noise is none whatever its size.
 */
const thresholds = { moderate: 0.1, large: 0.25 };

/** Counts of the same bins, before and after. Bins that are empty on both sides say nothing and are left out. */
export function drift(name: string, before: readonly number[], after: readonly number[]): Drift {
  const bins = before.map((_, index) => index).filter((index) => before[index]! + after[index]! > 0);
  const index = populationStabilityIndex(
    bins.map((bin) => before[bin]!),
    bins.map((bin) => after[bin]!),
  );
  const noise = noiseLevel({ before: sum(before), after: sum(after), bins: bins.length });
  const isNoise = index <= noise;
  const level = isNoise || index < thresholds.moderate ? "none" : index < thresholds.large ? "moderate" : "large";
  return { name, psi: index, noise, level };
}

/**
 * PSI = sum over bins of (q - p) ln(q / p), p and q the bins' shares before and after. Half a row is added to each bin, so that one that is
 * empty on one side does not make it infinite.
 */
export function populationStabilityIndex(before: readonly number[], after: readonly number[]): number {
  if (sum(before) === 0 || sum(after) === 0) return 0;
  const [old, fresh] = [shares(before), shares(after)];
  return old.reduce((total, p, index) => total + (fresh[index]! - p) * Math.log(fresh[index]! / p), 0);
}

/**
 * When nothing moved, PSI is distributed as (1/n + 1/m) times chi-squared with B - 1 degrees of freedom, n and m the rows, B the bins
 * (Yurdakul, Statistical Properties of Population Stability Index, 2018). Its 95 % quantile.
 */
export function noiseLevel({ before, after, bins }: { before: number; after: number; bins: number }): number {
  if (before === 0 || after === 0 || bins < 2) return 0;
  return (1 / before + 1 / after) * chiSquaredQuantile95(bins - 1);
}

/** Wilson and Hilferty's approximation (1931), within 3 % for one degree of freedom and 0.3 % from five on. */
export function chiSquaredQuantile95(degrees: number): number {
  const part = 2 / (9 * degrees);
  return degrees * (1 - part + 1.6449 * Math.sqrt(part)) ** 3;
}

function shares(counts: readonly number[]): number[] {
  const total = sum(counts) + counts.length / 2;
  return counts.map((count) => (count + 0.5) / total);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
