// Whether the best trial is better than the second, or only luckier: both adapters on the same held-out rows, with a paired interval.
import { join } from "node:path";
import { FtError } from "../../errors.js";
import { compare } from "../../eval/comparison.js";
import { readEvaluation } from "../../eval/results.js";
import { runsDir } from "../../paths.js";
import { ranked, type TrialRow } from "./standing.js";
import type { SweepMetric } from "./sweep-metric.js";

export interface RunnerUp {
  number: number;
  rung: number;
  /** Best minus second, and its 95 % interval, paired by example. */
  difference: number;
  low: number;
  high: number;
  /** Held-out examples. */
  n: number;
  /** The interval does not hold zero. */
  isClear: boolean;
}

/** Null: there is no second of the same rung, or the two were not measured on the same rows and tokens. */
export function runnerUp(projectDir: string, rows: readonly TrialRow[], { name, goal }: SweepMetric): RunnerUp | null {
  const [best, second] = ranked(rows, goal).filter(({ metric }) => metric !== null);
  if (!best?.run || !second?.run || best.rung !== second.rung || best.measuredOn !== second.measuredOn) return null;
  const [one, other] = [best.run, second.run].map((run) => readEvaluation(join(runsDir(projectDir), run)));
  if (!one || !other) return null;
  try {
    const scores = { base: other.scores.adapter, adapter: one.scores.adapter };
    const { rows: compared } = compare({ ...one, scores }, { metrics: [name === "perplexity" ? "loss" : name] });
    const row = compared.find(({ metric }) => metric === name);
    if (!row) return null;
    const { difference, low, high, n } = row;
    return { number: second.number, rung: second.rung, difference, low, high, n, isClear: low > 0 || high < 0 };
  } catch (error) {
    if (error instanceof FtError) return null; // other tokens: bases differ
    throw error;
  }
}
