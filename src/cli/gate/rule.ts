// The rule of `ft gate`: its flags over a recipe's rule, or over the default.
import { FtError } from "../../errors.js";
import { judgedMetrics } from "../../eval/gate/judged-metrics.js";
import { namedMetrics, type Side } from "../../eval/gate/side.js";
import { nearest } from "../../nearest.js";
import { type GateRule, gateSchema } from "../../recipes/schema/gate.js";

/** `0.02`, or `bleu=0.5`, or `loss=2%`. */
export interface NamedValue {
  metric: string | null;
  value: number | string;
}

export interface RuleFlags {
  primary?: string;
  margin?: NamedValue[];
  guardMargin?: number;
  lossMargin?: number;
  floor?: NamedValue[];
  lowerIsBetter?: string[];
  higherIsBetter?: string[];
  confidence?: number;
  minItems?: number;
  minClusters?: number;
  acceptFirst?: boolean;
}

/** `base`: what the flags go over. Throws FtError usage.gate. */
export function ruleOf(base: Partial<GateRule>, flags: RuleFlags): GateRule {
  refuseContradictions(flags);
  const margin = flags.margin?.findLast(({ metric }) => metric === null)?.value;
  const given = {
    primary: flags.primary,
    margin,
    guard_margin: flags.guardMargin,
    loss_margin: flags.lossMargin,
    confidence: flags.confidence,
    min_items: flags.minItems,
    min_clusters: flags.minClusters,
    accept_first: flags.acceptFirst,
  };
  const over = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const rule = gateSchema.safeParse({
    ...base,
    ...over,
    margins: { ...base.margins, ...byMetric(flags.margin) },
    floors: { ...base.floors, ...byMetric(flags.floor) },
  });
  if (rule.success) return rule.data;
  const { path, message } = rule.error.issues[0]!;
  throw wrong(
    `--${String(path[0])
      .replaceAll("_", "-")
      .replace(/^(margin|floor)s$/, "$1")}: ${message}`,
  );
}

/** Of two that cannot both be meant none is taken silently. */
function refuseContradictions({ margin = [], floor = [], lowerIsBetter = [], higherIsBetter = [] }: RuleFlags): void {
  const both = lowerIsBetter.find((metric) => higherIsBetter.includes(metric));
  if (both !== undefined) throw wrong(`${both} is in --lower-is-better and in --higher-is-better`);
  for (const [flag, values] of Object.entries({ "--margin": margin, "--floor": floor })) {
    for (const { metric, value } of values) {
      const other = values.find((one) => one.metric === metric && one.value !== value);
      const of = metric === null ? "" : ` of ${metric}`;
      if (other) throw wrong(`${flag}${of} is said twice: ${value} and ${other.value}`);
      if (metric === "__proto__")
        throw wrong(`${flag}: no rule can name a metric ${metric}`, "JavaScript keeps this name for itself");
    }
  }
}

function byMetric(values: readonly NamedValue[] = []): Record<string, number | string> {
  return Object.fromEntries(values.flatMap(({ metric, value }) => (metric === null ? [] : [[metric, value]])));
}

/** A flag that would do nothing is a mistake. Throws FtError usage.gate. */
export function checkFlags(candidate: Side, rule: GateRule, flags: RuleFlags): void {
  const known = namedMetrics(candidate).map(({ key }) => key);
  for (const [flag, metrics] of [
    ["--lower-is-better", flags.lowerIsBetter],
    ["--higher-is-better", flags.higherIsBetter],
  ] as const) {
    const unknown = metrics?.find((metric) => !known.includes(metric));
    if (unknown === undefined || known.length === 0) continue;
    const near = nearest(unknown, known);
    throw wrong(`${flag} ${unknown}: the candidate has no such metric`, near ? `did you mean ${near}?` : undefined);
  }
  const judged = judgedMetrics(candidate, rule);
  const onScale = (role: "primary" | "guard"): boolean =>
    judged.length === 0 ||
    judged.some(
      (metric) => metric.role === role && "own" in Object(metric.margin) && !Object.hasOwn(rule.margins, metric.key),
    );
  const hasBareMargin = flags.margin?.some(({ metric }) => metric === null);
  const unused = [
    hasBareMargin && !onScale("primary") && "--margin",
    flags.guardMargin !== undefined && !onScale("guard") && "--guard-margin",
    flags.lossMargin !== undefined &&
      judged.length > 0 &&
      !judged.some(({ margin, key }) => "share" in Object(margin) && !Object.hasOwn(rule.margins, key)) &&
      "--loss-margin",
  ].find((flag) => flag);
  if (unused)
    throw wrong(
      `${unused} applies to no metric here`,
      "--margin and --guard-margin are for scores of a known scale such as 0 to 1, --loss-margin is for losses; --margin metric=x is for any",
    );
}

export function wrong(message: string, why?: string): FtError {
  return new FtError({ code: "usage.gate", exit: "usage", message, why, next: "ft help gate; docs/gate.md" });
}
