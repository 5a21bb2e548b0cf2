// The results of one stored evaluation: each metric's mean with its interval.
import { meanInterval } from "../../eval/paired-difference.js";
import type { EvaluationManifest, Metric } from "../../eval/record.js";
import { scoredItems } from "../../eval/record-store.js";
import type { Store } from "../../store/open.js";

export interface MetricResult {
  metric: Metric;
  /** Null: no item has a score. */
  result: ReturnType<typeof meanInterval>;
}

export function resultsOf(store: Store, { id, suite }: EvaluationManifest): MetricResult[] {
  const items = scoredItems(store, id);
  return suite.metrics.map((metric) => ({
    metric,
    result: meanInterval(
      items.flatMap(({ scores, cluster }) => {
        const score = scores[metric.name] ?? null;
        return score === null ? [] : [{ score, cluster }];
      }),
    ),
  }));
}
