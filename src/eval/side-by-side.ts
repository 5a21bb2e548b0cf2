// Several subjects on one suite, side by side: the last one is the candidate, and is compared with each of the others on the same items.
import { type PairedDifference, pairedDifference } from "./paired-difference.js";
import type { Metric } from "./record.js";
import type { ScoreColumns } from "./record-store.js";

export interface Side {
  label: string;
  columns: ScoreColumns;
  /** Items without a score because their scorer failed. */
  errors: number;
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
  const candidate = sides.at(-1)!.columns;
  const known = sides.map(({ label, columns }) => ({ label, scores: scoresInOrder(columns, candidate.items) }));
  const compared = { sides: known, clusters: candidate.clusters };
  const all = candidate.items.map((_, index) => index);
  return {
    rows: metrics.map((metric) => metricRow(metric, compared, all)),
    slices: metrics[0] ? slicesOf(metrics[0], compared, candidate.slices) : [],
    turned: turnedItems(metrics, known, candidate.items),
    failed: sides.map(({ label, errors }) => ({ label, errors })).filter(({ errors }) => errors > 0),
  };
}

/** Each side's scores in the candidate's order, and the candidate's clusters. */
interface Compared {
  sides: { label: string; scores: ScoreColumns["scores"] }[];
  clusters: ScoreColumns["clusters"];
}

function scoresInOrder({ items: own, scores }: ScoreColumns, items: readonly string[]): ScoreColumns["scores"] {
  // Mostly so: it is the same suite.
  if (own.length === items.length && items.every((item, index) => item === own[index])) return scores;
  const places = new Map(own.map((item, place) => [item, place]));
  const order = items.map((item) => places.get(item) ?? -1);
  return Object.fromEntries(
    Object.entries(scores).map(([metric, column]) => [metric, order.map((place) => column[place] ?? null)]),
  );
}

/** Over the items of these indices. */
function metricRow(metric: Metric, { sides, clusters }: Compared, indices: readonly number[]): MetricRow {
  const scores = sides.map((side) => {
    const column = side.scores[metric.name] ?? [];
    return indices.map((index) => column[index] ?? null);
  });
  const means = sides.map(({ label }, at) => {
    const own = scores[at]!.filter((score) => score !== null);
    const sum = own.reduce((all, score) => all + score, 0);
    return { label, mean: own.length === 0 ? null : sum / own.length, n: own.length };
  });
  const candidate = scores.at(-1)!;
  const against = sides.slice(0, -1).map(({ label }, at) => {
    const [before, after]: [number[], number[]] = [[], []];
    const groups: (string | null)[] = [];
    for (const [place, is] of candidate.entries()) {
      const was = scores[at]![place]!;
      if (was === null || is === null) continue;
      before.push(was);
      after.push(is);
      if (clusters) groups.push(clusters[indices[place]!]!);
    }
    const result = pairedDifference(before, after, { clusters: clusters && groups, scale: metric.scale ?? null });
    return { label, result, better: result && isBetter(result, metric) };
  });
  return { metric, means, against };
}

/** Null: the interval holds zero, so these items cannot tell. */
function isBetter({ low, high }: PairedDifference, { better }: Metric): boolean | null {
  if (low <= 0 && high >= 0) return null;
  return low > 0 === (better === "higher");
}

function slicesOf(metric: Metric, compared: Compared, slices: ScoreColumns["slices"]): SliceRows[] {
  return Object.entries(slices).map(([field, column]) => {
    const groups = new Map<string, number[]>();
    for (const [index, value] of column.entries()) {
      const group = groups.get(value ?? "(none)");
      if (group) group.push(index);
      else groups.set(value ?? "(none)", [index]);
    }
    const values = [...groups]
      .sort(([, a], [, b]) => b.length - a.length)
      .map(([value, group]) => ({ value, row: metricRow(metric, compared, group) }));
    return { field, values };
  });
}

function turnedItems(
  metrics: readonly Metric[],
  sides: Compared["sides"],
  items: readonly string[],
): SuiteComparison["turned"] {
  const [candidate, before] = [sides.at(-1)!, sides.at(-2)];
  const metric = metrics.find(({ name }) => candidate.scores[name]?.every(isYesNoOrNone));
  if (!metric || !before) return null;
  const [was, is] = [before, candidate].map(({ scores }) => scores[metric.name] ?? []);
  const turned = items.flatMap((item, index) => {
    const [from, to] = [was![index] ?? null, is![index] ?? null];
    if (from === to || from === null || to === null || !isYesNoOrNone(from)) return [];
    return [{ item, fixed: to > from === (metric.better === "higher") }];
  });
  return { metric: metric.name, against: before.label, items: turned };
}

function isYesNoOrNone(score: number | null): boolean {
  return score === 0 || score === 1 || score === null;
}
