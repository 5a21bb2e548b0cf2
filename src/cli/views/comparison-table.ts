// Base against adapter, one line a metric: what people see at the end of a run and from `ft eval`.
import Table from "cli-table3";
import type { ComparisonRow } from "../../eval/comparison.js";

/** Ends with a newline. A difference of percentages is in points. */
export function comparisonTable(rows: readonly ComparisonRow[]): string {
  const table = new Table({
    head: ["metric", "base", "adapter", "difference", "95 % interval", "n", ""],
    colAligns: ["left", "right", "right", "right", "left", "right", "left"],
    chars: onlyHeadRule,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
  });
  for (const row of rows) {
    const change = (value: number): string => signed(value, row.format);
    table.push([
      row.metric.replace("_", " ").replace("json", "JSON"),
      level(row.base, row.format),
      level(row.adapter, row.format),
      `${change(row.difference)}${row.format === "percent" ? " pts" : ""}`,
      `${change(row.low)} to ${change(row.high)}`,
      row.n,
      verdict(row),
    ]);
  }
  const [head = "", ...lines] = table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
  const width = Math.max(head.length, ...lines.map((line) => line.length));
  return `${[head, "─".repeat(width), ...lines].join("\n")}\n`;
}

/** cli-table3 draws a rule under the head only together with one under each row: it draws none, and the rule is added. */
const onlyHeadRule = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "", bottom: "", "bottom-mid": "", "bottom-left": "" },
  ...{ "bottom-right": "", left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "" },
};

/** An interval that holds zero says that the examples cannot tell the two apart. */
function verdict({ low, high, better }: ComparisonRow): "better" | "worse" | "no clear difference" {
  if (low <= 0 && high >= 0) return "no clear difference";
  return high < 0 === (better === "lower") ? "better" : "worse";
}

function level(value: number, format: ComparisonRow["format"]): string {
  return format === "percent" ? `${(value * 100).toFixed(1)} %` : number(value);
}

/** A minus as wide as the plus; a zero without sign. */
function signed(value: number, format: ComparisonRow["format"]): string {
  const size = Math.abs(value);
  const text = format === "percent" && Number.isFinite(size) ? (size * 100).toFixed(1) : number(size);
  if (/^[0.]+$/.test(text)) return text;
  return `${value < 0 ? "−" : "+"}${text}`;
}

/** A diverged model's perplexity can be astronomic. */
function number(value: number): string {
  if (!Number.isFinite(value)) return "∞";
  return value < 100_000 ? value.toFixed(3) : value.toExponential(2);
}
