// Two versions side by side on a terminal of 80 columns.
import type { AdapterDifferences } from "../../adapters/diff.js";
import { cut } from "./format.js";
import { oneLine } from "./one-line.js";
import { plainTable } from "./plain-table.js";

interface Names {
  a: string;
  b: string;
}

const cell = 27;

/** Ends with a newline. */
export function adapterDiff({ lineage, recipe, scores, weights }: AdapterDifferences, names: Names): string {
  return [
    section("lineage", keys(lineage, names)),
    section("recipe", recipe === null ? ["  one of the run folders is not here"] : keys(recipe, names)),
    section("scores", scoreTable(scores, names)),
    section("what the weights add to the base, as Frobenius norms", weightTable(weights, names)),
  ].join("\n");
}

function section(title: string, lines: string[]): string {
  return `${title}\n${lines.map((line) => `${line}\n`).join("")}`;
}

function keys(found: AdapterDifferences["lineage"], { a, b }: Names): string[] {
  if (found.length === 0) return ["  no difference"];
  return plainTable(
    [{ head: "" }, { head: a }, { head: b }],
    found.map((each) => [each.key, shown(each.a), shown(each.b)]),
  );
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "-";
  return cut(oneLine(typeof value === "string" ? value : JSON.stringify(value)), cell);
}

function scoreTable(scores: AdapterDifferences["scores"], { a, b }: Names): string[] {
  if (scores.length === 0) return ["  neither was evaluated"];
  const right = "right" as const;
  const table = plainTable(
    [{ head: "" }, { head: a, align: right }, { head: b, align: right }, { head: "" }],
    scores.map(({ metric, format, a: left, b: other, sameRows }) => [
      metric.replace("_", " "),
      level(left, format),
      level(other, format),
      sameRows || left === null || other === null ? "" : "on other rows",
    ]),
  );
  return table;
}

function level(value: number | null, format: "number" | "percent"): string {
  if (value === null) return "-";
  return format === "percent" ? `${(value * 100).toFixed(1)} %` : value.toPrecision(4);
}

function weightTable(weights: AdapterDifferences["weights"], { a, b }: Names): string[] {
  if (weights === null) return ["  the weights of one are removed or cannot be read"];
  const right = "right" as const;
  const norm = (value: number | null): string => (value === null ? "-" : value.toPrecision(4));
  return plainTable(
    [{ head: "layer" }, { head: a, align: right }, { head: b, align: right }, { head: "between them", align: right }],
    weights.map((row) => [cut(oneLine(row.layer), cell), norm(row.a), norm(row.b), norm(row.distance)]),
  );
}
