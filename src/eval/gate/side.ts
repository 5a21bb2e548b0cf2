// What the gate compares: the results of one model on some suites, item by item.

export interface SuiteMetric {
  name: string;
  better: "higher" | "lower";
  /** Lowest and highest value there is; null: not bounded, or not known. */
  scale: readonly [number, number] | null;
}

export interface SuiteItem {
  /** Of what the item asks; null: not told. */
  inputSha256: string | null;
  /** Items of one group are no independent evidence; null: by itself. */
  cluster: string | null;
  /** By metric. Null or absent: the metric doesn't apply to the item. What should have a score and has none is NaN. */
  scores: Readonly<Record<string, number | null>>;
  /** Why the item could not be evaluated. */
  error?: string | null;
}

export interface SuiteResult {
  /** Name; "" where results aren't grouped in suites. */
  suite: string;
  /** Over the settings and all items. */
  sha256: string;
  /** Canonical JSON. */
  decoding: string;
  metrics: readonly SuiteMetric[];
  items: ReadonlyMap<string, SuiteItem>;
}

export interface Side {
  /** As a person knows it: support-bot@7, or a file. */
  label: string;
  base: { id: string; revision: string } | null;
  templateSha256: string | null;
  suites: readonly SuiteResult[];
}

/** A metric of a suite, by the name that rules use. */
export interface NamedMetric extends SuiteMetric {
  key: string;
  suite: string;
}

function metricKey(suite: string, metric: string): string {
  return suite === "" ? metric : `${suite}/${metric}`;
}

export function namedMetrics({ suites }: Side): NamedMetric[] {
  return suites.flatMap(({ suite, metrics }) =>
    metrics.map((metric) => ({ ...metric, suite, key: metricKey(suite, metric.name) })),
  );
}
