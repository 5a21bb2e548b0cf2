// A curve in braille characters: two dots wide and four high a character, so a small box still shows a shape.

const dots = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

export interface LossPoint {
  step: number;
  loss: number;
}

/** Rows of text, top first, each `width` characters; steps (rising) are spread over the whole width, their losses joined. */
export function lossPlot(points: readonly LossPoint[], { width, height }: { width: number; height: number }): string[] {
  const columns = width * 2;
  const rows = height * 4;
  const cells = Array.from({ length: height }, () => new Uint8Array(width));
  const values = points.map(({ loss }) => loss);
  const low = Math.min(...values);
  const range = Math.max(...values) - low || 1;
  const valueAt = interpolated(points);
  let before: number | null = null;
  for (let x = 0; x < columns && points.length > 0; x++) {
    const value = valueAt(x / (columns - 1));
    const y = Math.round((1 - (value - low) / range) * (rows - 1));
    for (const row of between(before ?? y, y)) {
      cells[row >> 2]![x >> 1]! |= dots[(x & 1) as 0 | 1][(row & 3) as 0 | 1 | 2 | 3];
    }
    before = y;
  }
  return cells.map((line) => String.fromCharCode(...[...line].map((bits) => 0x2800 + bits)));
}

/** Loss at a place in [0, 1] of the steps, between two points a mixture of both. To be asked from left to right. */
function interpolated(points: readonly LossPoint[]): (place: number) => number {
  const first = points[0]?.step ?? 0;
  const span = (points.at(-1)?.step ?? 0) - first;
  let left = 0;
  return (place) => {
    const step = first + place * span;
    while (left < points.length - 2 && points[left + 1]!.step <= step) left++;
    const [a, b = a] = [points[left]!, points[left + 1]];
    const share = b.step === a.step ? 0 : Math.min(1, (step - a.step) / (b.step - a.step));
    return a.loss + (b.loss - a.loss) * share;
  };
}

function between(from: number, to: number): number[] {
  const step = Math.sign(to - from);
  return step === 0 ? [to] : Array.from({ length: Math.abs(to - from) }, (_, i) => from + step * (i + 1));
}
