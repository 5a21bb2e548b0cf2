// A curve in characters: braille dots for a plot (two by four a character), blocks for a sparkline of one line.

export interface Point {
  step: number;
  loss: number;
}

const dots = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;
const blocks = "▁▂▃▄▅▆▇█";

/** Lines of text, top first, each `width` characters, over the steps from first to last; [] without points. */
export function lossPlot(points: readonly Point[], { width, height }: { width: number; height: number }): string[] {
  if (points.length === 0) return [];
  const rows = height * 4;
  const cells = Array.from({ length: height }, () => new Uint8Array(width));
  const levels = toLevels(resample(points, width * 2), rows);
  levels.forEach((level, x) => {
    const y = rows - 1 - level;
    for (const row of reach(levels[x - 1] === undefined ? y : rows - 1 - levels[x - 1]!, y)) {
      cells[row >> 2]![x >> 1]! |= dots[(x & 1) as 0 | 1][(row & 3) as 0 | 1 | 2 | 3];
    }
  });
  return cells.map((line) => String.fromCodePoint(...[...line].map((bits) => 0x2800 + bits)));
}

/** One line of blocks, one a point, at most `width`; "" without points. */
export function sparkline(points: readonly Point[], width: number): string {
  if (points.length === 0) return "";
  const values = points.length <= width ? points.map(({ loss }) => loss) : resample(points, width);
  return toLevels(values, blocks.length)
    .map((level) => blocks[level]!)
    .join("");
}

/** 0..count-1, the smallest value lowest. */
function toLevels(values: readonly number[], count: number): number[] {
  const low = Math.min(...values);
  const range = Math.max(...values) - low || 1;
  return values.map((value) => Math.round(((value - low) / range) * (count - 1)));
}

/** A value for each of `count` equal stretches of the steps: the mean of the points in it, or between its neighbours. */
function resample(points: readonly Point[], count: number): number[] {
  const start = points[0]!.step;
  const span = points.at(-1)!.step - start || 1;
  let right = 0;
  return Array.from({ length: count }, (_, column) => {
    const from = start + (span * (column - 0.5)) / (count - 1);
    const to = start + (span * (column + 0.5)) / (count - 1);
    const within: number[] = [];
    while (right < points.length && points[right]!.step < to) {
      if (points[right]!.step >= from) within.push(points[right]!.loss);
      right++;
    }
    if (within.length > 0) return within.reduce((sum, loss) => sum + loss, 0) / within.length;
    return between(points[Math.max(0, right - 1)]!, points[Math.min(right, points.length - 1)]!, (from + to) / 2);
  });
}

function between(a: Point, b: Point, step: number): number {
  if (b.step === a.step) return a.loss;
  return a.loss + ((b.loss - a.loss) * (step - a.step)) / (b.step - a.step);
}

/** The rows from the one before (left out) to this one, so that a steep curve has no gaps. */
function reach(from: number, to: number): number[] {
  const direction = Math.sign(to - from);
  return direction === 0 ? [to] : Array.from({ length: Math.abs(to - from) }, (_, i) => from + direction * (i + 1));
}
