// What `ft eval` prints: the table, how many answers turned, and with --flips the first of them.
import type { Comparison, Flip } from "../../eval/comparison.js";
import { comparisonTable } from "./comparison-table.js";

const shownFlips = 5;

/** `width`: columns of the terminal; long texts are cut to it. Ends with a newline. */
export function comparisonText(
  run: string,
  comparison: Comparison,
  options: { flips: boolean; width: number },
): string {
  const { rows, examples, flips } = comparison;
  const lines = [`${run}: base against adapter on the same ${counted(examples, "held-out example")}`, ""];
  lines.push(rows.length > 0 ? comparisonTable(rows) : "nothing to compare: no metric applies to these examples\n");
  if (rows.some(({ metric }) => metric === "exact_match")) {
    const fixed = flips.filter((flip) => flip.fixed).length;
    const hint = flips.length > 0 && !options.flips ? "; ft eval --flips shows some" : "";
    lines.push(`exact match: the adapter fixed ${counted(fixed, "answer")} and broke ${flips.length - fixed}${hint}`);
  }
  if (options.flips) lines.push(...someOfEach(flips).flatMap((flip) => ["", ...flipLines(flip, options.width)]));
  return `${lines.join("\n")}\n`;
}

/** For scripts: the rows and counts; the examples that turned only when asked for, because they are long. */
export function comparisonJson({ flips, ...rest }: Comparison, withFlips: boolean): Record<string, unknown> {
  const fixed = flips.filter((flip) => flip.fixed).length;
  return { ...rest, fixed, broken: flips.length - fixed, ...(withFlips && { flips }) };
}

/** Broken ones first: there are fewer, and they are what one wants to see. */
function someOfEach(flips: Flip[]): Flip[] {
  return [...flips.filter(({ fixed }) => !fixed), ...flips.filter(({ fixed }) => fixed)].slice(0, shownFlips);
}

function flipLines({ item, base, adapter, fixed }: Flip, width: number): string[] {
  const line = (label: string, text: string | null | undefined): string =>
    `  ${label.padEnd(9)}${oneLine(text ?? "", width - 11)}`;
  return [
    `${fixed ? "fixed" : "broken"}  ${item.file}:${item.line}`,
    line("asked", item.messages?.at(-1)?.content),
    line("wanted", item.reference),
    line("base", base.output),
    line("adapter", adapter.output),
  ];
}

function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** White space as single spaces, control characters as `?`, cut with an ellipsis. */
function oneLine(text: string, width: number): string {
  const flat = text
    .replace(/\s+/g, " ")
    .replace(/\p{Cc}/gu, "?")
    .trim();
  const characters = [...flat];
  return characters.length <= width ? flat : `${characters.slice(0, Math.max(1, width - 1)).join("")}…`;
}
