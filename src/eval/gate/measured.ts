// What the candidate reaches in the metrics that the rule judges: all there is to show where nothing stands against it.
import type { GateRule } from "../../recipes/schema/gate.js";
import { judgedMetrics } from "./judged-metrics.js";
import type { Side } from "./side.js";

export interface MeasuredMetric {
  /** suite/metric */
  name: string;
  role: "primary" | "guard";
  /** How people read the value: shares of 1 as percentages. */
  unit: "share" | "number";
  mean: number;
  /** Items with a score. */
  n: number;
}

export function measuredMetrics(candidate: Side, rule: GateRule): MeasuredMetric[] {
  return judgedMetrics(candidate, rule).flatMap(({ key, name, role, suite, scale }) => {
    const { items } = candidate.suites.find((one) => one.suite === suite)!;
    const scores = [...items.values()].map((item) => item.scores[name] ?? null).filter((score) => score !== null);
    if (scores.length === 0) return [];
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    const isShare = scale !== null && scale[0] === 0 && scale[1] === 1;
    return { name: key, role, unit: isShare ? ("share" as const) : ("number" as const), mean, n: scores.length };
  });
}
