// The population stability index: a worked example, its noise against simulated data, and the chi-squared approximation against a table.
import { chiSquaredDistributionTable } from "simple-statistics";
import { expect, test } from "vitest";
import { chiSquaredQuantile95, drift, noiseLevel, populationStabilityIndex } from "./drift.js";

test("the index of shares 50/50 -> 80/20 is 0.3 ln 1.6 - 0.3 ln 0.4 = 0.416", () => {
  expect(populationStabilityIndex([50_000, 50_000], [80_000, 20_000])).toBeCloseTo(0.4159, 3);
  expect(populationStabilityIndex([10, 20], [100, 200])).toBeLessThan(0.001);
});

test.each([1, 5, 9, 19])("the chi-squared quantile for %i degrees is near the table's", (degrees) => {
  const exact = (chiSquaredDistributionTable as unknown as Record<number, Record<number, number>>)[degrees]![0.05]!;
  expect(Math.abs(chiSquaredQuantile95(degrees) / exact - 1)).toBeLessThan(degrees === 1 ? 0.03 : 0.003);
});

test("samples of one distribution exceed the noise level in about 5 % of cases", () => {
  let seed = 42;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  const sample = (rows: number) => {
    const counts = new Array<number>(10).fill(0);
    for (let row = 0; row < rows; row += 1) counts[Math.floor(random() * 10)]! += 1;
    return counts;
  };
  let beyond = 0;
  for (let round = 0; round < 1000; round += 1) {
    const index = populationStabilityIndex(sample(300), sample(500));
    if (index > noiseLevel({ before: 300, after: 500, bins: 10 })) beyond += 1;
  }
  expect(beyond).toBeGreaterThan(20);
  expect(beyond).toBeLessThan(80);
});

test("the level needs both a size and enough rows", () => {
  expect(drift("d", [500, 500], [800, 200]).level).toBe("large");
  expect(drift("d", [500, 500], [660, 340]).level).toBe("moderate");
  expect(drift("d", [5, 5], [8, 2]).level).toBe("none");
  expect(drift("d", [500, 500, 0], [500, 500, 0]).psi).toBe(0);
});
