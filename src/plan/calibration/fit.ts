// Fits a correction to what past runs measured: one median for each kind of measurement, and its error before and after.
import type { Factor } from "./correct.js";

/** One figure of one run, estimated and measured, in one unit. */
export interface Measured {
  /** Of the run or probe. */
  id: string;
  /** What is counted to the byte and needs no correction; 0: nothing. */
  counted: number;
  estimated: number;
  measured: number;
}

/** With fewer runs than these a median is chance. */
export const leastRuns = 3;

/** Null: too few runs say anything. */
export function fitFactor(points: readonly Measured[]): Factor | null {
  const ratios = points.flatMap((point) => ratioOf(point) ?? []);
  if (ratios.length < leastRuns) return null;
  return { factor: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios), runs: ratios.length };
}

/**
 * Measured over estimated, of the part that is not counted to the byte, held to 1/4 .. 4: what is further off has another cause than
 * this machine. Null: that part is so small (under 2 %) that its ratio would be noise.
 */
function ratioOf({ counted, estimated, measured }: Measured): number | null {
  const rest = estimated - counted;
  if (rest < 0.02 * estimated || measured <= 0) return null;
  return Math.min(4, Math.max(0.25, (measured - counted) / rest));
}

export interface FitError {
  /** Of the estimate as it is, |estimated - measured| / measured; median and worst. */
  before: { median: number; worst: number };
  /** With the correction, each run by a median of the others: it has to carry over. Null: too few runs. */
  after: { median: number; worst: number } | null;
}

export function fitErrors(points: readonly Measured[]): FitError {
  const before = points.map((point) => errorOf(point.estimated, point));
  const canFit = fitFactor(points) !== null;
  const after = canFit ? points.map((point) => errorOf(correctedBy(othersOf(points, point), point), point)) : null;
  return { before: summary(before), after: after && summary(after) };
}

function othersOf(points: readonly Measured[], { id }: Measured): number[] {
  return points.filter((point) => point.id !== id).flatMap((point) => ratioOf(point) ?? []);
}

function correctedBy(ratios: number[], { counted, estimated }: Measured): number {
  return ratios.length === 0 ? estimated : counted + median(ratios) * (estimated - counted);
}

function errorOf(estimated: number, { measured }: Measured): number {
  return Math.abs(estimated - measured) / measured;
}

function summary(errors: number[]): { median: number; worst: number } {
  return { median: median(errors), worst: Math.max(...errors) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
