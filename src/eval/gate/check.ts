// One metric of the candidate against the champion, the anchor or a floor.
import { meanBound } from "../mean-bound.js";
import { itemsNeeded, leastMargin } from "../power.js";
import { pairedScoreBound } from "../score-bound.js";
import { meanAndError, unitsOf } from "../units.js";
import type { JudgedMetric } from "./judged-metrics.js";
import { scoreOf } from "./same-ground.js";
import type { NamedMetric, SuiteResult } from "./side.js";

export interface Check {
  /** suite/metric, as rules name it. */
  name: string;
  role: "primary" | "guard" | "floor";
  against: "champion" | "anchor" | "floor";
  suite: string;
  metric: string;
  better: "higher" | "lower";
  /** How people read the values: shares of 1 as percentages. */
  unit: "share" | "number";
  /** Items that both have a score for. */
  n: number;
  /** Groups that they come in; null: each item by itself. */
  clusters: number | null;
  /** The other side's mean, or the floor. */
  reference: number;
  candidate: number;
  /** candidate - reference. */
  difference: number;
  /** The worst difference that the items leave possible, at the rule's confidence; null: none can be told, or it is a floor. */
  bound: number | null;
  /** How far `bound` may lie on the wrong side of 0, in the metric's unit. */
  margin: number;
  /** The same as a share of `reference`, where the margin is one. */
  relativeMargin: number | null;
  passed: boolean;
  /** The items leave no difference possible, at the rule's confidence, that would be allowed: it failed, and more items would not mend it. */
  isWorse: boolean;
  /** score: Tango's interval; bootstrap: studentized; t: Student's. */
  method: "score" | "bootstrap" | "t" | null;
  /** It failed, and as many items or groups would fail a candidate that differs on none. */
  isTooFew: boolean;
  /** Items with which a candidate exactly as good would pass 4 times in 5; null: that cannot be told. */
  itemsNeeded: number | null;
  /** Share of the items that differ. */
  discordance: number;
  /** Standard deviation of an item's difference; of groups, as of so many independent items. */
  deviation: number;
  /** Every score of both sides is the same. */
  isConstant: boolean;
}

interface Pairs {
  reference: number[];
  candidate: number[];
  clusters: (string | null)[];
}

export function compareMetric(
  metric: JudgedMetric,
  { theirs, ours, against }: { theirs: SuiteResult; ours: SuiteResult; against: "champion" | "anchor" },
  confidence: number,
): Check {
  const sign = metric.better === "higher" ? 1 : -1;
  const { reference, candidate, clusters } = pairUp(metric.name, theirs, ours);
  const gains = candidate.map((score, i) => sign * (score - reference[i]!));
  // What is drawn at random: items, or whole groups.
  const units = unitsOf(gains, clusters);
  const n = candidate.length;
  const isBinary = [...reference, ...candidate].every((score) => score === 0 || score === 1);
  const isClustered = units.sums.length < n;
  const scale = metric.scale ?? (isBinary ? ([0, 1] as const) : null);
  const method = isBinary && !isClustered ? "score" : units.sums.length > 2000 ? "t" : "bootstrap";
  const gained = gains.filter((each) => each > 0).length;
  const lost = gains.filter((each) => each < 0).length;
  const range = scale && scale[1] - scale[0];
  const gain =
    method === "score" ? pairedScoreBound({ gained, lost, n }, confidence) : meanBound(units, { confidence, range });
  /** The other end: the worst of what the reference gains on the candidate. */
  const most = () =>
    method === "score"
      ? -pairedScoreBound({ gained: lost, lost: gained, n }, confidence)
      : -meanBound({ ...units, sums: units.sums.map((sum) => -sum) }, { confidence, range });
  const [theirMean, ourMean] = [mean(reference), mean(candidate)];
  const { margin: allowed } = metric;
  const margin = allowed === "unknown" ? 0 : "own" in allowed ? allowed.own : allowed.share * Math.abs(theirMean);
  const { error } = meanAndError(units);
  const passed = allowed !== "unknown" && n > 0 && gain > -margin;
  const least = passed || !range || margin === 0 ? 0 : range * leastMargin(units.sums.length, method, confidence);
  const needed = Math.max(
    itemsNeeded(error ** 2 * n, margin, { confidence, power: 0.8, effect: 0 }),
    Math.ceil((n * least) / margin),
  );
  return {
    ...named(metric, n),
    role: metric.role,
    against,
    unit: scale?.[0] === 0 && scale[1] === 1 ? "share" : "number",
    clusters: isClustered ? units.sums.length : null,
    reference: theirMean,
    candidate: ourMean,
    difference: ourMean - theirMean,
    bound: Number.isFinite(gain) ? sign * gain : null,
    margin,
    relativeMargin: typeof allowed === "object" && "share" in allowed ? allowed.share : null,
    passed,
    isTooFew: least >= margin && margin > 0,
    isWorse: allowed !== "unknown" && sign * (ourMean - theirMean) < -margin && most() < -margin,
    method,
    itemsNeeded: Number.isFinite(needed) && needed > 0 ? needed : null,
    discordance: gains.filter((each) => each !== 0).length / n,
    deviation: error * Math.sqrt(n),
    isConstant: [...reference, ...candidate].every((score) => score === candidate[0]),
  };
}

/** The measured value itself, without a bound: a floor is what one must reach on these items. */
export function compareFloor(metric: NamedMetric, ours: SuiteResult, floor: number): Check {
  const scores = [...ours.items.values()].map((item) => scoreOf(item, metric.name)).filter((score) => score !== null);
  const candidate = mean(scores);
  const difference = candidate - floor;
  return {
    ...named(metric, scores.length),
    role: "floor",
    against: "floor",
    unit: metric.scale?.[0] === 0 && metric.scale[1] === 1 ? "share" : "number",
    ...{ clusters: null, reference: floor, candidate, difference, bound: null, margin: 0, relativeMargin: null },
    passed: metric.better === "higher" ? difference >= 0 : difference <= 0,
    isWorse: metric.better === "higher" ? difference < 0 : difference > 0,
    ...{ method: null, isTooFew: false, itemsNeeded: null, discordance: 0, deviation: 0, isConstant: false },
  };
}

function named({ key, suite, name, better }: NamedMetric, n: number) {
  return { name: key, suite, metric: name, better, n };
}

/** Items that both have a score for. */
function pairUp(metric: string, theirs: SuiteResult, ours: SuiteResult): Pairs {
  const pairs: Pairs = { reference: [], candidate: [], clusters: [] };
  for (const [name, item] of ours.items) {
    const other = theirs.items.get(name);
    const a = other ? scoreOf(other, metric) : null;
    const b = scoreOf(item, metric);
    if (a === null || b === null) continue;
    pairs.reference.push(a);
    pairs.candidate.push(b);
    pairs.clusters.push(item.cluster);
  }
  return pairs;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
