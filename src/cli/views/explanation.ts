// Explanations and differences of recipes, for people.
import wrapAnsi from "wrap-ansi";
import type { Explanation } from "../../recipes/explain.js";
import type { Difference } from "../../recipes/resolved.js";
import { plainTable } from "./plain-table.js";

/** A paragraph a key: its value, where it comes from, why, after whom. */
export function explanationText(explanations: Explanation[], columns: number): string {
  const width = Math.max(40, Math.min(columns, 100));
  return explanations.map((each) => paragraph(each, width)).join("\n");
}

function paragraph({ key, value, writtenAt, description, choice }: Explanation, width: number): string {
  const lines = [`${key} = ${shown(value)}`];
  if (description) lines.push(description);
  if (writtenAt) lines.push(`written in ${[writtenAt.file, writtenAt.line].filter(Boolean).join(":")}`);
  if (choice) {
    const isChosen = !writtenAt;
    lines.push(`${isChosen ? "chosen" : `ft would choose ${shown(choice.value)}`}: ${choice.reason}`);
    if (choice.source) lines.push(`after ${choice.source}`);
  } else if (!writtenAt) lines.push("the fixed default");
  const [head, ...rest] = lines;
  const indented = rest.map((line) => wrapAnsi(line, width - 2).replace(/^/gm, "  "));
  return `${[head, ...indented].join("\n")}\n`;
}

export function differencesText(found: Difference[], { a, b }: { a: string; b: string }): string {
  if (found.length === 0) return "no difference\n";
  const rows = found.map((each) => [each.key, shown(each.a), shown(each.b)]);
  return `${plainTable([{ head: "key" }, { head: a }, { head: b }], rows).join("\n")}\n`;
}

function shown(value: unknown): string {
  if (value === undefined) return "-";
  if (typeof value === "number" && value !== 0 && Math.abs(value) < 1e-3) return value.toExponential();
  return typeof value === "string" ? value : JSON.stringify(value);
}
