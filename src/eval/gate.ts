// The gate: may the candidate replace the champion? A pure function of stored results and a rule (docs/gate.md). In doubt it holds.
import type { GateRule } from "../recipes/schema/gate.js";
import { type Check, compareFloor, compareMetric } from "./gate/check.js";
import { gapsInRule, type JudgedMetric, judgedMetrics } from "./gate/judged-metrics.js";
import { differencesOf, faultsOf } from "./gate/same-ground.js";
import { namedMetrics, type Side } from "./gate/side.js";
import { count, reasonOf } from "./gate/words.js";
import { fewestItems } from "./power.js";

export interface Sides {
  /** Null: there is none yet. */
  champion: Side | null;
  candidate: Side;
  /** The version that a person approved. Null: the champion stands in. */
  anchor: Side | null;
}

export interface Verdict {
  /** promote: not worse than champion and anchor, within the margins; keep: not shown to be; hold: a person has to look. */
  verdict: "promote" | "keep" | "hold";
  /** In words; never empty. */
  reasons: string[];
  checks: Check[];
}

export function gate({ champion, candidate, anchor }: Sides, rule: GateRule): Verdict {
  const judged = judgedMetrics(candidate, rule);
  const floored = namedMetrics(candidate).filter(({ key }) => Object.hasOwn(rule.floors, key));
  const looked = [...judged, ...floored.filter(({ key }) => !judged.some((metric) => metric.key === key))];
  const others = [
    ...(champion ? [{ side: champion, role: "champion" as const }] : []),
    ...(anchor ? [{ side: anchor, role: "anchor" as const }] : []),
  ];
  const doubts = [...faultsOf(candidate, "candidate", looked), ...gapsInRule(candidate, judged, rule)];
  const checks: Check[] = [];
  for (const { side, role } of others) {
    const found = [...faultsOf(side, role, looked), ...differencesOf(side, candidate, role, looked)];
    doubts.push(...found);
    if (found.length === 0) checks.push(...compareAll(judged, side, candidate, role, rule));
  }
  checks.push(...floorChecks(candidate, rule));
  doubts.push(...doubtsOf(checks, rule));
  if (!champion && !rule.accept_first) doubts.push(noChampion);
  const few = checks.flatMap((check) => tooFewOf(check, rule) ?? []);
  if (!champion && rule.accept_first) few.push(...firstTooFew(judged, candidate, rule));
  if (judged.length === 0 && doubts.length + few.length === 0) doubts.push("the rule judges no metric");

  // Known to be worse in one metric is enough, whatever too few items of another one would say.
  const worse = checks.filter((check) => check.isWorse && tooFewOf(check, rule) === null);
  if (doubts.length === 0 && worse.length > 0)
    return { verdict: "keep", reasons: worse.map((check) => reasonOf(check, rule)), checks };
  doubts.push(...few);
  const failed = checks.filter(({ passed }) => !passed);
  if (doubts.length > 0) return { verdict: "hold", reasons: [...new Set(doubts)], checks };
  if (failed.length > 0) return { verdict: "keep", reasons: failed.map((check) => reasonOf(check, rule)), checks };
  return { verdict: "promote", reasons: whyPromoted(champion, checks, rule), checks };
}

function whyPromoted(champion: Side | null, checks: readonly Check[], rule: GateRule): string[] {
  const primary = checks.filter(({ role }) => role === "primary");
  const others = checks.length - primary.length;
  return [
    ...(champion ? [] : ["there was no champion: accepted as the first"]),
    ...primary.map((check) => reasonOf(check, rule)),
    ...(others > 0 ? [`${others === 1 ? "the other check" : `the ${others} other checks`} passed as well`] : []),
  ];
}

function compareAll(
  judged: readonly JudgedMetric[],
  other: Side,
  candidate: Side,
  against: "champion" | "anchor",
  { confidence }: GateRule,
): Check[] {
  const suiteOf = (side: Side, name: string) => side.suites.find(({ suite }) => suite === name)!;
  return judged.map((metric) =>
    compareMetric(
      metric,
      { theirs: suiteOf(other, metric.suite), ours: suiteOf(candidate, metric.suite), against },
      confidence,
    ),
  );
}

function floorChecks(candidate: Side, { floors }: GateRule): Check[] {
  return namedMetrics(candidate).flatMap((metric) => {
    const floor = Object.hasOwn(floors, metric.key) ? floors[metric.key] : undefined;
    const ours = candidate.suites.find(({ suite }) => suite === metric.suite)!;
    return floor === undefined ? [] : [compareFloor(metric, ours, floor)];
  });
}

/** Results that look like a pass or a failure, and are neither. */
function doubtsOf(checks: readonly Check[], rule: GateRule): string[] {
  const againstChampion = checks.filter(({ against }) => against === "champion");
  // Two good models may well agree on each yes and no, and neither is worse then. Two numbers never agree on every item.
  const isSame = againstChampion.every(({ discordance }) => discordance === 0);
  if (isSame && againstChampion.some(({ method }) => method !== "score"))
    return [
      "every score is the champion's on every item: the same model was evaluated twice, or the candidate's adapter was not loaded",
    ];
  return checks.flatMap((check) => doubtOf(check, rule) ?? []);
}

function doubtOf(check: Check, rule: GateRule): string | null {
  const { name, role, against, n, bound, difference } = check;
  if (role === "floor" || n < rule.min_items || tooFewClusters(check, rule)) return null;
  if (!Number.isFinite(difference)) return `${name} has no mean: a score is no number, or too large`;
  if (bound === null)
    return `${name} differs from the ${against}'s by exactly the same on all ${count(n)} items: no model does that, so the results are in doubt`;
  if (check.isConstant && role === "primary" && rule.primary !== "all")
    return `${name} is ${check.candidate} on every item, for the candidate and the ${against}: it measures nothing`;
  return null;
}

/** More items could tell; this check can't. */
function tooFewOf(check: Check, rule: GateRule): string | null {
  const { name, role, n, clusters, margin, difference, better } = check;
  if (n < rule.min_items) return tooFew(name, n, rule);
  if (role === "floor") return null;
  if (tooFewClusters(check, rule))
    return `the ${count(n)} items of ${name} come in ${clusters} clusters; ${rule.min_clusters} are needed`;
  const looksWorse = (better === "higher" ? difference : -difference) < -margin;
  if (!check.isTooFew || looksWorse) return null;
  const [what, why] = [
    clusters === null ? "" : ` in ${clusters} clusters`,
    "not even a candidate without any difference could pass",
  ];
  const fewest = check.method === "score" ? `with fewer than ${count(fewestItems(margin, rule.confidence))} ` : "";
  return `${count(n)} items of ${name}${what} are too few for this margin: ${fewest}${why}`;
}

function tooFewClusters({ clusters }: Check, { min_clusters }: GateRule): boolean {
  return clusters !== null && clusters < min_clusters;
}

const noChampion =
  "there is no champion to compare with: look at the candidate, and accept it with --accept-first (gate.accept_first in the recipe)";

function firstTooFew(judged: readonly JudgedMetric[], candidate: Side, rule: GateRule): string[] {
  return judged.flatMap(({ key, suite, name }) => {
    const { items } = candidate.suites.find((each) => each.suite === suite)!;
    const n = [...items.values()].filter(({ scores }) => Object.hasOwn(scores, name) && scores[name] !== null).length;
    return n < rule.min_items ? [tooFew(key, n, rule)] : [];
  });
}

function tooFew(name: string, n: number, { min_items }: GateRule): string {
  return `${name} was measured on ${n === 1 ? "1 item" : `${count(n)} items`}; ${count(min_items)} are needed`;
}
