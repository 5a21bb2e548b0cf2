// Which metrics the rule judges, each in what role and by what margin.
import type { GateRule } from "../../recipes/schema/gate.js";
import { isLossLike } from "./metric-names.js";
import { type NamedMetric, namedMetrics, type Side } from "./side.js";

export interface JudgedMetric extends NamedMetric {
  role: "primary" | "guard";
  margin: Margin;
}

/** How much worse it may be: in the metric's own unit, or as a share of the other side's value. Unknown: the rule doesn't say. */
type Margin = { own: number } | { share: number } | "unknown";

/** In the candidate's order. */
export function judgedMetrics(candidate: Side, rule: GateRule): JudgedMetric[] {
  const metrics = namedMetrics(candidate);
  const primary = rule.primary ?? metrics[0]?.key;
  return metrics.flatMap((metric) => {
    const role = primary === "all" || metric.key === primary ? "primary" : "guard";
    const isLeftOut = role === "guard" && rule.guards !== "all" && !rule.guards.includes(metric.key);
    return isLeftOut ? [] : [{ ...metric, role, margin: marginOf(metric, role, rule) } as const];
  });
}

function marginOf({ key, name, scale }: NamedMetric, role: JudgedMetric["role"], rule: GateRule): Margin {
  const own = Object.hasOwn(rule.margins, key) ? rule.margins[key] : undefined;
  if (typeof own === "number") return { own };
  if (own !== undefined) return { share: Number.parseFloat(own) / 100 };
  if (isLossLike(name)) return { share: rule.loss_margin };
  if (scale === null) return "unknown";
  return { own: (role === "primary" ? rule.margin : rule.guard_margin) * (scale[1] - scale[0]) };
}

/** Names in the rule that no suite has, and metrics without a margin: nothing may be promoted by a rule that says less than it seems. */
export function gapsInRule(candidate: Side, judged: readonly JudgedMetric[], rule: GateRule): string[] {
  const known = namedMetrics(candidate).map(({ key }) => key);
  const named = [
    ...(rule.primary === undefined || rule.primary === "all" ? [] : [rule.primary]),
    ...(rule.guards === "all" ? [] : rule.guards),
    ...Object.keys(rule.margins),
    ...Object.keys(rule.floors),
  ];
  const unknown = [...new Set(named)].filter((key) => !known.includes(key));
  return [
    ...unknown.map(
      (key) =>
        `the rule names ${key}, which was not measured; ${known.length > 0 ? `there are: ${known.join(", ")}` : "nothing was"}`,
    ),
    ...judged
      .filter(({ margin }) => margin === "unknown")
      .map(
        ({ key }) =>
          `${key} has no scale from which 2 points could be told: give it a margin of its own (gate.margins in the recipe, --margin ${key}=...)`,
      ),
  ];
}
