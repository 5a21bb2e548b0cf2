// Blocks of a report as a terminal shows them: one column up to 119 characters, more beside each other on wider screens.
import type { Bars, Block, Curve, Facts, Histogram, Level, Note, Plot, Report, Table } from "../../report/block.js";
import { number } from "../../report/number.js";
import { visibleLine } from "../../report/visible.js";
import { columnPlot } from "./column-plot.js";
import { curvePlot } from "./curve-plot.js";
import { fitted, padEnd, padStart, widthOf } from "./display-width.js";
import type { Paint } from "./paint.js";
import { pointPlot } from "./point-plot.js";

const gap = 4;
const leastColumn = 58;
const widestColumn = 100;
const leastCell = 8;
const levelStyles = { good: "green", warning: "yellow", bad: "red" } as const;

interface Layout {
  /** Columns of the terminal. */
  width: number;
  paint: Paint;
}

export function reportText(report: Report, { width, paint }: Layout): string {
  const columns = Math.max(1, Math.floor((width + gap) / (leastColumn + gap)));
  const columnWidth = Math.min(widestColumn, Math.floor((width - gap * (columns - 1)) / columns));
  const layout = { width: columnWidth, paint };
  const head = [paint("bold", fitted(report.title, width)), ...wrap(report.subtitle, width), ""];
  const alone = { width: Math.min(widestColumn, width), paint };
  const body = groups(report.blocks).flatMap((blocks) =>
    blocks.length === 1
      ? [...blockLines(blocks[0]!, isWide(blocks[0]!) ? { width, paint } : alone), ""]
      : sideBySide(
          blocks.map((block) => blockLines(block, layout)),
          { columns, columnWidth },
        ),
  );
  const lines = [...head, ...body].map((line) => line.trimEnd());
  return `${lines.join("\n").trimEnd()}\n`;
}

/** Tables have the whole width. */
function isWide(block: Block): boolean {
  return block.kind === "table";
}

/** Each table by itself, and the blocks between tables together. */
function groups(blocks: readonly Block[]): Block[][] {
  const all: Block[][] = [];
  for (const block of blocks) {
    const last = all.at(-1);
    if (last && !isWide(block) && !isWide(last[0]!)) last.push(block);
    else all.push([block]);
  }
  return all;
}

/** Each block goes below the shortest column so far. */
function sideBySide(blocks: string[][], { columns, columnWidth }: { columns: number; columnWidth: number }): string[] {
  const stacks: string[][] = Array.from({ length: columns }, () => []);
  for (const lines of blocks) {
    const shortest = stacks.reduce((best, stack) => (stack.length < best.length ? stack : best));
    shortest.push(...lines, "");
  }
  const height = Math.max(...stacks.map((stack) => stack.length));
  return Array.from({ length: height }, (_, row) =>
    stacks.map((stack) => padEnd(stack[row] ?? "", columnWidth)).join(" ".repeat(gap)),
  );
}

function blockLines(block: Block, layout: Layout): string[] {
  const { paint, width } = layout;
  const notes = (block.notes ?? []).flatMap((note) => noteLines(note, layout));
  const title = paint("bold", painted(fitted(block.title, width), block.level, paint));
  return [title, ...contentLines(block, layout), ...notes];
}

function contentLines(block: Block, layout: Layout): string[] {
  switch (block.kind) {
    case "facts":
      return factLines(block, layout);
    case "bars":
      return barLines(block, layout);
    case "histogram":
      return histogramLines(block, layout);
    case "curve":
      return curveLines(block, layout);
    case "plot":
      return plotLines(block, layout);
    case "table":
      return tableLines(block, layout);
  }
}

function factLines({ facts }: Facts, { width, paint }: Layout): string[] {
  const nameWidth = Math.max(0, ...facts.map(({ name }) => widthOf(name)));
  return facts.flatMap(({ name, value }) => {
    const [first = "", ...more] = wrap(value, width - nameWidth - 4);
    return [
      `  ${paint("dim", padEnd(name, nameWidth))}  ${first}`,
      ...more.map((line) => " ".repeat(nameWidth + 4) + line),
    ];
  });
}

function barLines({ bars }: Bars, { width, paint }: Layout): string[] {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const counts = bars.map(({ count, shown = number(count) }) => shown);
  const countWidth = Math.max(...counts.map((text) => text.length));
  const longestDetail = Math.max(...bars.map(({ detail = "" }) => detail.length));
  const names = bars.map(({ name }) => fitted(name, Math.floor(width * 0.45)));
  const nameWidth = Math.max(...names.map((name) => widthOf(name)));
  const left = width - nameWidth - countWidth - 8;
  const detailWidth = left - longestDetail < 4 ? 0 : longestDetail; // a bar says more than what stands beside it
  const room = Math.max(4, Math.min(40, left - detailWidth));
  return bars.map(({ count, detail = "" }, index) => {
    const bar = padEnd(block(Math.max(0, count) / most, room), room);
    const text = `  ${padEnd(names[index]!, nameWidth)}  ${counts[index]!.padStart(countWidth)}  ${paint("cyan", bar)}`;
    return detailWidth === 0 ? text : `${text}  ${paint("dim", detail.padStart(detailWidth))}`;
  });
}

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of up to `room` characters, in eighths; what is not nothing is at least an eighth. */
function block(share: number, room: number): string {
  const length = share > 0 ? Math.max(1, Math.round(share * room * 8)) : 0;
  return "█".repeat(Math.floor(length / 8)) + eighths[length % 8]!;
}

