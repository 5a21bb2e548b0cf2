// How many items a margin needs, and what margin a number of items can show.
import { meanBound } from "./mean-bound.js";
import { normalQuantile } from "./quantiles.js";
import { pairedScoreBound } from "./score-bound.js";

export interface PowerSettings {
  /** One-sided, of the gate's bound. */
  confidence: number;
  /** Probability to pass. */
  power: number;
  /** How much better the candidate truly is; 0: exactly as good. */
  effect: number;
}

/** Variance of the paired difference of one item: of a yes/no score that differs on a share `discordance` of the items. */
function discordanceVariance(discordance: number, effect: number): number {
  return discordance - effect ** 2;
}

/**
 * n = (z_confidence + z_power)^2 variance / (margin + effect)^2: some 6.18 p / d^2 at 95 % and 80 % (Connor, Biometrics 43 (1987) 207-211, for
 * a difference; Liu et al., Stat. Med. 21 (2002) 231-245, for non-inferiority).
 */
export function itemsNeeded(variance: number, margin: number, { confidence, power, effect }: PowerSettings): number {
  const z = normalQuantile(confidence) + normalQuantile(power);
  return Math.ceil((z ** 2 * variance) / (margin + effect) ** 2);
}

/** The inverse: the smallest margin that a candidate would pass on so many items. Negative: it would be shown to be better. */
export function smallestMargin(variance: number, items: number, { confidence, power, effect }: PowerSettings): number {
  const z = normalQuantile(confidence) + normalQuantile(power);
  return z * Math.sqrt(variance / items) - effect;
}

/** Yes/no items below which not even a candidate without any difference could pass: then the score bound is -z^2 / (n + z^2). */
export function fewestItems(margin: number, confidence: number): number {
  return Math.floor((normalQuantile(confidence) ** 2 * (1 - margin)) / margin) + 1;
}

/**
 * How far below 0 the bound lies of so many items or groups of which none differs, as a share of the scale: no smaller margin can be shown with so
 * many but by a candidate that is better.
 */
export function leastMargin(units: number, method: "score" | "bootstrap" | "t", confidence: number): number {
  if (method === "score") return -pairedScoreBound({ gained: 0, lost: 0, n: units }, confidence);
  const alike = { sums: Array<number>(units).fill(0), sizes: Array<number>(units).fill(1) };
  return -meanBound(alike, { confidence, range: 1 });
}

export interface AssumedPower {
  /** Items needed for each margin; null: such a candidate passes never, as it truly is worse than the margin. */
  needed: { discordance: number; margin: number; items: number | null }[];
  /** Smallest margin that so many items can show. */
  shown: { discordance: number; items: number; margin: number }[];
}

/** For yes/no scores of which a share `discordance` differs. */
export function assumedPower({
  discordances,
  margins,
  items,
  ...settings
}: PowerSettings & {
  discordances: readonly number[];
  margins: readonly number[];
  items: readonly number[];
}): AssumedPower {
  const variance = (discordance: number) => discordanceVariance(discordance, settings.effect);
  return {
    needed: discordances.flatMap((discordance) =>
      margins.map((margin) => ({
        discordance,
        margin,
        items:
          margin + settings.effect > 0
            ? Math.max(itemsNeeded(variance(discordance), margin, settings), fewestItems(margin, settings.confidence))
            : null,
      })),
    ),
    shown: discordances.flatMap((discordance) =>
      items.map((n) => ({ discordance, items: n, margin: smallestMargin(variance(discordance), n, settings) })),
    ),
  };
}
