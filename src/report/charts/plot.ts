// Points as SVG, those of one series joined by a line; the best of them stands out.
import type { Plot } from "../block.js";
import { type Html, html } from "../html.js";
import { xScale, yScale } from "./plot-scale.js";

const width = 560;
const height = 240;
const left = 58;
const right = 12;
const bottom = 36;
const top = 18;
const longestName = 14;

/** The image has its figures in words too: its label, and the table that the page puts beside it. */
export function plotSvg(plot: Plot): Html {
  const x = xScale(plot, 8);
  const y = yScale(plot, 5);
  const atX = (value: number): number => round(left + x.place(value) * (width - left - right));
  const atY = (value: number): number => round(top + (height - top - bottom) * (1 - y.place(value)));
  const columns = x.ticks.map(
    ({ at, text }) =>
      html`<text x="${atX(at)}" y="${height - 20}" text-anchor="middle">${text.length > longestName ? `${text.slice(0, longestName - 1)}…` : text}</text>`,
  );
  const rows = y.ticks.map(
    ({ at, text }) =>
      html`<line class="axis" x1="${left}" x2="${width - right}" y1="${atY(at)}" y2="${atY(at)}"/><text x="${left - 6}" y="${atY(at) + 4}" text-anchor="end">${text}</text>`,
  );
  const inOrder = plot.series.toSorted((a, b) => Number(a.isBest) - Number(b.isBest)); // the best above the others
  const drawn = inOrder.map(({ name, isBest, points }) => {
    const kind = isBest ? "best" : "";
    const line = html`<polyline class="join ${kind}" points="${points.map((point) => `${atX(point.x)},${atY(point.y)}`).join(" ")}"/>`;
    const dots = points.map(
      (point) =>
        html`<circle class="point ${kind}" cx="${atX(point.x)}" cy="${atY(point.y)}" r="${isBest ? 6 : 4}"><title>${name}: ${point.shown}</title></circle>`,
    );
    return html`${points.length > 1 ? line : ""}${dots}`;
  });
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${plot.title}: ${plot.summary}">
${rows}${columns}<text x="${width - right}" y="${height - 4}" text-anchor="end">${plot.x.unit}</text><text x="${left - 6}" y="${top - 6}" text-anchor="end">${plot.y.unit}</text>
${drawn}
</svg>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
