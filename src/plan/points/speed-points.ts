// Training speeds that others measured, against the estimate: the same columns as memory-points.csv, with tokens_per_second (of one GPU) and accumulation.

import { quantileSorted } from "simple-statistics";
import type { Env } from "../../paths.js";
import { type Gpu, gpuCatalogue } from "../gpus.js";
import type { MemorySetting } from "../memory/setting.js";
import { machineOfGpu } from "../time/machine.js";
import { type Machine, passSeconds, type SpeedConstants, speedConstants, stepSeconds } from "../time/pass-seconds.js";
import { errorWithin } from "./error-within.js";
import { readPoints } from "./read-points.js";
import { settingOfPoint } from "./setting-of-point.js";

export interface SpeedPoint {
  id: string;
  source: string;
  setting: MemorySetting;
  machine: Machine;
  accumulation: number;
  /** Of one GPU, measured. */
  tokensPerSecond: number;
}

/** Rows whose GPU and model are known. */
export function speedPoints(file: string, env: Env): SpeedPoint[] {
  const gpus = gpuCatalogue(env);
  return readPoints(file).flatMap((point): SpeedPoint[] => {
    const setting = settingOfPoint(point);
    const gpu = gpuOf(point.gpu, gpus);
    const machine = gpu && setting && machineOfGpu(gpu, setting.precision.compute);
    const tokensPerSecond = Number(point.tokens_per_second);
    if (!setting || !machine || !(tokensPerSecond > 0)) return [];
    const accumulation = Number(point.accumulation) || 1;
    return [{ id: point.id, source: point.id.split("-")[0]!, setting, machine, accumulation, tokensPerSecond }];
  });
}

const names: Record<string, string> = {
  "A100-80GB": "a100-80g",
  "A100-SXM4-80GB": "a100-80g",
  "H100-80GB": "h100-sxm",
  "L40S-48GB": "l40s",
  RTX4090: "rtx4090",
  A6000: "a6000",
};

function gpuOf(name: string, gpus: readonly Gpu[]): Gpu | undefined {
  return gpus.find(({ alias }) => alias === names[name]);
}

/** Tokens a second of one GPU. */
function predictSpeed({ setting, machine, accumulation }: SpeedPoint, by: SpeedConstants = speedConstants): number {
  const { rows, tokens } = setting.batch;
  const work = { tokens: rows * tokens, squaredTokens: rows * tokens * tokens };
  const seconds = accumulation * passSeconds(setting, work, machine, { by }) + stepSeconds(setting, machine, by);
  return (accumulation * rows * tokens) / seconds;
}

export interface SpeedSummary {
  points: number;
  /** Median of predicted / measured. */
  bias: number;
  /** |predicted / measured - 1|. */
  medianError: number;
  /** Nine in ten are within it. */
  p90Error: number;
  /** Share of the points whose time lies within 0.75 and 1.35 of the estimate (time/time-plan.ts). */
  within: number;
}

/** Of all points, and by source and method. */
export function compareSpeeds(points: readonly SpeedPoint[]): Record<string, SpeedSummary> {
  const groups = new Map<string, number[]>();
  for (const point of points) {
    const ratio = predictSpeed(point) / point.tokensPerSecond;
    for (const name of ["all", `${point.source} ${point.setting.method}`])
      groups.set(name, [...(groups.get(name) ?? []), ratio]);
  }
  return Object.fromEntries([...groups].map(([name, ratios]) => [name, summaryOf(ratios)]));
}

function summaryOf(ratios: readonly number[]): SpeedSummary {
  const sorted = ratios.toSorted((a, b) => a - b);
  const errors = ratios.map((ratio) => Math.abs(ratio - 1)).sort((a, b) => a - b);
  return {
    points: ratios.length,
    bias: quantileSorted(sorted, 0.5),
    medianError: quantileSorted(errors, 0.5),
    p90Error: errorWithin(errors, 0.9),
    within: ratios.filter((ratio) => ratio >= 0.75 && ratio <= 1.35).length / ratios.length,
  };
}

export interface LeftOut {
  source: string;
  points: number;
  /** Of |predicted / measured - 1|, with constants fitted to the other sources alone. */
  medianError: number;
  p90Error: number;
}

/** Do the constants carry over? Each source is predicted by constants that were fitted without it. */
export function leaveSourcesOut(points: readonly SpeedPoint[]): LeftOut[] {
  return [...new Set(points.map(({ source }) => source))].map((source) => {
    const own = points.filter((point) => point.source === source);
    const by = fitted(points.filter((point) => point.source !== source));
    const errors = own
      .map((point) => Math.abs(predictSpeed(point, by) / point.tokensPerSecond - 1))
      .sort((a, b) => a - b);
    return {
      ...{ source, points: own.length },
      medianError: quantileSorted(errors, 0.5),
      p90Error: errorWithin(errors, 0.9),
    };
  });
}

/** Each constant in turn a step up or down where that lessens the error, with smaller steps each round. */
function fitted(points: readonly SpeedPoint[]): SpeedConstants {
  let best = speedConstants;
  let least = logError(points, best);
  for (const step of [1.6, 1.3, 1.15, 1.07]) {
    for (const change of [...changes, ...changes]) {
      for (const factor of [step, 1 / step]) {
        for (let next = change(best, factor); logError(points, next) < least; next = change(best, factor)) {
          best = next;
          least = logError(points, best);
        }
      }
    }
  }
  return best;
}

const changes: ((by: SpeedConstants, factor: number) => SpeedConstants)[] = [
  ...(["products", "traffic", "link", "step"] as const).map((key) => (by: SpeedConstants, factor: number) => ({
    ...by,
    [key]: by[key] * factor,
  })),
  ...(["plain", "adapted", "quantised"] as const).map((key) => (by: SpeedConstants, factor: number) => ({
    ...by,
    launch: { ...by.launch, [key]: by.launch[key] * factor },
  })),
];

/** Every source counts by the root of its points. */
function logError(points: readonly SpeedPoint[], by: SpeedConstants): number {
  const counts = new Map<string, number>();
  for (const { source } of points) counts.set(source, (counts.get(source) ?? 0) + 1);
  return points.reduce(
    (sum, point) =>
      sum + Math.abs(Math.log(predictSpeed(point, by) / point.tokensPerSecond)) / Math.sqrt(counts.get(point.source)!),
    0,
  );
}
