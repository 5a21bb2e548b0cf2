// `ft data preview --html`: rows with every token to point at.
import type { PreviewLine, PreviewToken } from "../../dataset/preview/preview-line.js";
import type { RowPreview } from "../../dataset/preview/preview-row.js";
import { type Html, html } from "../../report/html.js";
import { counted, number } from "../../report/number.js";
import { htmlPage } from "../../report/page.js";
import { lineFacts, type PreviewedRow, rowFacts } from "./data-preview.js";
import { idText } from "./token-boxes.js";

export function previewPage(
  rows: readonly PreviewedRow[],
  { title, madeAt }: { title: string; madeAt: number },
): string {
  const legend = html`<p class="legend"><span class="t trained">trained</span> <span class="t special">special token</span> <span class="t">read only</span> <span class="t cut">cut away</span></p>`;
  const subtitle = `${counted(rows.length, "row")}; point at a token to see its id`;
  return htmlPage({
    title,
    subtitle,
    body: [html`<section class="wide">${legend}</section>`, ...rows.map(rowSection)],
    madeAt,
  });
}

function rowSection({ number: at, place, previews, problems }: PreviewedRow): Html {
  const why = problems.map(({ rule, message }) => html`<p class="bad">no row: ${rule} ${message}</p>`);
  return html`<section class="wide"><h2>row ${number(at)}, ${place.file}:${place.line}</h2>${why}${previews.map(previewHtml)}</section>
`;
}

function previewHtml(preview: RowPreview): Html {
  const about = html`<p class="summary">${rowFacts(preview).join(" ")}</p>`;
  if (preview.unknown !== undefined) return html`${about}<p class="warning">mask unknown: ${preview.unknown}</p>`;
  const sequences = preview.sequences.map((line) => {
    const facts = lineFacts(line, preview).map(
      ({ text, level = "" }) => html`<span class="${level}">${text}</span> · `,
    );
    const name = line.name ? html`<strong class="fact">${line.name}</strong>` : html``;
    return html`<p class="note">${name}${facts}</p>${sequenceHtml(line)}`;
  });
  return html`${about}${sequences}`;
}

function sequenceHtml({ tokens, kept }: PreviewLine): Html {
  const span = (token: PreviewToken, index: number): Html => {
    const does = !token.kept ? "cut away" : token.trained ? "trained" : "read";
    const kinds = [
      token.trained && token.kept ? "trained" : "",
      token.special ? "special" : "",
      token.kept ? "" : "cut",
    ];
    const pieces = token.text.split("\n").map((piece, at) => (at === 0 ? html`${piece}` : html`<i>↵</i>\n${piece}`));
    const tip = `token ${number(index + 1)}, id ${idText(token)}, ${does}`;
    return html`<span class="t ${kinds.filter(Boolean).join(" ")}" title="${tip}">${pieces}</span>`;
  };
  const all = tokens.map(span);
  const cut = html`<span class="cutline">cut here: ${counted(tokens.length - kept, "token")} never reach the model</span>`;
  return html`<div class="row-text">${all.slice(0, kept)}${kept < tokens.length ? cut : html``}${all.slice(kept)}</div>`;
}
