// The distributions of two datasets beside each other: lengths, turns, roles, labels, languages, scripts, tools; and how far each moved.
import type { StatsPass } from "../stats/collect-stats.js";
import { type NumberCounts, quantile, summarise } from "../stats/number-counts.js";
import type { ValueCounts } from "../stats/value-counts.js";
import { type Drift, drift } from "./drift.js";

export interface NumberDrift extends Drift {
  before: ReturnType<typeof shortSummary>;
  after: ReturnType<typeof shortSummary>;
  /** Lower ends of the bins, for a plot; the last one is open. */
  edges: number[];
  counts: { before: number[]; after: number[] };
}

export interface ValueDrift extends Drift {
  /** Those that moved most first. */
  values: { value: string; before: number; after: number }[];
}

export interface DriftReport {
  numbers: NumberDrift[];
  values: ValueDrift[];
}

export function compareStats(before: StatsPass, after: StatsPass): DriftReport {
  const numbers: [string, NumberCounts, NumberCounts][] = [
    ["characters of a row", before.turns.rowChars, after.turns.rowChars],
    ["turns of a row", before.turns.turnsPerRow, after.turns.turnsPerRow],
  ];
  if (before.tokens && after.tokens)
    numbers.push(["tokens of a sequence", before.tokens.lengths, after.tokens.lengths]);
  return {
    numbers: numbers.filter(([, a, b]) => a.count + b.count > 0).map((each) => numberDrift(...each)),
    values: valuePairs(before, after).map(([name, a, b]) => valueDrift(name, a, b)),
  };
}

function valuePairs(before: StatsPass, after: StatsPass): [string, Shares, Shares][] {
  const pairs: [string, Shares, Shares][] = [
    ["kinds of rows", shares(before.turns.kinds), shares(after.turns.kinds)],
    ["roles", shares(before.turns.roles), shares(after.turns.roles)],
    ["languages", shares(before.texts.languages()), shares(after.texts.languages())],
    ["main script of a row", shares(before.texts.mainScript), shares(after.texts.mainScript)],
    ["tools called", shares(before.tools.called), shares(after.tools.called)],
    ["labels", kto(before), kto(after)],
  ];
  const [oldFields, newFields] = [before.answers.labelFields(), after.answers.labelFields()];
  for (const { field, counts } of oldFields) {
    const other = newFields.find((each) => each.field === field);
    if (other) pairs.push([`answer field ${field}`, shares(counts), shares(other.counts)]);
  }
  const [oldLabels, newLabels] = [before.answers.labels(), after.answers.labels()];
  if (oldLabels && newLabels && oldFields.length === 0) pairs.push(["answers", shares(oldLabels), shares(newLabels)]);
  return pairs.filter(([, a, b]) => a.size + b.size > 1);
}

type Shares = Map<string, number>;

function shares(counts: ValueCounts): Shares {
  return new Map(counts.top().map(({ value, count }) => [value, count]));
}

function kto({ answers: { kto: labels } }: StatsPass): Shares {
  return new Map(Object.entries(labels).filter(([, count]) => count > 0));
}

function valueDrift(name: string, before: Shares, after: Shares): ValueDrift {
  const values = [...new Set([...before.keys(), ...after.keys()])].map((value) => {
    return { value, before: before.get(value) ?? 0, after: after.get(value) ?? 0 };
  });
  const [oldTotal, newTotal] = [total(before), total(after)];
  const moved = (each: { before: number; after: number }) =>
    Math.abs(each.after / (newTotal || 1) - each.before / (oldTotal || 1));
  const counts = grouped(values, 20);
  return {
    ...drift(name, counts.before, counts.after),
    values: values.sort((a, b) => moved(b) - moved(a) || (a.value < b.value ? -1 : 1)),
  };
}

/** The values that are frequent, and all others as one: hundreds of rare ones would drown what moved in noise. */
function grouped(values: ValueDrift["values"], most: number): { before: number[]; after: number[] } {
  const frequent = [...values].sort((a, b) => b.before + b.after - a.before - a.after);
  const rest = frequent
    .splice(most)
    .reduce((sum, each) => ({ before: sum.before + each.before, after: sum.after + each.after }), {
      before: 0,
      after: 0,
    });
  const bins = [...frequent, rest];
  return { before: bins.map((bin) => bin.before), after: bins.map((bin) => bin.after) };
}

function total(counts: Shares): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** Bins by the deciles of the old values, as is usual for the index; the plot has bins of equal width. */
function numberDrift(name: string, before: NumberCounts, after: NumberCounts): NumberDrift {
  const [old, fresh] = [before.sorted(), after.sorted()];
  const deciles = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9].map((share) => quantile(old, before.count, share));
  const cuts = [...new Set(deciles)];
  const edges = plotEdges(before, after);
  return {
    ...drift(name, binned(old, cuts), binned(fresh, cuts)),
    before: shortSummary(before),
    after: shortSummary(after),
    edges,
    counts: { before: binned(old, lastOf(edges)), after: binned(fresh, lastOf(edges)) },
  };
}

function shortSummary(counts: NumberCounts) {
  const { histogram: _, ...summary } = summarise(counts);
  return summary;
}

function plotEdges(before: NumberCounts, after: NumberCounts): number[] {
  const [a, b] = [summarise(before), summarise(after)];
  const longer = b.count === 0 || (a.count > 0 && a.p99 >= b.p99) ? a : b;
  const edges = longer.histogram.map(({ from }) => from);
  const width = (edges[1] ?? 1) - (edges[0] ?? 0);
  const end = edges.at(-1)! + width;
  return longer.histogram.at(-1)!.to === null || Math.max(a.max, b.max) < end ? edges : [...edges, end];
}

/** Upper ends of all bins but the last, inclusive: one less than where the next bin starts. */
function lastOf(edges: number[]): number[] {
  return edges.slice(1).map((edge) => edge - 1);
}

/** @param cuts upper ends of all bins but the last, inclusive, ascending */
function binned(sorted: readonly [number, number][], cuts: number[]): number[] {
  const counts = new Array<number>(cuts.length + 1).fill(0);
  for (const [value, times] of sorted) {
    const bin = cuts.findIndex((cut) => value <= cut);
    counts[bin === -1 ? cuts.length : bin]! += times;
  }
  return counts;
}
