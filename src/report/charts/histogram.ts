// A histogram as SVG: columns for the first series, a stepped outline for a second one.
import type { Histogram } from "../block.js";
import { type Html, html } from "../html.js";
import { number } from "../number.js";

const width = 560;
const height = 200;
const left = 44;
const bottom = 24;
const top = 14;

/** The image has its figures in words too, for those who do not see it: `title`, and the table that the page puts beside it. */
export function histogramSvg(block: Histogram): Html {
  const { edges, series, isOpen, unit, title, summary } = block;
  const columnWidth = (width - left) / edges.length;
  const most = Math.max(1, ...series.flatMap(({ counts }) => counts));
  const x = (index: number) => left + index * columnWidth;
  const y = (count: number) => top + (height - top - bottom) * (1 - count / most);
  const every = Math.ceil(edges.length / 8);
  const labels = edges.flatMap((edge, index) => {
    const isLast = index === edges.length - 1;
    if (index % every !== 0 && !(isLast && isOpen)) return [];
    if (!isLast && isOpen && edges.length - 1 - index < every) return [];
    const text = isLast && isOpen ? `≥ ${number(edge)}` : number(edge);
    const [at, anchor] = isLast && isOpen ? [width, "end"] : [x(index), "start"];
    return [html`<text x="${round(at)}" y="${height - 8}" text-anchor="${anchor}">${text}</text>`];
  });
  const [first, second] = series;
  const columns = (first?.counts ?? []).map((count, index) => {
    const tip = `${binName(block, index)} ${unit}: ${number(count)}`;
    return html`<rect class="column" x="${round(x(index) + 0.5)}" y="${round(y(count))}" width="${round(columnWidth - 1)}" height="${round(height - bottom - y(count))}"><title>${tip}</title></rect>`;
  });
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}: ${summary}">
<text x="${left - 6}" y="${top + 8}" text-anchor="end">${number(most)}</text><text x="${left - 6}" y="${height - bottom}" text-anchor="end">0</text>
${columns}${second ? [outline(second.counts, x, y)] : []}
<line class="axis" x1="${left}" x2="${width}" y1="${height - bottom}" y2="${height - bottom}"/>
${labels}${markLine(block, columnWidth)}
</svg>`;
}

/** "200 to 399", "1,000 and more". */
export function binName({ edges, isOpen }: Histogram, index: number): string {
  const from = edges[index]!;
  if (isOpen && index === edges.length - 1) return `${number(from)} and more`;
  const to = edges[index + 1] ?? from + (edges[1] ?? 1) - (edges[0] ?? 0);
  return to - from === 1 ? number(from) : `${number(from)} to ${number(to - 1)}`;
}

function outline(counts: number[], x: (index: number) => number, y: (count: number) => number): Html {
  const points = counts.flatMap((count, index) => [
    `${round(x(index))},${round(y(count))}`,
    `${round(x(index + 1))},${round(y(count))}`,
  ]);
  return html`<polyline class="column second" points="${points.join(" ")}"/>`;
}

function markLine({ edges, mark, isOpen }: Histogram, columnWidth: number): Html[] {
  if (!mark || edges.length < 2) return [];
  const step = edges[1]! - edges[0]!;
  const end = edges.at(-1)! + (isOpen ? 0 : step);
  if (mark.at > end) return [];
  const at = round(left + ((mark.at - edges[0]!) / step) * columnWidth);
  const anchor = at > width / 2 ? "end" : "start";
  return [
    html`<line class="mark" x1="${at}" x2="${at}" y1="${top}" y2="${height - bottom}"/><text class="mark" x="${at}" y="${top - 3}" text-anchor="${anchor}">${mark.name}</text>`,
  ];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
