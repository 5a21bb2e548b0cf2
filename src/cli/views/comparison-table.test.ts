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
      "metric         base  adapter  difference  95 % interval      n",
      "───────────────────────────────────────────────────────────────────────────────────",
      "loss          1.234    0.312      −0.922  −0.951 to −0.894  40  better",
      "exact match   0.0 %   97.5 %   +97.5 pts  +92.0 to +99.3    40  better",
      "JSON valid   95.0 %  100.0 %    +5.0 pts  −1.0 to +12.0     40  no clear difference",
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
  expect(table.trimEnd().endsWith(`  ${verdict}`)).toBe(true);
});

test("a diverged model's numbers stay readable", () => {
  const table = comparisonTable([
    rowOf({ metric: "perplexity", base: 3, adapter: 1.5e12, low: 1, high: Number.POSITIVE_INFINITY, ...lower }),
  ]);
  expect(table).toMatch(/1\.50e\+12 +\+1\.50e\+12 +\+1\.000 to \+∞ +40 +worse/);
});
