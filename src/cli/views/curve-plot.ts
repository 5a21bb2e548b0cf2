// A curve in characters: braille dots for the line, fewer of them for its band, a ruled line for the limit, and a mark below the axis.
import type { Curve } from "../../report/block.js";
import { number } from "../../report/number.js";
import type { Paint } from "./paint.js";

const height = 10;
const widest = 72;
const dots = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

/** Lines, top first, then the axis, what stands where, and a legend. */
export function curvePlot(curve: Curve, { width, paint }: { width: number; paint: Paint }): string[] {
  const { x, y, limit, mark } = curve;
  const most = 1.05 * Math.max(limit.at, ...y.high);
  const scale = [number(rounded(most)), number(limit.at), "0"];
  const left = Math.max(...scale.map((text) => text.length)) + 2;
  const columns = Math.max(10, Math.min(widest, width - left));
  const cells = Array.from({ length: height }, () => new Uint8Array(columns));
  const rowOf = (value: number): number => Math.round((height * 4 - 1) * (1 - value / most));
  drawLine(cells, resampled(y.mid, columns * 2).map(rowOf));
  for (const end of [y.low, y.high]) {
    resampled(end, columns * 2).forEach((value, at) => {
      if (at % 4 === 0) draw(cells, at, rowOf(value));
    });
  }
  const limitRow = rowOf(limit.at) >> 2;
  const lines = cells.map((line, row) => {
    const label = row === limitRow ? scale[1]! : row === 0 ? scale[0]! : row === height - 1 ? scale[2]! : "";
    const axis = paint("dim", `${label.padStart(left - 2)} ${label === "" ? "│" : "┤"}`);
    return axis + (row === limitRow ? ruled(line, paint) : paint("cyan", brailles(line)));
  });
  const [from, to] = [x.values[0]!, x.values.at(-1)!];
  const at = Math.round(((mark.at - from) / (to - from || 1)) * (columns - 1));
  return [
    ...lines,
    paint("dim", `${" ".repeat(left - 1)}└${"─".repeat(columns)}`),
    paint("dim", `${" ".repeat(left)}${ends(number(from), `${number(to)} ${x.unit}`, columns)}`),
    paint("yellow", `${" ".repeat(left)}${placed(`▲ ${mark.name}`, at, columns)}`),
    `${" ".repeat(left)}${paint("cyan", "⠤⠤")} estimate  ${paint("cyan", "⠄⠄")} its band  ${paint("yellow", "──")} ${limit.name}`,
  ];
}

/** So many values at equal distances, between those that are there. */
function resampled(values: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    const at = (index * (values.length - 1)) / (count - 1);
    const before = Math.floor(at);
    const after = Math.min(values.length - 1, before + 1);
    return values[before]! + (values[after]! - values[before]!) * (at - before);
  });
}

/** Without gaps where it is steep. */
function drawLine(cells: Uint8Array[], rows: readonly number[]): void {
  rows.forEach((row, at) => {
    const from = rows[at - 1] ?? row;
    const down = Math.sign(row - from);
    for (let between = from + down; between !== row; between += down) draw(cells, at, between);
    draw(cells, at, row);
  });
}

function draw(cells: Uint8Array[], at: number, row: number): void {
  cells[row >> 2]![at >> 1]! |= dots[(at & 1) as 0 | 1][(row & 3) as 0 | 1 | 2 | 3];
}

function brailles(line: Uint8Array): string {
  return [...line].map((bits) => (bits === 0 ? " " : String.fromCodePoint(0x2800 + bits))).join("");
}

/** The limit's line, behind the curve. */
function ruled(line: Uint8Array, paint: Paint): string {
  return brailles(line)
    .split(/( +)/)
    .map((part) => (part.startsWith(" ") ? paint("yellow", "─".repeat(part.length)) : paint("cyan", part)))
    .join("");
}

function ends(left: string, right: string, width: number): string {
  return left + right.padStart(Math.max(right.length + 1, width - left.length));
}

/** Begins at a column, or earlier where it would not fit. */
function placed(text: string, at: number, width: number): string {
  if (at + text.length <= width) return " ".repeat(at) + text;
  const [arrow, ...words] = text.split(" ");
  const turned = `${words.join(" ")} ${arrow}`;
  return " ".repeat(Math.max(0, at + 1 - turned.length)) + turned;
}

function rounded(value: number): number {
  return value >= 10 ? Math.round(value) : Math.round(value * 10) / 10;
}
