// What an evaluation says: one row a metric, base against adapter on the same examples.

/** One metric of base and adapter on the same examples. Proportions are 0..1; `format` says how people read them. */
export interface ComparisonRow {
  /** loss, perplexity, exact_match or json_valid. */
  metric: string;
  base: number;
  adapter: number;
  /** adapter - base. */
  difference: number;
  /** 95 % interval of the difference, paired by example. */
  low: number;
  high: number;
  /** Examples that both were scored on. */
  n: number;
  format: "number" | "percent";
  better: "lower" | "higher";
}
