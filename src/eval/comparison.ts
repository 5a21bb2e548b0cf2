// What an evaluation says: one row a metric, base against adapter on the same examples, with a paired interval of the difference.
import { FtError } from "../errors.js";
import type { EvalItem, Evaluation, ItemScore } from "./results.js";
import { bootstrapInterval, type PairedCounts, pairedProportionInterval } from "./statistics.js";

/** One metric of base and adapter on the same examples. Proportions are 0..1; `format` says how people read them. */
export interface ComparisonRow {
  /** loss, perplexity, exact_match, json_valid, preference_accuracy or reward. */
  metric: string;
  base: number;
  adapter: number;
  /** adapter - base. */
  difference: number;
  /** 95 % interval of the difference, paired by example; infinite where one example alone cannot say. */
  low: number;
  high: number;
  /** Examples that both were scored on. */
  n: number;
  format: "number" | "percent";
  better: "lower" | "higher";
}

/** An example that one of the two got right and the other did not. */
export interface Flip {
  item: EvalItem;
  base: ItemScore;
  adapter: ItemScore;
  /** The adapter is the one that got it right. */
  fixed: boolean;
}

export interface Comparison {
  rows: ComparisonRow[];
  /** Examples compared. */
  examples: number;
  /** In exact match, in the order of the examples. */
  flips: Flip[];
}

export interface ComparisonOptions {
  /** As in the recipe: loss (brings perplexity with it), exact_match, json_valid, preference_accuracy, reward. */
  metrics: readonly string[];
  /** Only the first so many examples; default all. */
  rows?: number | undefined;
}

type Pair = { item: EvalItem; base: ItemScore; adapter: ItemScore };

/**
 * Compares base and adapter. A metric that applies to no example (exact match of plain text, JSON validity where no reference is
 * JSON, preferences where there are no pairs) has no row. Fails closed: throws FtError `eval.incomplete` when a result is missing or without a number that a metric
 * needs, `eval.not-finite` for a loss of NaN, `eval.tokens-differ` when base and adapter were not scored on the same tokens.
 */
export function compare(evaluation: Evaluation, { metrics, rows }: ComparisonOptions): Comparison {
  const pairs = pairUp(evaluation, evaluation.items.slice(0, rows));
  const table: (ComparisonRow | null)[] = [];
  if (metrics.includes("loss")) table.push(...lossRows(pairs));
  if (metrics.includes("exact_match")) table.push(proportionRow("exact_match", pairs, "exactMatch"));
  if (metrics.includes("json_valid")) table.push(proportionRow("json_valid", pairs, "jsonValid"));
  if (metrics.includes("preference_accuracy")) {
    table.push(proportionRow("preference_accuracy", pairs, "preferenceAccuracy"));
  }
  if (metrics.includes("reward")) table.push(rewardRow(pairs));
  const flips = pairs
    .filter(({ base, adapter }) => base.exactMatch !== adapter.exactMatch)
    .map((pair) => ({ ...pair, fixed: pair.adapter.exactMatch === 1 }));
  return { rows: table.filter((row) => row !== null), examples: pairs.length, flips };
}

function pairUp({ scores }: Evaluation, items: EvalItem[]): Pair[] {
  return items.map((item) => {
    const base = scores.base.get(item.item);
    const adapter = scores.adapter.get(item.item);
    if (!base || !adapter) {
      const lacking = items.filter(({ item }) => !scores.base.has(item) || !scores.adapter.has(item)).length;
      throw incomplete(`${lacking} of ${items.length} examples have no result`, item);
    }
    return { item, base, adapter };
  });
}

/** Token-weighted: sum of nll over sum of tokens, so that a long answer counts as much as its tokens. */
function lossRows(pairs: Pair[]): ComparisonRow[] {
  const items = pairs.map(({ item, base, adapter }) => {
    if (base.tokens !== adapter.tokens) throw tokensDiffer(item, base.tokens, adapter.tokens);
    // No token carries loss when the row was cut before its answer: the example has no loss, and none is missing.
    if (base.tokens > 0 && (base.nll === null || adapter.nll === null)) throw notFinite(item, base.nll === null);
    return { tokens: base.tokens, base: base.nll ?? 0, adapter: adapter.nll ?? 0 };
  });
  const scored = items.filter(({ tokens }) => tokens > 0);
  if (scored.length === 0) return [];
  const rows = scored.map(({ tokens, base, adapter }) => [tokens, base, adapter]);
  const totals = [0, 1, 2].map((column) => rows.reduce((sum, row) => sum + row[column]!, 0));
  const row = (metric: string, read: (nll: number, tokens: number) => number): ComparisonRow => {
    const difference = ([tokens, base, adapter]: readonly number[]) => read(adapter!, tokens!) - read(base!, tokens!);
    const sides = { base: read(totals[1]!, totals[0]!), adapter: read(totals[2]!, totals[0]!) };
    const interval = bootstrapInterval(rows, difference);
    return toRow({ metric, ...sides, ...interval, n: scored.length, format: "number", better: "lower" });
  };
  return [row("loss", (nll, tokens) => nll / tokens), row("perplexity", (nll, tokens) => Math.exp(nll / tokens))];
}

