// Blocks as Markdown, for the comment of a nightly job.
import type { Block, Report } from "./block.js";
import { binName } from "./charts/histogram.js";
import { number } from "./number.js";
import { visibleLine } from "./visible.js";

export function reportMarkdown({ title, subtitle, blocks }: Report): string {
  const parts = blocks.map((block) => {
    const notes = (block.notes ?? []).map(({ text }) => `${plain(text)}\n`);
    return [`### ${plain(block.title)}\n`, content(block), ...notes].join("\n");
  });
  return [`## ${plain(title)}\n`, `${plain(subtitle)}\n`, ...parts].join("\n");
}

function content(block: Block): string {
  switch (block.kind) {
    case "facts":
      return table(
        [{ head: "" }, { head: "" }],
        block.facts.map(({ name, value }) => [name, value]),
      );
    case "bars":
      return table(
        [{ head: "" }, { head: "count", align: "right" }, { head: "" }],
        block.bars.map(({ name, count, shown = number(count), detail = "" }) => [name, shown, detail]),
      );
    case "histogram":
      return `${plain(block.summary)}\n\n${table(
        [{ head: block.unit }, ...block.series.map(({ name }) => ({ head: name, align: "right" as const }))],
        block.edges.map((_, index) => [
          binName(block, index),
          ...block.series.map(({ counts }) => number(counts[index]!)),
        ]),
      )}`;
    case "curve":
      return `${plain(block.summary)}\n\n${table(
        [{ head: block.x.unit }, ...["low", "mid", "high"].map((head) => ({ head, align: "right" as const }))],
        block.x.values.map((at, index) => {
          const { low, mid, high } = block.y;
          return [number(at), ...[low, mid, high].map((of) => number(of[index]!))];
        }),
      )}`;
    case "plot":
      return `${plain(block.summary)}\n\n${table(
        [{ head: "" }, { head: `${block.x.unit}, ${block.y.unit}` }],
        block.series.map(({ name, points }) => [name, points.map(({ shown }) => shown).join("; ")]),
      )}`;
    case "table":
      return table(
        block.columns,
        block.rows.map(({ cells }) => cells),
      );
  }
}

function table(columns: readonly { head: string; align?: "left" | "right" }[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |\n`;
  const head = line(columns.map((column) => plain(column.head)));
  const rule = line(columns.map(({ align }) => (align === "right" ? "--:" : "---")));
  return head + rule + rows.map((cells) => line(cells.map(plain))).join("");
}

/** Text that stays text: no markup, links, mentions or HTML of its own. */
function plain(text: string): string {
  return visibleLine(text)
    .replace(/[\\`*_[\]<>|~#]/g, "\\$&")
    .replace(/@(?=\w)/g, "@\u2060");
}
