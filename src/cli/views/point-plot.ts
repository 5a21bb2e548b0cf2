// A plot in characters: a mark a point, braille dots for the lines that join those of one series, the best in another mark.
import type { Plot } from "../../report/block.js";
import { xScale, yScale } from "../../report/charts/plot-scale.js";
import type { Paint } from "./paint.js";

const height = 10;
const widest = 72;
const marks = { one: "•", several: "●", best: "◆" };
const dots = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

/** Lines, top first, then the axis, what stands where, and a legend. */
export function pointPlot(plot: Plot, { width, paint }: { width: number; paint: Paint }): string[] {
  const y = yScale(plot, 4);
  const left = Math.max(...y.ticks.map(({ text }) => text.length)) + 2;
  const columns = Math.max(10, Math.min(widest, width - left));
  const x = xScale(plot, Math.floor(columns / 10));
  const rowOf = (value: number, rows: number) => Math.round((1 - y.place(value)) * (rows - 1));
  const columnOf = (value: number, all: number) => Math.round(x.place(value) * (all - 1));
  const joined = Array.from({ length: height }, () => new Uint8Array(columns));
  const points = Array.from({ length: height }, () => new Map<number, string>());
  for (const series of plot.series.toSorted((a, b) => Number(a.isBest) - Number(b.isBest))) {
    for (const [index, point] of series.points.entries()) {
      const before = series.points[index - 1];
      if (before)
        drawLine(
          joined,
          [before, point].map((end) => [columnOf(end.x, 2 * columns), rowOf(end.y, 4 * height)]),
        );
      const [row, column] = [rowOf(point.y, height), columnOf(point.x, columns)];
      const there = points[row]!.has(column) ? marks.several : marks.one;
      points[row]!.set(column, series.isBest ? marks.best : there);
    }
  }
  const labels = new Map(y.ticks.map(({ at, text }) => [rowOf(at, height), text]));
  const lines = joined.map((cells, row) => {
    const label = labels.get(row) ?? "";
    const axis = paint("dim", `${label.padStart(left - 2)} ${label === "" ? "│" : "┤"}`);
    return axis + [...cells].map((bits, column) => cell(bits, points[row]!.get(column), paint)).join("");
  });
  const names = under(
    x.ticks.map(({ at, text }) => ({ column: columnOf(at, columns), text })),
    columns,
  );
  const hasSeveral = points.some((row) => [...row.values()].includes(marks.several));
  return [
    ...lines,
    paint("dim", `${" ".repeat(left - 1)}└${"─".repeat(columns)}`),
    paint("dim", `${" ".repeat(left)}${names}`),
    `${" ".repeat(left)}${paint("cyan", marks.one)} ${plot.one}${hasSeveral ? `  ${paint("cyan", marks.several)} several` : ""}  ${paint("yellow", marks.best)} the best${paint("dim", `  across: ${plot.x.unit}, up: ${plot.y.unit}`)}`,
  ];
}

function cell(bits: number, mark: string | undefined, paint: Paint): string {
  if (mark) return paint(mark === marks.best ? "yellow" : "cyan", mark);
  return bits === 0 ? " " : paint("dim", String.fromCodePoint(0x2800 + bits));
}

/** From one end to the other, a dot at each place that it passes. */
function drawLine(cells: Uint8Array[], ends: number[][]): void {
  const [[fromX, fromY], [toX, toY]] = ends as [[number, number], [number, number]];
  const steps = Math.max(1, Math.abs(toX - fromX), Math.abs(toY - fromY));
  for (let step = 0; step <= steps; step++) {
    const at = Math.round(fromX + ((toX - fromX) * step) / steps);
    const row = Math.round(fromY + ((toY - fromY) * step) / steps);
    cells[row >> 2]![at >> 1]! |= dots[(at & 1) as 0 | 1][(row & 3) as 0 | 1 | 2 | 3];
  }
}

/** Each in the middle of its column, where there is room for it. */
function under(texts: readonly { column: number; text: string }[], columns: number): string {
  let line = "";
  for (const { column, text } of texts) {
    const start = Math.min(Math.max(0, column - Math.floor(text.length / 2)), columns - text.length);
    if (start >= 0 && (line === "" || start > line.length)) line = line.padEnd(start) + text;
  }
  return line;
}
