// What `ft data preview` shows of rows on a terminal: the text with what is trained marked, and where it is cut.
import type { PickedRow } from "../../dataset/preview/pick-rows.js";
import type { PreviewLine, PreviewToken } from "../../dataset/preview/preview-line.js";
import type { NamedLine, RowPreview } from "../../dataset/preview/preview-row.js";
import { kindNames } from "../../dataset/rows-for.js";
import { counted, number, percent } from "../../report/number.js";
import { visibleText } from "../../report/visible.js";
import { fitted, widthOf } from "./display-width.js";
import type { Paint, Style } from "./paint.js";
import { tokenBoxes } from "./token-boxes.js";

export interface PreviewedRow extends Pick<PickedRow, "number" | "place" | "problems"> {
  previews: RowPreview[];
}

interface Layout {
  width: number;
  paint: Paint;
  isColoured: boolean;
  /** One box a token in place of the text. */
  tokens: boolean;
}

export function previewText(rows: readonly PreviewedRow[], layout: Layout): string {
  return rows.map((row) => `${rowLines(row, layout).join("\n").trimEnd()}\n`).join("\n");
}

function rowLines({ number: at, place, previews, problems }: PreviewedRow, layout: Layout): string[] {
  const { paint, width } = layout;
  const title = paint("bold", fitted(`row ${number(at)}  ${place.file}:${place.line}`, width));
  const why = problems.map(({ rule, message }) => paint("red", fitted(`no row: ${rule} ${message}`, width)));
  return [title, ...why, ...previews.flatMap((preview) => previewLines(preview, layout))];
}

function previewLines(preview: RowPreview, layout: Layout): string[] {
  const { paint, width } = layout;
  const about = paint("dim", fitted(rowFacts(preview).join("  "), width));
  if (preview.unknown !== undefined) return [about, paint("yellow", fitted(`mask unknown: ${preview.unknown}`, width))];
  return [about, ...preview.sequences.flatMap((line) => sequenceLines(line, preview, layout))];
}

/** "trl", "a conversation of 3 turns", "2 tools", ... */
export function rowFacts({ engine, kind, turns, tools, template, maxLength }: RowPreview): string[] {
  return [
    `as ${engine} gets it:`,
    turns > 0 ? `${kindNames[kind].one} of ${counted(turns, "turn")},` : `${kindNames[kind].one},`,
    ...(tools > 0 ? [`${counted(tools, "tool")},`] : []),
    ...(template ? [`template: ${template},`] : []),
    `max_length ${number(maxLength)}`,
  ];
}

function sequenceLines(line: NamedLine, preview: RowPreview, layout: Layout): string[] {
  const { paint, width } = layout;
  const facts = lineFacts(line, preview).map(({ text, level }) => ({ text, style: level && levelStyles[level] }));
  const head = line.name ? [{ text: line.name, style: "bold" as const }, ...facts] : facts;
  const body = layout.tokens ? tokenBoxes(line, layout) : textLines(line, layout);
  return ["", ...wrapped(head, layout), paint("dim", "─".repeat(width)), ...body];
}

const levelStyles = { warning: "yellow", bad: "red" } as const;

/** Facts one after the other, as many on a line as fit. */
function wrapped(facts: { text: string; style?: Style | undefined }[], { width, paint }: Layout): string[] {
  const lines = [""];
  let used = 0;
  for (const { text, style } of facts) {
    const shown = fitted(text, width);
    if (used > 0 && used + 2 + widthOf(shown) > width) {
      lines.push("");
      used = 0;
    }
    lines[lines.length - 1] += `${used > 0 ? "  " : ""}${style ? paint(style, shown) : shown}`;
    used += (used > 0 ? 2 : 0) + widthOf(shown);
  }
  return lines;
}

