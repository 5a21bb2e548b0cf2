// Quantiles and histograms: exact for small numbers, within the promised error for large ones.
import { expect, test } from "vitest";
import { numberCounts, quantile, summarise } from "./number-counts.js";

function countsOf(values: number[]) {
  const counts = numberCounts();
  for (const value of values) counts.add(value);
  return counts;
}

test("quantiles are values that were there, by nearest rank", () => {
  const { p50, p90, p99, min, max, mean } = summarise(countsOf(Array.from({ length: 100 }, (_, index) => index + 1)));
  expect({ p50, p90, p99, min, max, mean }).toEqual({ p50: 50, p90: 90, p99: 99, min: 1, max: 100, mean: 50.5 });
});

test("large values are rounded by 0.6 % at most, in bounded memory; the largest and the sum stay exact", () => {
  const values = Array.from({ length: 50_000 }, (_, index) => 1000 + index * 37);
  const counts = countsOf(values);
  expect(counts.sorted().length).toBeLessThan(1024 + 64 * 11);
  for (const share of [0.1, 0.5, 0.9, 0.99]) {
    const exact = values[Math.ceil(share * values.length) - 1]!;
    expect(Math.abs(quantile(counts.sorted(), counts.count, share) / exact - 1)).toBeLessThan(0.006);
  }
  expect(counts.max).toBe(values.at(-1));
  expect(counts.sum).toBe(values.reduce((sum, value) => sum + value, 0));
});

test("the bins hold every value once; what lies far out is in an open bin at the end", () => {
  const { histogram } = summarise(countsOf([...Array.from({ length: 199 }, (_, index) => index % 100), 50_000]));
  expect(histogram.reduce((sum, { count }) => sum + count, 0)).toBe(200);
  expect(histogram.at(-1)).toEqual({ from: 100, to: null, count: 1 });
  expect(histogram[0]).toEqual({ from: 0, to: 5, count: 10 });
});

test("nothing counted is nothing, not NaN", () => {
  expect(summarise(numberCounts())).toMatchObject({ count: 0, mean: 0, p50: 0, max: 0, histogram: [] });
});
