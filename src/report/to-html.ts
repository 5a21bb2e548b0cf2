// Blocks as an HTML page.
import type { Bars, Block, Curve, Facts, Histogram, Note, Plot, Report, Table } from "./block.js";
import { curveSvg } from "./charts/curve.js";
import { binName, histogramSvg } from "./charts/histogram.js";
import { plotSvg } from "./charts/plot.js";
import { type Html, html } from "./html.js";
import { number } from "./number.js";
import { htmlPage } from "./page.js";

export function reportHtml(report: Report, madeAt: number): string {
  return htmlPage({ ...report, body: report.blocks.map(section), madeAt });
}

/** Wide tables stand across the page. */
function isWide(block: Block): boolean {
  return block.kind === "table" && block.columns.length > 3;
}

function section(block: Block): Html {
  return html`<section class="${isWide(block) ? "wide" : ""}"><h2 class="${block.level ?? ""}">${block.title}</h2>${content(block)}${(block.notes ?? []).map(note)}</section>
`;
}

function content(block: Block): Html {
  switch (block.kind) {
    case "facts":
      return facts(block);
    case "bars":
      return bars(block);
    case "histogram":
      return histogram(block);
    case "curve":
      return curve(block);
    case "plot":
      return plot(block);
    case "table":
      return table(block);
  }
}

function facts(block: Facts): Html {
  return html`<dl>${block.facts.map(({ name, value }) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function bars({ bars: all, title }: Bars): Html {
  const most = Math.max(1, ...all.map(({ count }) => count));
  const rows = all.map(({ name, count, shown = number(count), detail = "" }) => {
    const width = Math.round((Math.max(0, count) / most) * 1000) / 10;
    return html`<tr><td class="name">${name}</td><td class="right">${shown}</td><td class="track"><span class="bar" style="width:${width}%"></span></td><td class="detail">${detail}</td></tr>`;
  });
  return html`<div class="scroll"><table aria-label="${title}"><tbody>${rows}</tbody></table></div>`;
}

function histogram(block: Histogram): Html {
  const { series, edges, unit } = block;
  const heads = series.map(({ name }) => html`<th class="right">${name}</th>`);
  const rows = edges.map((_, index) => {
    const cells = series.map(({ counts }) => html`<td class="right">${number(counts[index]!)}</td>`);
    return html`<tr><td>${binName(block, index)}</td>${cells}</tr>`;
  });
  const legend = html`<p class="legend">${series.map(({ name }, index) => html`<span class="swatch${index === 1 ? " second" : ""}"></span>${name}`)}</p>`;
  return html`<p class="summary">${block.summary}</p>${histogramSvg(block)}${series.length > 1 ? legend : ""}
<details><summary>as a table</summary><div class="scroll"><table><thead><tr><th>${unit}</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

function curve(block: Curve): Html {
  const { x, y, summary } = block;
  const rows = x.values.map((at, index) => {
    const cells = [y.low, y.mid, y.high].map((of) => html`<td class="right">${number(of[index]!)}</td>`);
    return html`<tr><td>${number(at)}</td>${cells}</tr>`;
  });
  return html`<p class="summary">${summary}</p>${curveSvg(block)}
<details><summary>as a table</summary><div class="scroll"><table><thead><tr><th>${x.unit}</th><th class="right">low, ${y.unit}</th><th class="right">mid</th><th class="right">high</th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

function plot(block: Plot): Html {
  const rows = block.series.map(
    ({ name, points }) => html`<tr><td>${name}</td><td>${points.map(({ shown }) => shown).join("; ")}</td></tr>`,
  );
  const legend = html`<p class="legend"><span class="swatch"></span>${block.one}<span class="swatch second"></span>the best</p>`;
  return html`<p class="summary">${block.summary}</p>${plotSvg(block)}${legend}
<details><summary>as a table</summary><div class="scroll"><table><tbody>${rows}</tbody></table></div></details>`;
}

function table({ columns, rows }: Table): Html {
  const heads = columns.map(({ head, align }) => html`<th class="${align ?? ""}">${head}</th>`);
  const lines = rows.map(({ cells, level }) => {
    const all = cells.map(
      (cell, index) => html`<td class="${columns[index]?.align ?? ""} ${level ?? ""}">${cell}</td>`,
    );
    return html`<tr>${all}</tr>`;
  });
  return html`<div class="scroll"><table><thead><tr>${heads}</tr></thead><tbody>${lines}</tbody></table></div>`;
}

function note({ text, level }: Note): Html {
  return html`<p class="note ${level ?? ""}">${text}</p>`;
}
