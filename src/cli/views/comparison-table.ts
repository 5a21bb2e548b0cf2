// Base against adapter, one line a metric: what people see at the end of a run and from `ft eval`.
import Table from "cli-table3";
import type { ComparisonRow } from "../../eval/comparison.js";

/** Ends with a newline. */
export function comparisonTable(rows: ComparisonRow[]): string {
  const table = new Table({
    head: ["metric", "base", "adapter", "difference (95 % interval)", "n", ""],
    colAligns: ["left", "right", "right", "left", "right", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    const text = (value: number, sign = ""): string => number(value, row.format, sign);
    const interval = `[${text(row.low, "+")}, ${text(row.high, "+")}]`;
    table.push([
      row.metric.replace("_", " "),
      text(row.base),
      text(row.adapter),
      `${text(row.difference, "+")}  ${interval}`,
      row.n,
      verdict(row),
    ]);
  }
  return `${table.toString()}\n`;
}

/** An interval that holds zero says that the examples cannot tell the two apart. */
function verdict({ low, high, better }: ComparisonRow): string {
  if (low <= 0 && high >= 0) return "no clear difference";
  return high < 0 === (better === "lower") ? "better" : "worse";
}

function number(value: number, format: ComparisonRow["format"], sign: string): string {
  const plus = value > 0 ? sign : "";
  if (!Number.isFinite(value)) return `${value > 0 ? plus : "-"}∞`;
  return format === "percent" ? `${plus}${(value * 100).toFixed(1)} %` : `${plus}${value.toFixed(3)}`;
}
