// How much lower, at worst, the mean of a score is than another one's on the same items: for scores that are no yes or no, and for items in groups.
import { quantileSorted } from "simple-statistics";
import { tQuantile } from "./quantiles.js";
import { seededRandom } from "./random.js";
import { meanAndError, type Units, withEnds } from "./units.js";

/** Above it the t interval is as good as the bootstrap, and quick. */
const manyUnits = 2000;

/**
 * One-sided lower bound of the mean difference per item. Studentized bootstrap over units (Hall, Ann. Stat. 16 (1988) 927-953): second-order
 * correct, so a few items that got much worse don't hide. Above 2,000 units Student's t. Always the same for the same numbers.
 * `range`: widest difference that a score of known scale allows. Then one unit more that was wholly gained and one that was wholly lost
 * are counted (withEnds), so that items without any difference give no zero width.
 * -Infinity where the units cannot say: fewer than two, or all alike.
 */
export function meanBound(
  units: Units,
  { confidence, range = null, resamples = 2000 }: { confidence: number; range?: number | null; resamples?: number },
): number {
  const { sums, sizes } = range === null ? units : withEnds(units, [-range, range]);
  const count = sums.length;
  const { mean, error } = meanAndError({ sums, sizes });
  if (count < 2 || !(error > 0)) return Number.NEGATIVE_INFINITY;
  if (count > manyUnits) return mean - tQuantile(confidence, count - 1) * error;
  const random = seededRandom(1);
  const x = Float64Array.from(sums);
  const w = Float64Array.from(sizes);
  const drawn = Array.from({ length: resamples }, () => {
    let sx = 0;
    let sw = 0;
    let sxx = 0;
    let sxw = 0;
    let sww = 0;
    for (let i = 0; i < count; i++) {
      const at = Math.floor(random() * count);
      const a = x[at]!;
      const b = w[at]!;
      sx += a;
      sw += b;
      sxx += a * a;
      sxw += a * b;
      sww += b * b;
    }
    const off = sx / sw - mean;
    const squares = sxx - 2 * (sx / sw) * sxw + (sx / sw) ** 2 * sww;
    // Units that are all alike, to the last digits: nothing by which to measure how far off they are.
    if (squares <= 1e-12 * sxx) return off > 0 ? Number.POSITIVE_INFINITY : off < 0 ? Number.NEGATIVE_INFINITY : 0;
    return (off * sw) / Math.sqrt((squares * count) / (count - 1));
  }).sort((a, b) => a - b);
  return mean - quantileSorted(drawn, confidence) * error;
}
