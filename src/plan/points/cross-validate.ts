// Do the fitted constants carry over? Each source of measured peaks is predicted with constants fitted to the other sources alone.
import { quantileSorted } from "simple-statistics";
import { type Constants, constants } from "../memory/allocator.js";
import { errorWithin } from "./error-within.js";
import type { Point } from "./read-points.js";
import { type PeakKind, type PointPeak, peakOf } from "./score.js";

export interface SourceResult {
  /** The id's part before the number. */
  source: string;
  kind: PeakKind;
  points: number;
  /** Median of |predicted / measured - 1| with the constants that ft ships. */
  shipped: number;
  /** With constants fitted without this source. */
  without: number;
  /** 90 % of the points are within it, with those. */
  withoutP90: number;
  /** Those constants. */
  fitted: Constants;
}

/** Rows marked core whose kind is known. One result for each source and kind. */
export function crossValidate(points: readonly Point[]): SourceResult[] {
  const core = points.filter((point) => point.core && point.peak_gib !== null);
  const rows = [...core, ...core.flatMap(shownByDevice)].flatMap(measuredPeak);
  return [...new Set(rows.map(({ source }) => source))].flatMap((source) => {
    const fitted = fitConstants(rows.filter((row) => row.source !== source));
    const own = rows.filter((row) => row.source === source);
    return [...new Set(own.map(({ peak }) => peak.kind))].map((kind) => {
      const some = own.filter(({ peak }) => peak.kind === kind);
      return {
        ...{ source, kind, points: some.length, fitted },
        shipped: quantileSorted(errorsOf(some, constants), 0.5),
        without: quantileSorted(errorsOf(some, fitted), 0.5),
        withoutP90: errorWithin(errorsOf(some, fitted), 0.9),
      };
    });
  });
}

interface Measured {
  source: string;
  peak: PointPeak;
  bytes: number;
}

/** Some notes give what nvidia-smi showed beside the row's own peak. */
function shownByDevice(point: Point): Point[] {
  const mebibytes = /nvidia-smi peak[^=]*=(\d+) MiB/.exec(point.note)?.[1];
  return mebibytes ? [{ ...point, peak_kind: "nvidia-smi", peak_gib: Number(mebibytes) / 1024 }] : [];
}

function measuredPeak(point: Point): Measured[] {
  const peak = peakOf(point);
  if (peak === null || peak.kind === "unknown") return [];
  return [{ source: point.id.replace(/-?\d+$/, ""), peak, bytes: point.peak_gib! * 2 ** 30 }];
}

/** Each constant in turn takes the value with the smallest mean over sources of the median error, twice round. */
function fitConstants(rows: readonly Measured[]): Constants {
  const sources = [...new Set(rows.map(({ source }) => source))].map((name) =>
    rows.filter(({ source }) => source === name),
  );
  const error = (by: Constants): number =>
    sources.reduce((sum, some) => sum + quantileSorted(errorsOf(some, by), 0.5), 0) / sources.length;
  const best: Constants = { lasting: 1, passing: 1, equalLengths: 0, differingLengths: 0, unshared: 0 };
  const keys = Object.keys(grid) as (keyof Constants)[];
  for (const key of [...keys, ...keys]) {
    const tried = grid[key].map((value) => ({ value, error: error({ ...best, [key]: value }) }));
    best[key] = tried.reduce((a, b) => (b.error < a.error ? b : a)).value;
  }
  return best;
}

const grid: Record<keyof Constants, number[]> = {
  equalLengths: [0, 0.1, 0.2, 0.3, 0.4, 0.5],
  differingLengths: [0, 0.4, 0.8, 1.2, 1.6, 2, 2.4],
  unshared: [0, 0.25, 0.5, 0.75, 1],
  lasting: [0.95, 1, 1.05],
  passing: [0.9, 0.95, 1, 1.05, 1.1],
};

/** Ascending. */
function errorsOf(rows: readonly Measured[], by: Constants): number[] {
  return rows.map(({ peak, bytes }) => Math.abs(peak.band(by).mid / bytes - 1)).sort((a, b) => a - b);
}
