// How many items each metric of two evaluations would need, by how much their items really differ.
import { FtError } from "../errors.js";
import { gateSchema } from "../recipes/schema/gate.js";
import { compareMetric } from "./gate/check.js";
import { judgedMetrics } from "./gate/judged-metrics.js";
import { isLossLike } from "./gate/metric-names.js";
import { differencesOf, faultsOf } from "./gate/same-ground.js";
import type { Side } from "./gate/side.js";
import { itemsNeeded, leastMargin, type PowerSettings, smallestMargin } from "./power.js";

export interface MetricPower {
  metric: string;
  n: number;
  clusters: number | null;
  /** Share of the items that differ. */
  discordance: number;
  /** Standard deviation of an item's difference, in the metric's unit; with clusters, of as many independent items. */
  deviation: number;
  /** What `margin` is a share of: the scale, or the champion's value; null: the metric has no known scale. */
  marginOf: "scale" | "champion" | null;
  margin: number | null;
  itemsNeeded: number | null;
  /** That these n items can show; a share, as `margin`. */
  smallestMargin: number | null;
}

/** Throws FtError eval.other-ground (data) where the two can't be compared, usage.metric. */
export function measuredPower(
  champion: Side,
  candidate: Side,
  { metric, margin, ...settings }: PowerSettings & { metric: string | undefined; margin: number | undefined },
): MetricPower[] {
  const judged = judgedMetrics(candidate, gateSchema.parse({ primary: "all" }));
  const doubts = [
    ...faultsOf(champion, "champion", judged),
    ...faultsOf(candidate, "candidate", judged),
    ...differencesOf(champion, candidate, "champion", judged),
  ];
  if (doubts.length > 0) throw otherGround(doubts);
  const some = judged.filter(({ key }) => metric === undefined || key === metric);
  if (some.length === 0)
    throw noMetric(
      metric!,
      judged.map(({ key }) => key),
    );
  return some.map((each) => {
    const [theirs, ours] = [champion, candidate].map((side) => side.suites.find(({ suite }) => suite === each.suite)!);
    const check = compareMetric(each, { theirs: theirs!, ours: ours!, against: "champion" }, settings.confidence);
    const { n, clusters, method, reference, deviation, discordance } = check;
    const relative = isLossLike(each.name);
    const unit = relative ? Math.abs(reference) : each.scale && each.scale[1] - each.scale[0];
    const plain = { metric: each.key, n, clusters, discordance, deviation };
    if (!unit) return { ...plain, marginOf: null, margin: null, itemsNeeded: null, smallestMargin: null };
    const share = margin ?? (relative ? 0.01 : 0.02);
    const variance = (deviation / unit) ** 2;
    const needed = itemsNeeded(variance, share, settings);
    const least = method === null || relative ? 0 : leastMargin(clusters ?? n, method, settings.confidence);
    const fewest = Math.ceil((n * least) / share);
    return {
      ...plain,
      marginOf: relative ? "champion" : "scale",
      margin: share,
      itemsNeeded: share + settings.effect > 0 ? Math.max(needed, fewest, 2) : null,
      smallestMargin: Math.max(smallestMargin(variance, n, settings), least - settings.effect),
    };
  });
}

function otherGround(doubts: string[]): FtError {
  return new FtError({
    code: "eval.other-ground",
    exit: "data",
    message: "the two cannot be compared item by item",
    problems: doubts.map((message) => ({ message })),
    next: "give two evaluations of the same items",
  });
}

function noMetric(metric: string, known: string[]): FtError {
  return new FtError({
    code: "usage.metric",
    exit: "usage",
    message: `${metric} was not measured`,
    next: `choose one of ${known.join(", ")}`,
  });
}
