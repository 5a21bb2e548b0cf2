// Several subjects on one suite, side by side: the last one is the candidate, and is compared with each of the others on the same items.
import { type PairedDifference, pairedDifference, type ScorePair } from "./paired-difference.js";
import type { Metric } from "./record.js";
import type { ScoredItem } from "./record-store.js";

export interface Side {
  label: string;
  items: readonly ScoredItem[];
}

/** One metric over some items: what each side has, and the candidate against each of the others. */
export interface MetricRow {
  metric: Metric;
  /** Mean of each side over the items that it has a score of; null: none. */
  means: { label: string; mean: number | null; n: number }[];
  /** Null: no item has a score of both. */
  against: { label: string; result: PairedDifference | null; better: boolean | null }[];
}

interface SliceRows {
  field: string;
  /** Most items first. */
  values: { value: string; row: MetricRow }[];
}

/** An item that turned from wrong to right, or back, in the first yes/no metric. */
interface TurnedItem {
  item: string;
  fixed: boolean;
}

export interface SuiteComparison {
  rows: MetricRow[];
  /** Of the first metric. */
  slices: SliceRows[];
  /** Candidate against the side before it; null: no metric is yes or no. */
  turned: { metric: string; against: string; items: TurnedItem[] } | null;
  /** Items without a score because their scorer failed, by side. */
  failed: { label: string; errors: number }[];
}

/** `sides`: at least the candidate, which is the last. */
export function sideBySide(metrics: readonly Metric[], sides: readonly Side[]): SuiteComparison {
  const known = sides.map(({ label, items }) => ({ label, byItem: new Map(items.map((item) => [item.item, item])) }));
  const items = sides.at(-1)!.items;
  const rows = metrics.map((metric) => metricRow(metric, known, items));
  return {
    rows,
    slices: metrics[0] ? slicesOf(metrics[0], known, items) : [],
    turned: turnedItems(metrics, known, items),
    failed: sides
      .map((side) => ({ label: side.label, errors: side.items.filter(({ error }) => error !== null).length }))
      .filter(({ errors }) => errors > 0),
  };
}

type Known = { label: string; byItem: Map<string, ScoredItem> }[];

function metricRow(metric: Metric, sides: Known, items: readonly ScoredItem[]): MetricRow {
  const scoreOf = (side: Known[number], { item }: ScoredItem) => side.byItem.get(item)?.scores[metric.name] ?? null;
  const candidate = sides.at(-1)!;
  const means = sides.map((side) => {
    let [sum, n] = [0, 0];
    for (const item of items) {
      const score = scoreOf(side, item);
      if (score === null) continue;
      sum += score;
      n += 1;
    }
    return { label: side.label, mean: n === 0 ? null : sum / n, n };
  });
  const against = sides.slice(0, -1).map((side) => {
    const pairs: ScorePair[] = [];
    for (const item of items) {
      const [before, after] = [scoreOf(side, item), scoreOf(candidate, item)];
      if (before !== null && after !== null) pairs.push({ before, after, cluster: item.cluster });
    }
    const result = pairedDifference(pairs);
    return { label: side.label, result, better: result && isBetter(result, metric) };
  });
  return { metric, means, against };
}

/** Null: the interval holds zero, so these items cannot tell. */
function isBetter({ low, high }: PairedDifference, { better }: Metric): boolean | null {
  if (low <= 0 && high >= 0) return null;
  return low > 0 === (better === "higher");
}

function slicesOf(metric: Metric, sides: Known, items: readonly ScoredItem[]): SliceRows[] {
  const fields = [...new Set(items.flatMap(({ slice }) => Object.keys(slice)))];
  return fields.map((field) => {
    const groups = new Map<string, ScoredItem[]>();
    for (const item of items) {
      const value = item.slice[field] ?? "(none)";
      const group = groups.get(value);
      if (group) group.push(item);
      else groups.set(value, [item]);
    }
    const values = [...groups]
      .sort(([, a], [, b]) => b.length - a.length)
      .map(([value, group]) => ({ value, row: metricRow(metric, sides, group) }));
    return { field, values };
  });
}

function turnedItems(
  metrics: readonly Metric[],
  sides: Known,
  items: readonly ScoredItem[],
): SuiteComparison["turned"] {
  const [candidate, before] = [sides.at(-1)!, sides.at(-2)];
  const metric = metrics.find(({ name }) =>
    items.every(({ scores }) => [0, 1, null, undefined].includes(scores[name])),
  );
  if (!metric || !before) return null;
  const turned = items.flatMap(({ item }) => {
    const [was, is] = [before, candidate].map((side) => side.byItem.get(item)?.scores[metric.name] ?? null);
    if (was === is || was === null || is === null || (was !== 0 && was !== 1)) return [];
    return [{ item, fixed: is! > was! === (metric.better === "higher") }];
  });
  return { metric: metric.name, against: before.label, items: turned };
}