type Binary = "exactMatch" | "jsonValid" | "preferenceAccuracy";

function proportionRow(metric: string, pairs: Pair[], key: Binary): ComparisonRow | null {
  const counts: PairedCounts = { both: 0, baseOnly: 0, adapterOnly: 0, neither: 0 };
  for (const { item, base, adapter } of pairs) {
    if (item.reference !== undefined && (base.output === null || adapter.output === null)) {
      throw incomplete("an example has no answer", item);
    }
    const [a, b] = [adapter[key], base[key]];
    if (a === null || b === null) {
      if (key === "preferenceAccuracy" && item.rejected) checkPreference({ item, base, adapter });
      continue;
    }
    counts[a && b ? "both" : a ? "adapterOnly" : b ? "baseOnly" : "neither"]++;
  }
  const n = counts.both + counts.baseOnly + counts.adapterOnly + counts.neither;
  if (n === 0) return null;
  const sides = { base: (counts.both + counts.baseOnly) / n, adapter: (counts.both + counts.adapterOnly) / n };
  const interval = pairedProportionInterval(counts);
  return toRow({ metric, ...sides, ...interval, n, format: "percent", better: "higher" });
}

/** A pair may only be without a preference when one of its answers was cut away, and then for base and adapter alike. */
function checkPreference({ item, base, adapter }: Pair): void {
  for (const score of [base, adapter]) {
    const cut = score.chosenScore === null && (score.tokens === 0 || score.rejectedTokens === 0);
    if (!cut) throw notFinite(item, score === base);
  }
}

/** Mean reward, over the examples where the reward functions had something to say of both answers. */
function rewardRow(pairs: Pair[]): ComparisonRow | null {
  const rated = pairs.flatMap(({ base, adapter }) =>
    base.reward === null || adapter.reward === null ? [] : [[base.reward, adapter.reward]],
  );
  const n = rated.length;
  if (n === 0) return null;
  const [base, adapter] = [0, 1].map((side) => rated.reduce((sum, rewards) => sum + rewards[side]!, 0) / n);
  const interval = bootstrapInterval(rated, ([base, adapter]) => (adapter! - base!) / n);
  return toRow({
    metric: "reward",
    base: base!,
    adapter: adapter!,
    ...interval,
    n,
    format: "number",
    better: "higher",
  });
}

function toRow({ metric, base, adapter, low, high, ...rest }: Omit<ComparisonRow, "difference">): ComparisonRow {
  return { metric, base, adapter, difference: adapter - base, low, high, ...rest };
}

function incomplete(what: string, { item, file, line }: EvalItem): FtError {
  return new FtError({
    code: "eval.incomplete",
    exit: "training",
    message: `the evaluation is incomplete: ${what} (first: example ${item})`,
    where: { file, line },
    why: "base and adapter are only compared on the same, whole set of examples",
    next: "run it again: ft eval",
  });
}

function notFinite({ item, file, line }: EvalItem, base: boolean): FtError {
  return new FtError({
    code: "eval.not-finite",
    exit: "training",
    message: `the ${base ? "base model" : "adapter"} has no finite loss on example ${item}`,
    where: { file, line },
    why: base ? "its numbers overflow in this precision" : "its numbers overflow: the training diverged",
    next: `train again with ${base ? "" : "a lower train.learning_rate or "}train.precision: fp32`,
  });
}

function tokensDiffer({ item, file, line }: EvalItem, base: number, adapter: number): FtError {
  return new FtError({
    code: "eval.tokens-differ",
    exit: "training",
    message: `example ${item} was scored on ${base} tokens with the base and ${adapter} with the adapter`,
    where: { file, line },
    why: "a loss over other tokens cannot be compared: the tokenizer or chat template of the two differ",
    next: "check that the adapter folder's tokenizer is the base model's, then run ft eval again",
  });
}
