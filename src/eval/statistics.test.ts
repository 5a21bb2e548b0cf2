// The intervals against scipy, statsmodels and a published value, and what they say where there is little to say.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { meanInterval, pairedDifference } from "./paired-difference.js";
import { bootstrapInterval, type PairedCounts, pairedProportionInterval } from "./statistics.js";

interface Golden {
  paired: (PairedCounts & { low: number; high: number })[];
  losses: {
    tokens: number[];
    base: number[];
    adapter: number[];
    loss: [number, number];
    perplexity: [number, number];
  }[];
}
const golden = JSON.parse(
  readFileSync(new URL("../../test/fixtures/statistics/golden.json", import.meta.url), "utf8"),
) as Golden;

describe("interval of scores of 0 to 1", () => {
  const f1 = Array.from({ length: 100 }, (_, i) => (i % 8) / 8);

  it.each([
    ["f1", f1, null],
    ["f1 in groups", f1, f1.map((_, i) => String(i % 20))],
    ["yes or no", f1.map((score) => (score > 0.5 ? 1 : 0)), null],
  ])("is not certain that two sides are equal where no item of theirs differs: %s", (_, scores, clusters) => {
    const { low, difference, high } = pairedDifference(scores, scores, { clusters, scale: [0, 1] })!;
    expect([low < -0.02, difference, high > 0.02]).toEqual([true, 0, true]);
    const mean = meanInterval(Array(100).fill(0.99), { clusters, scale: [0, 1] })!;
    expect([mean.low < 0.98, mean.high > 0.99, mean.high <= 1]).toEqual([true, true, true]);
  });

  it("holds the point estimate, also of items that are all won", () => {
    for (const gain of [0.01, 0.5, 1])
      for (const n of [2, 30, 400]) {
        const [before, after] = [Array(n).fill(0), Array(n).fill(gain)];
        const { low, difference, high } = pairedDifference([...before, 0.5], [...after, 0.5], {
          clusters: null,
          scale: [0, 1],
        })!;
        expect([low <= difference, difference <= high, high <= 1]).toEqual([true, true, true]);
      }
  });
});

describe("interval of a paired difference of proportions", () => {
  it.each(golden.paired)(
    "agrees with statsmodels: $both/$baseOnly/$adapterOnly/$neither",
    ({ low, high, ...counts }) => {
      const interval = pairedProportionInterval(counts);
      expect(interval.low).toBeCloseTo(low, 10);
      expect(interval.high).toBeCloseTo(high, 10);
    },
  );

  it("agrees with the value that R's contingencytables prints for Cavo et al. (2012)", () => {
    const { low, high } = pairedProportionInterval({ both: 59, adapterOnly: 6, baseOnly: 16, neither: 80 });
    expect([low.toFixed(4), high.toFixed(4)]).toEqual(["-0.1186", "-0.0046"]);
  });

  it("mirrors when base and adapter change places", () => {
    const one = pairedProportionInterval({ both: 12, baseOnly: 3, adapterOnly: 40, neither: 45 });
    const other = pairedProportionInterval({ both: 12, baseOnly: 40, adapterOnly: 3, neither: 45 });
    expect(other.low).toBeCloseTo(-one.high, 12);
    expect(other.high).toBeCloseTo(-one.low, 12);
  });

  it("says nothing without examples, and stays unsure when a hundred of a hundred agree", () => {
    expect(pairedProportionInterval({ both: 0, baseOnly: 0, adapterOnly: 0, neither: 0 })).toEqual({
      low: -1,
      high: 1,
    });
    const { low, high } = pairedProportionInterval({ both: 100, baseOnly: 0, adapterOnly: 0, neither: 0 });
    expect(low).toBeLessThan(-0.03);
    expect(high).toBeGreaterThan(0.03);
  });

  it("never leaves -1..1 nor the point estimate, for every table of up to seven examples", () => {
    for (let both = 0; both <= 7; both++)
      for (let baseOnly = 0; both + baseOnly <= 7; baseOnly++)
        for (let adapterOnly = 0; both + baseOnly + adapterOnly <= 7; adapterOnly++) {
          const neither = 7 - both - baseOnly - adapterOnly;
          const { low, high } = pairedProportionInterval({ both, baseOnly, adapterOnly, neither });
          const difference = (adapterOnly - baseOnly) / 7;
          expect(low).toBeGreaterThanOrEqual(-1);
          expect(low).toBeLessThanOrEqual(difference);
          expect(high).toBeGreaterThanOrEqual(difference);
          expect(high).toBeLessThanOrEqual(1);
        }
  });
});

type Row = [tokens: number, base: number, adapter: number];
const loss = ([tokens, base, adapter]: readonly number[]): number => (adapter! - base!) / tokens!;

describe("bootstrap interval", () => {
  it.each(golden.losses)("agrees with scipy's BCa within resampling noise: $tokens.length items", (data) => {
    const rows = data.tokens.map((tokens, i): Row => [tokens, data.base[i]!, data.adapter[i]!]);
    const perplexity = ([tokens, base, adapter]: readonly number[]): number =>
      Math.exp(adapter! / tokens!) - Math.exp(base! / tokens!);
    for (const [statistic, [low, high]] of [[loss, data.loss] as const, [perplexity, data.perplexity] as const]) {
      const interval = bootstrapInterval(rows, statistic, { resamples: 10_000 });
      expect(Math.abs(interval.low - low)).toBeLessThan(0.05 * (high - low));
      expect(Math.abs(interval.high - high)).toBeLessThan(0.05 * (high - low));
    }
  });

  const row = (base: number, adapter: number, tokens = 10): Row => [tokens, base, adapter];

  it("is the same each time, and another with another seed", () => {
    const rows = [row(20, 10), row(22, 19), row(30, 12, 14), row(8, 9, 7), row(16, 2)];
    expect(bootstrapInterval(rows, loss)).toEqual(bootstrapInterval(rows, loss));
    expect(bootstrapInterval(rows, loss, { seed: 2, resamples: 50 })).not.toEqual(
      bootstrapInterval(rows, loss, { seed: 3, resamples: 50 }),
    );
  });

  it("knows nothing from fewer than two examples", () => {
    for (const rows of [[], [row(20, 10)]]) {
      expect(bootstrapInterval(rows, loss)).toEqual({ low: -Infinity, high: Infinity });
    }
  });

  it("is the point itself when every example changed by the same, without NaN", () => {
    const rows = Array.from({ length: 30 }, () => row(20, 15));
    expect(bootstrapInterval(rows, loss)).toEqual({ low: -0.5, high: -0.5 });
    expect(bootstrapInterval([row(1, 1), row(3, 3)], loss)).toEqual({ low: 0, high: 0 });
  });

  it("holds the truth about as often as it says", () => {
    let held = 0;
    let state = 12345;
    const random = (): number => {
      state = (state * 1103515245 + 12345) % 2 ** 31;
      return state / 2 ** 31;
    };
    for (let trial = 0; trial < 200; trial++) {
      const rows = Array.from({ length: 60 }, () => row(20, 20 + 20 * (random() - 0.5)));
      const { low, high } = bootstrapInterval(rows, loss, { resamples: 400, seed: trial });
      if (low <= 0 && 0 <= high) held++;
    }
    expect(held).toBeGreaterThanOrEqual(180);
    expect(held).toBeLessThanOrEqual(198);
  });
});
