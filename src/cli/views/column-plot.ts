// A histogram in characters: columns of block elements over an axis, with the lower ends of some bins below it.
import { number } from "../../report/number.js";
import type { Paint } from "./paint.js";

const height = 6;
const levels = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

interface PlotOptions {
  edges: number[];
  isOpen: boolean;
  mark?: { at: number; name: string } | undefined;
  width: number;
  paint: Paint;
}

/** Lines, top first. Columns are as wide as the room allows, 6 characters at most. */
export function columnPlot(counts: number[], { edges, isOpen, mark, width, paint }: PlotOptions): string[] {
  const most = Math.max(1, ...counts);
  const scale = number(most);
  const left = scale.length + 2;
  const columnWidth = Math.max(1, Math.min(6, Math.floor((width - left) / counts.length)));
  const lines = Array.from({ length: height }, (_, row) => {
    const label =
      row === 0 ? `${scale} ┤` : row === height - 1 ? `${"0".padStart(scale.length)} ┤` : `${" ".repeat(left - 1)}│`;
    const cells = counts.map((count) => {
      const level = cellLevel(count / most, height - 1 - row);
      return levels[level]!.repeat(Math.max(1, columnWidth - 1)) + (columnWidth > 1 ? " " : "");
    });
    return `${paint("dim", label)}${paint("cyan", cells.join("").trimEnd())}`;
  });
  const axis = axisLabels(edges, { isOpen, columnWidth });
  const axes = [`${" ".repeat(left - 1)}└${"─".repeat(counts.length * columnWidth)}`, `${" ".repeat(left)}${axis}`];
  return [
    ...lines,
    ...axes.map((line) => paint("dim", line)),
    ...markLines(edges, { mark, isOpen, columnWidth, left, paint }),
  ];
}

/** 0..8 of the cell in line `row` from the bottom; what is not nothing shows at least a line. */
function cellLevel(share: number, row: number): number {
  const eighths = share > 0 ? Math.max(1, Math.round(share * height * 8)) : 0;
  return Math.max(0, Math.min(8, eighths - row * 8));
}

/** As many labels as fit without touching; the open bin at the end always has its own. */
function axisLabels(edges: number[], { isOpen, columnWidth }: { isOpen: boolean; columnWidth: number }): string {
  const last = edges.length - 1;
  const end = isOpen ? { at: last * columnWidth, text: `≥${number(edges[last]!)}` } : null;
  let line = "";
  edges.forEach((edge, index) => {
    const at = index * columnWidth;
    const text = number(edge);
    const isFree = at >= (line === "" ? 0 : line.length + 2) && (!end || at + text.length + 2 <= end.at);
    if (isFree && !(end && index === last)) line = line.padEnd(at) + text;
  });
  return end ? line.padEnd(end.at) + end.text : line;
}

function markLines(
  edges: number[],
  {
    mark,
    isOpen,
    columnWidth,
    left,
    paint,
  }: Pick<PlotOptions, "mark" | "isOpen" | "paint"> & { columnWidth: number; left: number },
): string[] {
  if (!mark || edges.length < 2) return [];
  const column = (mark.at - edges[0]!) / (edges[1]! - edges[0]!);
  if (column >= edges.length - (isOpen ? 1 : 0)) return [];
  const at = Math.round(column * columnWidth);
  return [paint("yellow", `${" ".repeat(left + at)}▲ ${mark.name}`)];
}
