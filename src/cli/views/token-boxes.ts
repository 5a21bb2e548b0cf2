// Tokens as boxes beside each other: what each stands for, its id below, and a bar below what is trained.
import type { PreviewLine, PreviewToken } from "../../dataset/preview/preview-line.js";
import { visibleLine } from "../../report/visible.js";
import { cutLine } from "./data-preview.js";
import { fitted, padEnd, widthOf } from "./display-width.js";
import type { Paint } from "./paint.js";

interface Layout {
  width: number;
  paint: Paint;
}

export function tokenBoxes(line: PreviewLine, layout: Layout): string[] {
  const kept = bands(line.tokens.slice(0, line.kept), layout);
  const lost = line.tokens.slice(line.kept);
  if (lost.length === 0) return kept;
  return [...kept, layout.paint("red", cutLine(lost.length, layout.width)), ...bands(lost, layout)];
}

interface Box {
  text: string;
  id: string;
  width: number;
  token: PreviewToken;
}

function bands(tokens: readonly PreviewToken[], { width, paint }: Layout): string[] {
  const rows: Box[][] = [[]];
  let used = 1;
  for (const token of tokens) {
    const text = fitted(visibleToken(token), width - 4);
    const id = idText(token);
    const box = { text, id, token, width: Math.max(widthOf(text), id.length) };
    if (used + box.width + 1 > width) {
      rows.push([]);
      used = 1;
    }
    rows.at(-1)!.push(box);
    used += box.width + 1;
  }
  return rows.flatMap((boxes) => bandLines(boxes, paint));
}

function bandLines(boxes: readonly Box[], paint: Paint): string[] {
  const bar = paint("dim", "│");
  const line = (cell: (box: Box) => string) => `${bar}${boxes.map((box) => cell(box) + bar).join("")}`;
  const marks = boxes.map(({ token, width }) => (token.trained ? "▔" : " ").repeat(width)).join(" ");
  return [
    line(({ text, width, token }) => paint(boxStyle(token), padEnd(text, width))),
    line(({ id, width }) => paint("dim", id.padEnd(width))),
    ` ${paint("green", marks)}`.trimEnd(),
  ];
}

function boxStyle({ trained, special, kept }: PreviewToken) {
  if (!kept) return ["dim", "strikethrough"] as const;
  if (trained) return special ? (["green", "dim"] as const) : (["green"] as const);
  return special ? (["dim"] as const) : (["reset"] as const);
}

/** An id that would tell what is masked is not shown. */
export function idText({ id, hidden }: PreviewToken): string {
  return hidden ? "•" : String(id);
}

/** Spaces as ·, line breaks as ↵; a token that has no text of its own as …. */
export function visibleToken({ text }: Pick<PreviewToken, "text">): string {
  return text === "" ? "…" : visibleLine(text).replaceAll(" ", "·");
}
