// Predicted against measured: each point, and the figures of merit by kind.
import { quantileSorted } from "simple-statistics";
import {
  allocatedBand,
  type Band,
  type Constants,
  constants,
  deviceBand,
  type PeakParts,
  reservedBand,
} from "../memory/allocator.js";
import { estimateMemory } from "../memory/estimate.js";
import { errorWithin } from "./error-within.js";
import { gpuBytesInName } from "./gpu-bytes.js";
import type { Point } from "./read-points.js";
import { settingOfPoint } from "./setting-of-point.js";

export type PeakKind = "allocated" | "reserved" | "nvidia-smi" | "unknown";

interface ScoredPoint {
  id: string;
  kind: PeakKind;
  predictedGiB: number;
  lowGiB: number;
  highGiB: number;
  /** Null: not in the file. */
  measuredGiB: number | null;
}

export interface KindSummary {
  points: number;
  /** |predicted / measured - 1|. */
  medianError: number;
  /** 90 % of the points are within it. */
  p90Error: number;
  /** Share of points at or below highGiB. */
  covered: number;
  /** Median of highGiB / predictedGiB. */
  highOverPredicted: number;
}

export interface Comparison {
  points: ScoredPoint[];
  /** Rows whose model's dimensions are not known. */
  skipped: string[];
  summary: Record<string, KindSummary>;
}

/** Summaries: of all points, by kind, and of rows marked core by kind. */
export function comparePoints(points: readonly Point[]): Comparison {
  const scored = points.map((point) => ({ point, score: scorePoint(point) }));
  const known = scored.flatMap(({ point, score }) => (score === null ? [] : [{ point, score }]));
  const groups = new Map<string, ScoredPoint[]>();
  const add = (name: string, score: ScoredPoint): void => {
    groups.set(name, [...(groups.get(name) ?? []), score]);
  };
  for (const { point, score } of known) {
    if (score.measuredGiB === null) continue;
    add("all", score);
    add(score.kind, score);
    if (point.core) add(`core ${score.kind}`, score);
  }
  return {
    points: known.map(({ score }) => score),
    skipped: scored.flatMap(({ point, score }) => (score === null ? [point.id] : [])),
    summary: Object.fromEntries([...groups].map(([name, scores]) => [name, summarise(scores)])),
  };
}

/** A row's peak as the estimate has it, before the fitted constants come in. */
export interface PointPeak {
  kind: PeakKind;
  /** Bytes. */
  band(by: Constants): Band;
}

/** Null when the model's dimensions are not known. */
export function peakOf(point: Point): PointPeak | null {
  const setting = settingOfPoint(point);
  if (setting === null) return null;
  const kind = kindOf(point.peak_kind);
  const { parts } = estimateMemory(setting, gpuBytesInName(point.gpu));
  return { kind, band: (by) => bandFor[kind](parts, by) };
}

function scorePoint(point: Point): ScoredPoint | null {
  const usual = peakOf(point);
  if (usual === null) return null;
  const { kind } = usual;
  const band = usual.band(constants);
  const open = isOpen(point)
    ? [leastDemanding, mostDemanding].flatMap((values) => peakOf(filledIn(point, values)) ?? [])
    : [];
  const bands = [band, ...open.map((peak) => peak.band(constants))];
  return {
    ...{ id: point.id, kind, predictedGiB: gibibytes(band.mid), measuredGiB: point.peak_gib },
    lowGiB: gibibytes(Math.min(...bands.map(({ low }) => low))),
    highGiB: gibibytes(Math.max(...bands.map(({ high }) => high))),
  };
}

/** What a row leaves open widens its band: the least and the most that people train with. */
const leastDemanding = { micro_batch: 1, seq_len: 256, grad_checkpointing: true, optimizer: "adamw_8bit" };
const mostDemanding = { micro_batch: 4, seq_len: 4096, grad_checkpointing: false, optimizer: "adamw" };

function isOpen(point: Point): boolean {
  return point.micro_batch === null || point.seq_len === null || point.grad_checkpointing === null || !point.optimizer;
}

function filledIn(point: Point, values: typeof mostDemanding): Point {
  return {
    ...point,
    micro_batch: point.micro_batch ?? values.micro_batch,
    seq_len: point.seq_len ?? values.seq_len,
    grad_checkpointing: point.grad_checkpointing ?? values.grad_checkpointing,
    optimizer: point.optimizer || values.optimizer,
  };
}

const bandFor: Record<PeakKind, (parts: PeakParts, by: Constants) => Band> = {
  allocated: allocatedBand,
  reserved: reservedBand,
  "nvidia-smi": deviceBand,
  unknown: unknownBand,
};

/** Where it is not said what was measured it may be anything from tensors to the whole device, in gigabytes of either size. */
function unknownBand(parts: PeakParts, by: Constants): Band {
  return {
    low: allocatedBand(parts, by).low / gigabyteDoubt,
    mid: reservedBand(parts, by).mid,
    high: deviceBand(parts, by).high * gigabyteDoubt,
  };
}

const gigabyteDoubt = 2 ** 30 / 1e9;

function kindOf(text: string): PeakKind {
  if (/allocated|active/i.test(text)) return "allocated";
  if (/reserved/i.test(text)) return "reserved";
  return /smi/i.test(text) ? "nvidia-smi" : "unknown";
}

function summarise(scores: readonly ScoredPoint[]): KindSummary {
  const sorted = (of: (score: ScoredPoint) => number): number[] => scores.map(of).sort((a, b) => a - b);
  const errors = sorted(({ predictedGiB, measuredGiB }) => Math.abs(predictedGiB / measuredGiB! - 1));
  const round = (value: number): number => Math.round(value * 1e4) / 1e4;
  return {
    points: scores.length,
    medianError: round(quantileSorted(errors, 0.5)),
    p90Error: round(errorWithin(errors, 0.9)),
    covered: round(scores.filter(({ measuredGiB, highGiB }) => measuredGiB! <= highGiB).length / scores.length),
    highOverPredicted: round(
      quantileSorted(
        sorted(({ highGiB, predictedGiB }) => highGiB / predictedGiB),
        0.5,
      ),
    ),
  };
}

function gibibytes(bytes: number): number {
  return Math.round((bytes / 2 ** 30) * 1000) / 1000;
}
