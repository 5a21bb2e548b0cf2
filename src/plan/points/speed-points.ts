// Training speeds that others measured, against the estimate: the same columns as memory-points.csv, with tokens_per_second (of one GPU) and accumulation.

import { quantileSorted } from "simple-statistics";
import type { Env } from "../../paths.js";
import { type Gpu, gpuCatalogue } from "../gpus.js";
import type { MemorySetting } from "../memory/setting.js";
import { machineOfGpu } from "../time/machine.js";
import { type Machine, passSeconds, type SpeedConstants, speedConstants, stepSeconds } from "../time/pass-seconds.js";
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
    p90Error: quantileSorted(errors, 0.9),
    within: ratios.filter((ratio) => ratio >= 0.75 && ratio <= 1.35).length / ratios.length,
  };
}
