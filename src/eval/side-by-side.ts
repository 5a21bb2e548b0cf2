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
  const items = sides.at(-1)!.items;
  const known = sides.map(({ label, items: own }) => ({ label, items: aligned(own, items) }));
  const all = items.map((_, index) => index);
  const rows = metrics.map((metric) => metricRow(metric, known, all));
  return {
    rows,
    slices: metrics[0] ? slicesOf(metrics[0], known) : [],
    turned: turnedItems(metrics, known),
    failed: sides
      .map((side) => ({ label: side.label, errors: side.items.filter(({ error }) => error !== null).length }))
      .filter(({ errors }) => errors > 0),
  };
}

/** Of each side the items in the candidate's order; null: it has none of that name. */
type Known = { label: string; items: (ScoredItem | null)[] }[];

function aligned(own: readonly ScoredItem[], items: readonly ScoredItem[]): (ScoredItem | null)[] {
  if (own === items) return [...own];
  let byItem: Map<string, ScoredItem> | null = null;
  return items.map(({ item }, index) => {
    const same = own[index];
    if (same?.item === item) return same; // mostly: it is the same suite
    byItem ??= new Map(own.map((one) => [one.item, one]));
    return byItem.get(item) ?? null;
  });
}

function scoreOf(side: Known[number], index: number, metric: string): number | null {
  return side.items[index]?.scores[metric] ?? null;
}

/** Over the items of these indices. */
function metricRow(metric: Metric, sides: Known, indices: readonly number[]): MetricRow {
  const candidate = sides.at(-1)!;
  const means = sides.map((side) => {
    let [sum, n] = [0, 0];
    for (const index of indices) {
      const score = scoreOf(side, index, metric.name);
      if (score === null) continue;
      sum += score;
      n += 1;
    }
    return { label: side.label, mean: n === 0 ? null : sum / n, n };
  });
  const against = sides.slice(0, -1).map((side) => {
    const pairs: ScorePair[] = [];
    for (const index of indices) {
      const [before, after] = [scoreOf(side, index, metric.name), scoreOf(candidate, index, metric.name)];
      if (before !== null && after !== null) pairs.push({ before, after, cluster: candidate.items[index]!.cluster });
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

function slicesOf(metric: Metric, sides: Known): SliceRows[] {
  const { items } = sides.at(-1)!;
  const fields = [...new Set(items.flatMap((item) => Object.keys(item!.slice)))];
  return fields.map((field) => {
    const groups = new Map<string, number[]>();
    for (const [index, item] of items.entries()) {
      const value = item!.slice[field] ?? "(none)";
      const group = groups.get(value);
      if (group) group.push(index);
      else groups.set(value, [index]);
    }
    const values = [...groups]
      .sort(([, a], [, b]) => b.length - a.length)
      .map(([value, group]) => ({ value, row: metricRow(metric, sides, group) }));
    return { field, values };
  });
}

function turnedItems(metrics: readonly Metric[], sides: Known): SuiteComparison["turned"] {
  const [candidate, before] = [sides.at(-1)!, sides.at(-2)];
  const metric = metrics.find(({ name }) =>
    candidate.items.every((item) => [0, 1, null, undefined].includes(item!.scores[name])),
  );
  if (!metric || !before) return null;
  const turned = candidate.items.flatMap((item, index) => {
    const [was, is] = [scoreOf(before, index, metric.name), scoreOf(candidate, index, metric.name)];
    if (was === is || was === null || is === null || (was !== 0 && was !== 1)) return [];
    return [{ item: item!.item, fixed: is > was === (metric.better === "higher") }];
  });
  return { metric: metric.name, against: before.label, items: turned };
}
