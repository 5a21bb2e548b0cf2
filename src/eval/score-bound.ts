// How much lower, at worst, a yes/no score is than another one on the same items.
import { normalQuantile } from "./quantiles.js";

/**
 * One-sided lower bound of P(gained) - P(lost): Tango, "Equivalence test and confidence interval for the difference in proportions for
 * the paired-sample design", Stat. Med. 17 (1998) 891-908. The score test is inverted, with the likelihood's maximum under each
 * difference, so it stays honest where few items differ and is never of zero width (docs/gate.md has its exact error rates).
 * `gained`: items that only the candidate has right; `lost`: that only the other has. No items: -1.
 */
export function pairedScoreBound(
  { gained, lost, n }: { gained: number; lost: number; n: number },
  confidence: number,
): number {
  if (n === 0) return -1;
  const z = normalQuantile(confidence);
  let low = -1;
  let high = (gained - lost) / n;
  // The statistic falls from infinity at -1 to 0 at the estimate.
  while (high - low > 1e-14) {
    const middle = (low + high) / 2;
    if (scoreStatistic(gained, lost, n, middle) > z) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Tango's (gained - lost - n d) / sqrt(n (2 q + d (1 - d))), q the constrained estimate of P(lost). */
function scoreStatistic(gained: number, lost: number, n: number, d: number): number {
  const b = (2 * n - gained + lost) * d - gained - lost;
  const q = (Math.sqrt(Math.max(0, b * b + 8 * n * lost * d * (1 - d))) - b) / (4 * n);
  const variance = n * (2 * q + d * (1 - d));
  return variance > 0 ? (gained - lost - n * d) / Math.sqrt(variance) : Number.POSITIVE_INFINITY;
}
