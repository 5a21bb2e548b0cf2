// How long a run takes, corrected by the speed of past runs on this machine with the same engine.
import type { Band } from "../memory/allocator.js";
import type { TimePart, TimePlan } from "../time/time-plan.js";
import type { Correction, Factor } from "./correct.js";

/** What goes as fast as training does. */
const parts: readonly TimePart[] = ["training", "held-out losses"];

/** Pure. */
export function correctTime(time: TimePlan, correction: Correction | undefined, engine: string): TimePlan {
  const factor = correction?.speed[engine];
  if (!factor) return time;
  const changed = time.parts.map(({ part, ...band }) => ({
    part,
    ...(parts.includes(part) ? scaled(band, factor) : band),
  }));
  const more = (bound: keyof Band): number =>
    changed.reduce((sum, part, index) => sum + part[bound] - time.parts[index]![bound], 0);
  return {
    ...time,
    parts: changed,
    total: {
      low: time.total.low + more("low"),
      mid: time.total.mid + more("mid"),
      high: time.total.high + more("high"),
    },
    step: scaled(time.step, factor),
    tokensPerSecond: time.tokensPerSecond * factor.factor,
    utilisation: time.utilisation * factor.factor,
    corrected: { runs: factor.runs, factor: factor.factor },
  };
}

/** Both ends keep their distance in shares, and reach 1 + 2/n times as far as the n past runs did where that is further. */
function scaled({ low, mid, high }: Band, { factor, least, most, runs }: Factor): Band {
  const reach = 1 + 2 / runs;
  const slowest = Math.max(factor / 4, factor - (factor - least) * reach);
  const fastest = factor + (most - factor) * reach;
  return {
    low: Math.min(low / factor, mid / fastest),
    mid: mid / factor,
    high: Math.max(high / factor, mid / slowest),
  };
}
