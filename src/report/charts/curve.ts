// A curve with its band as SVG, a line across for the limit, and one down for where one stands.
import type { Curve } from "../block.js";
import { type Html, html } from "../html.js";
import { number } from "../number.js";

const width = 560;
const height = 260;
const left = 44;
const right = 10;
const bottom = 36;
const top = 18;

/** The image has its figures in words too: its label, and the table that the page puts beside it. */
export function curveSvg({ title, summary, x, y, limit, mark }: Curve): Html {
  const first = x.values[0]!;
  const span = x.values.at(-1)! - first || 1;
  const most = 1.06 * Math.max(limit.at, ...y.high);
  const atX = (value: number): number => round(left + ((value - first) / span) * (width - left - right));
  const atY = (value: number): number => round(top + (height - top - bottom) * (1 - value / most));
  const along = (values: readonly number[]): string[] =>
    values.map((value, index) => `${atX(x.values[index]!)},${atY(value)}`);
  const band = [...along(y.high), ...along(y.low).reverse()].join(" ");
  const labels = ticks(first, first + span).map(
    (value) => html`<text x="${atX(value)}" y="${height - 20}" text-anchor="middle">${number(value)}</text>`,
  );
  const levels = ticks(0, most).map(
    (value) =>
      html`<line class="axis" x1="${left}" x2="${width - right}" y1="${atY(value)}" y2="${atY(value)}"/><text x="${left - 6}" y="${atY(value) + 4}" text-anchor="end">${number(value)}</text>`,
  );
  const isLate = mark.at > first + span / 2;
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}: ${summary}">
${levels}${labels}<text x="${width - right}" y="${height - 4}" text-anchor="end">${x.unit}</text><text x="${left - 6}" y="${top - 6}" text-anchor="end">${y.unit}</text>
<polygon class="band" points="${band}"/><polyline class="line" points="${along(y.mid).join(" ")}"/>
<line class="limit" x1="${left}" x2="${width - right}" y1="${atY(limit.at)}" y2="${atY(limit.at)}"/><text class="limit" x="${left + 6}" y="${atY(limit.at) - 5}">${limit.name}</text>
<line class="here" x1="${atX(mark.at)}" x2="${atX(mark.at)}" y1="${top}" y2="${height - bottom}"/><text x="${atX(mark.at) + (isLate ? -4 : 4)}" y="${height - bottom - 6}" text-anchor="${isLate ? "end" : "start"}">${mark.name}</text>
</svg>`;
}

/** Some five round numbers from one end to the other. */
function ticks(from: number, to: number): number[] {
  const rough = (to - from) / 5;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * size).find((candidate) => candidate >= rough)!;
  const start = Math.ceil(from / step) * step;
  return Array.from({ length: Math.floor((to - start) / step) + 1 }, (_, index) => round(start + index * step));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