/** What is to be known of a sequence, the alarming things with a level. */
export function lineFacts(
  line: PreviewLine,
  { kind, maxLength, isScored }: RowPreview,
): { text: string; level?: "warning" | "bad" }[] {
  const { kept, trained, tokens, dropped, stop, textIs } = line;
  const cut = tokens.length - kept;
  const share = percent(kept === 0 ? 0 : trained / kept);
  return [
    { text: counted(kept, "token") },
    kind === "prompt" || isScored
      ? { text: isScored ? "the whole gets one score" : "a prompt: answers are sampled" }
      : { text: `${number(trained)} trained (${share})`, ...(trained === 0 && { level: "bad" as const }) },
    ...(kind === "prompt" || isScored ? [] : [stopFact(stop, cut > 0)]),
    cut > 0
      ? { text: `cut at ${number(maxLength)}: ${counted(cut, "token")} lost`, level: "warning" }
      : { text: "nothing cut" },
    ...(dropped ? [{ text: "the engine leaves this sequence out", level: "bad" as const }] : []),
    ...(textIs === "vocabulary" ? [{ text: "tokens as in the vocabulary: their texts are not known" }] : []),
  ];
}

/** Whether a token that ends a turn is learnt: without it the model does not learn to stop. */
function stopFact(stop: PreviewLine["stop"], isCut: boolean): { text: string; level?: "warning" | "bad" } {
  if (stop.length === 0) return { text: "the model has no stop token", level: "warning" };
  const trained = stop.filter((each) => each.trained > 0);
  const names = stop.map(({ token }) => token).join(" or ");
  if (trained.length === 0)
    return { text: `stop token ${names} not trained${isCut ? " (cut away?)" : ""}`, level: "bad" };
  return {
    text: `stop token ${trained.map(({ token, trained: times }) => `${token} trained${times > 1 ? ` ${times}×` : ""}`).join(", ")}`,
  };
}

/** Characters shown of what is cut away. */
const cutChars = 400;

function textLines(line: PreviewLine, layout: Layout): string[] {
  const { paint, width } = layout;
  const kept = styled(line.tokens.slice(0, line.kept), layout);
  if (line.kept === line.tokens.length) return kept.split("\n");
  const lost = line.tokens.slice(line.kept);
  const text = visibleText(lost.map((token) => token.text).join(""));
  const rest = `${text.slice(0, cutChars)}${text.length > cutChars ? "…" : ""}`.split("\n");
  return [
    ...kept.split("\n"),
    paint("red", cutLine(lost.length, width)),
    ...rest.map((each) => paint(["dim", "strikethrough"], each)),
  ];
}

export function cutLine(lost: number, width: number): string {
  const text = `─── cut here: ${counted(lost, "token")} behind this line never reach the model `;
  return text + "─".repeat(Math.max(0, width - text.length));
}

/** Trained text green and underlined, special tokens dim; without colours trained text between ⟦ and ⟧. */
function styled(tokens: readonly PreviewToken[], { paint, isColoured }: Layout): string {
  let result = "";
  let open = false;
  for (const { text, trained, special } of runs(tokens)) {
    if (!isColoured && trained !== open) {
      result += trained ? "⟦" : "⟧";
      open = trained;
    }
    // A line break that is trained would not be seen.
    const shown = trained ? visibleText(text).replaceAll("\n", "↵\n") : visibleText(text);
    result += paintLines(shown, styleOf(trained, special), paint);
  }
  return open ? `${result}⟧` : result;
}

function styleOf(trained: boolean, special: boolean): Style | null {
  if (trained) return special ? ["green", "dim", "underline"] : ["green", "underline"];
  return special ? "dim" : null;
}

/** Styles must not run over line breaks, which would colour the rest of a wider line. */
function paintLines(text: string, style: Style | null, paint: Paint): string {
  if (!style) return text;
  return text
    .split("\n")
    .map((line) => paint(style, line))
    .join("\n");
}

function runs(tokens: readonly PreviewToken[]): { text: string; trained: boolean; special: boolean }[] {
  const all: { text: string; trained: boolean; special: boolean }[] = [];
  for (const { text, trained, special } of tokens) {
    const last = all.at(-1);
    if (last && last.trained === trained && last.special === special) last.text += text;
    else all.push({ text, trained, special });
  }
  return all;
}
