// Base against adapter, one line a metric: what people see at the end of a run and from `ft eval`.
import type { ComparisonRow } from "../../eval/comparison.js";
import { level, signed } from "./metric-figures.js";
import { plainTable } from "./plain-table.js";

/** At most 80 columns wide; ends with a newline. A difference of percentages is in points. */
export function comparisonTable(rows: readonly ComparisonRow[]): string {
  const change = (row: ComparisonRow, value: number): string => signed(value, row.format);
  const lines = plainTable(
    [
      { head: "metric" },
      { head: "base", align: "right" },
      { head: "adapter", align: "right" },
      { head: "difference", align: "right" },
      { head: "95 % interval" },
      { head: "" },
    ],
    rows.map((row) => [
      label(row),
      level(row.base, row.format),
      level(row.adapter, row.format),
      `${change(row, row.difference)}${row.format === "percent" ? " pts" : ""}`,
      `${change(row, row.low)} to ${change(row, row.high)}`,
      verdict(row),
    ]),
  );
  return `${[...lines, ...examples(rows)].join("\n")}\n`;
}

function label({ metric }: ComparisonRow): string {
  if (metric === "preference_accuracy") return "preferences"; // the table is to fit 80 columns
  return metric.replace("_", " ").replace("json", "JSON");
}

/** How many examples stand behind the numbers; by metric where they differ. */
function examples(rows: readonly ComparisonRow[]): string[] {
  const counts = [...new Set(rows.map(({ n }) => n))];
  const told = counts.map(
    (n) =>
      `${n} (${rows
        .filter((row) => row.n === n)
        .map(label)
        .join(", ")})`,
  );
  return rows.length > 0 ? ["", `held-out examples: ${counts.length > 1 ? told.join(", ") : counts[0]}`] : [];
}

/** An interval that holds zero says that the examples cannot tell the two apart. */
function verdict({ low, high, better }: ComparisonRow): "better" | "worse" | "no clear difference" {
  if (low <= 0 && high >= 0) return "no clear difference";
  return high < 0 === (better === "lower") ? "better" : "worse";
}
