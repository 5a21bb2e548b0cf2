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
    const change = (value: number): string => signed(value, row.format);
    table.push([
      row.metric.replace("_", " "),
      level(row.base, row.format),
      level(row.adapter, row.format),
      `${change(row.difference)}  [${change(row.low)}, ${change(row.high)}]${row.format === "percent" ? " points" : ""}`,
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

function level(value: number, format: ComparisonRow["format"]): string {
  return format === "percent" ? `${(value * 100).toFixed(1)} %` : value.toFixed(3);
}

/** A change of a percentage is in points. */
function signed(value: number, format: ComparisonRow["format"]): string {
  if (!Number.isFinite(value)) return value > 0 ? "+∞" : "-∞";
  const text = format === "percent" ? (value * 100).toFixed(1) : value.toFixed(3);
  return value > 0 ? `+${text}` : text;
}