function histogramLines(histogram: Histogram, { width, paint }: Layout): string[] {
  const summary = wrap(histogram.summary, width - 2).map((line) => `  ${paint("dim", line)}`);
  const plots = histogram.series.flatMap(({ name, counts }) => {
    const plot = columnPlot(counts, { ...histogram, width: width - 2, paint });
    return [...(histogram.series.length > 1 ? [`  ${name}`] : []), ...plot.map((line) => `  ${line}`)];
  });
  return [...summary, ...plots];
}

function curveLines(curve: Curve, { width, paint }: Layout): string[] {
  const summary = wrap(curve.summary, width - 2).map((line) => `  ${paint("dim", line)}`);
  return [...summary, ...curvePlot(curve, { width: width - 2, paint }).map((line) => `  ${line}`)];
}

function plotLines(plot: Plot, { width, paint }: Layout): string[] {
  const summary = wrap(plot.summary, width - 2).map((line) => `  ${paint("dim", line)}`);
  return [...summary, ...pointPlot(plot, { width: width - 2, paint }).map((line) => `  ${line}`)];
}

/** Names and numbers are never cut while the terminal has room for their parts: they go on in the next line. Longer texts are. */
function tableLines({ columns, rows }: Table, { width, paint }: Layout): string[] {
  const cells = rows.map((row) => row.cells.map(visibleLine));
  const texts = columns.map(({ head }, index) => [head, ...cells.map((row) => row[index]!)]);
  const widths = shrunk(
    texts.map((column) => Math.max(...column.map(widthOf))),
    texts.map((column) => Math.max(...column.map(leastWidth))),
    width - 2 * columns.length,
  );
  const lines = (row: string[]): string[] => {
    const broken = row.map((text, index) => cellLines(text, widths[index]!));
    return Array.from({ length: Math.max(...broken.map((cell) => cell.length)) }, (_, line) =>
      broken
        .map((cell, index) => (columns[index]!.align === "right" ? padStart : padEnd)(cell[line] ?? "", widths[index]!))
        .join("  "),
    );
  };
  const head = lines(columns.map((column) => column.head)).map((line) => paint("dim", `  ${line}`));
  return [
    ...head,
    ...cells.flatMap((row, index) => lines(row).map((line) => `  ${painted(line, rows[index]!.level, paint)}`)),
  ];
}

const longestName = 40;

/** Where a name may be broken: after a space, and after what joins the parts of a name. */
function partsOf(text: string): string[] {
  return text.split(/(?<=[ @/_-])/);
}

function leastWidth(text: string): number {
  if (widthOf(text) > longestName) return leastCell;
  return Math.max(...partsOf(text).map((part) => widthOf(part.trimEnd())));
}

function cellLines(text: string, width: number): string[] {
  if (widthOf(text) <= width) return [text];
  if (widthOf(text) > longestName) return [fitted(text, width)];
  const lines = [""];
  for (const part of partsOf(text)) {
    const line = lines.at(-1)!;
    if (line !== "" && widthOf(line + part.trimEnd()) > width) lines.push(part);
    else lines[lines.length - 1] = line + part;
  }
  return lines.map((line) => fitted(line.trimEnd(), width));
}

/** The widest columns give way, to one common width but none below its `least`, where all together are wider than the room; then below that too. */
function shrunk(widths: number[], least: number[], room: number): number[] {
  const to = (most: number, floor: number[]) =>
    widths.map((each, index) => Math.min(each, Math.max(most, floor[index]!)));
  const isTooWide = (some: number[]) => some.reduce((sum, each) => sum + each, 0) > room;
  let most = Math.max(...widths);
  while (most > leastCell && isTooWide(to(most, least))) most -= 1;
  if (!isTooWide(to(most, least))) return to(most, least);
  const none = widths.map(() => 0);
  most = Math.max(...widths);
  while (most > leastCell && isTooWide(to(most, none))) most -= 1;
  return to(most, none);
}

function noteLines({ text, level }: Note, { width, paint }: Layout): string[] {
  return wrap(text, width - 2).map((line) => `  ${level ? painted(line, level, paint) : paint("dim", line)}`);
}

function painted(text: string, level: Level | undefined, paint: Paint): string {
  return level ? paint(levelStyles[level], text) : text;
}

/** On lines of `width`, broken between words. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of visibleLine(text).split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && widthOf(line) + 1 + widthOf(word) <= width) lines[lines.length - 1] += ` ${word}`;
    else lines.push(fitted(word, width));
  }
  return lines;
}
