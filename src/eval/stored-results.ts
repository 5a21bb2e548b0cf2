// The results of one stored evaluation: each metric's mean with its interval.

import type { Store } from "../store/open.js";
import { meanInterval } from "./paired-difference.js";
import type { EvaluationManifest, Metric } from "./record.js";
import { scoreColumns } from "./record-store.js";

export interface MetricResult {
  metric: Metric;
  /** Null: no item has a score. */
  result: ReturnType<typeof meanInterval>;
}

export function resultsOf(store: Store, { id, suite }: EvaluationManifest): MetricResult[] {
  const { scores, clusters } = scoreColumns(store, id);
  return suite.metrics.map((metric) => {
    const column = scores[metric.name] ?? [];
    const known = column.filter((score) => score !== null);
    const groups = clusters?.filter((_, index) => (column[index] ?? null) !== null) ?? null;
    return { metric, result: meanInterval(known, { clusters: groups, scale: metric.scale ?? null }) };
  });
}
