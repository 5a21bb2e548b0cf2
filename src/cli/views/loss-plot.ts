// A curve in braille characters: two dots wide and four high a character, so a small box still shows a shape.

const dots = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

/** Rows of text, top first, each `width` characters; values are spread over the whole width and joined. */
export function lossPlot(values: readonly number[], { width, height }: { width: number; height: number }): string[] {
  const columns = width * 2;
  const rows = height * 4;
  const cells = Array.from({ length: height }, () => new Uint8Array(width));
  const low = Math.min(...values);
  const range = Math.max(...values) - low || 1;
  let before: number | null = null;
  for (let x = 0; x < columns && values.length > 0; x++) {
    const value = at(values, values.length === 1 ? 0 : x / (columns - 1));
    const y = Math.round((1 - (value - low) / range) * (rows - 1));
    for (const row of between(before ?? y, y)) {
      cells[row >> 2]![x >> 1]! |= dots[(x & 1) as 0 | 1][(row & 3) as 0 | 1 | 2 | 3];
    }
    before = y;
  }
  return cells.map((line) => String.fromCharCode(...[...line].map((bits) => 0x2800 + bits)));
}

/** Value at a place in [0, 1], between two points a mixture of both. */
function at(values: readonly number[], place: number): number {
  const exact = place * (values.length - 1);
  const left = values[Math.floor(exact)]!;
  const right = values[Math.ceil(exact)]!;
  return left + (right - left) * (exact - Math.floor(exact));
}

function between(from: number, to: number): number[] {
  const step = Math.sign(to - from);
  return step === 0 ? [to] : Array.from({ length: Math.abs(to - from) }, (_, i) => from + step * (i + 1));
}
