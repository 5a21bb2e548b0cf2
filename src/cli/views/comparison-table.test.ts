import { expect, test } from "vitest";
import type { ComparisonRow } from "../../eval/comparison.js";
import { comparisonTable } from "./comparison-table.js";

type Told = Pick<ComparisonRow, "metric" | "base" | "adapter" | "low" | "high" | "format" | "better">;
const rowOf = (row: Told): ComparisonRow => ({ ...row, difference: row.adapter - row.base, n: 40 });

const lower = { format: "number", better: "lower" } as const;
const higher = { format: "percent", better: "higher" } as const;

test("aligned columns, percentages in points, one verdict a metric", () => {
  const table = comparisonTable([
    rowOf({ metric: "loss", base: 1.2345, adapter: 0.312, low: -0.951, high: -0.894, ...lower }),
    rowOf({ metric: "exact_match", base: 0, adapter: 0.975, low: 0.92, high: 0.993, ...higher }),
    rowOf({ metric: "json_valid", base: 0.95, adapter: 1, low: -0.01, high: 0.12, ...higher }),
  ]);
  expect(table).toBe(
    [
      "metric         base  adapter  difference  95 % interval",
      "───────────────────────────────────────────────────────────────────────────────",
      "loss          1.234    0.312      −0.922  −0.951 to −0.894  better",
      "exact match   0.0 %   97.5 %   +97.5 pts  +92.0 to +99.3    better",
      "JSON valid   95.0 %  100.0 %    +5.0 pts  −1.0 to +12.0     no clear difference",
      "",
      "held-out examples: 40",
      "",
    ].join("\n"),
  );
});

test.each([
  ["lower", -2, -1, "better"],
  ["lower", 1, 2, "worse"],
  ["higher", 1, 2, "better"],
  ["higher", -2, -1, "worse"],
  ["higher", 0, 2, "no clear difference"],
  ["lower", Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, "no clear difference"],
] as const)("where %s is better, an interval of %d to %d is %s", (better, low, high, verdict) => {
  const table = comparisonTable([rowOf({ metric: "m", base: 5, adapter: 5, low, high, format: "number", better })]);
  expect(table.split("\n")[2]).toMatch(new RegExp(`  ${verdict}$`));
});

test("a diverged model's numbers stay readable", () => {
  const table = comparisonTable([
    rowOf({ metric: "perplexity", base: 3, adapter: 1.5e12, low: 1, high: Number.POSITIVE_INFINITY, ...lower }),
  ]);
  expect(table).toMatch(/1\.5e\+12 +\+1\.5e\+12 +\+1\.000 to \+∞ +worse/);
});

test("preferences and rewards fit 80 columns too", () => {
  const table = comparisonTable([
    rowOf({ metric: "preference_accuracy", base: 0.5, adapter: 0.975, low: -0.1, high: 0.593, ...higher }),
    rowOf({ metric: "reward", base: -1.25, adapter: 0.5, low: -0.1, high: 2.5, format: "number", better: "higher" }),
  ]);
  expect(Math.max(...table.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(table).toMatch(/^preferences +50\.0 % +97\.5 % +\+47\.5 pts +−10\.0 to \+59\.3 +no clear difference$/m);
  expect(table).toMatch(/^reward +−1\.250 +0\.500 +\+1\.750 +−0\.100 to \+2\.500 +no clear difference$/m);
});

test("fits 80 columns, and tells by metric where fewer examples count", () => {
  const wide = { base: 1, adapter: 0.5, low: -1, high: 1, format: "percent", better: "higher" } as const;
  const table = comparisonTable([
    rowOf({ metric: "perplexity", base: 27.789, adapter: 10.023, low: -21.258, high: -14.633, ...lower }),
    { ...rowOf({ metric: "exact_match", ...wide }), n: 38 },
    { ...rowOf({ metric: "json_valid", ...wide }), n: 38 },
  ]);
  expect(Math.max(...table.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(table).toMatch(/perplexity +27\.79 +10\.02 +−17\.77 +−21\.26 to −14\.63 +better/);
  expect(table).toContain("held-out examples: 40 (perplexity), 38 (exact match, JSON valid)\n");
});
