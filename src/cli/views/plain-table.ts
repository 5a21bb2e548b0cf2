// The one table of ft: aligned columns without borders, a rule under the head.
import Table from "cli-table3";

interface Column {
  head: string;
  align?: "left" | "right";
}

/** Lines, the head and its rule first; no line has trailing spaces. */
export function plainTable(columns: readonly Column[], rows: readonly (readonly (string | number)[])[]): string[] {
  const table = new Table({
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ align = "left" }) => align),
    chars: noBorders,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
  });
  for (const row of rows) table.push([...row]);
  const [head = "", ...lines] = table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
  // cli-table3 draws a rule under the head only together with one under each row.
  return [head, "─".repeat(Math.max(head.length, ...lines.map((line) => line.length))), ...lines];
}

const noBorders = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "", bottom: "", "bottom-mid": "", "bottom-left": "" },
  ...{ "bottom-right": "", left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "" },
};
