// HTML by template literals that escape: what is put in is text unless it is Html already.
import { visibleText } from "./visible.js";

/** Markup that may stand in a page as it is; only `html` makes it. */
export class Html {
  constructor(readonly markup: string) {}
}

type Inserted = Html | string | number | readonly Html[];

/** `html\`<p>${text}</p>\``: strings and numbers are escaped, also fit for quoted attributes. */
export function html(parts: TemplateStringsArray, ...inserted: Inserted[]): Html {
  const pieces = parts.flatMap((part, index) =>
    index < inserted.length ? [part, markupOf(inserted[index]!)] : [part],
  );
  return new Html(pieces.join(""));
}

function markupOf(value: Inserted): string {
  if (value instanceof Html) return value.markup;
  if (typeof value === "object") return value.map(({ markup }) => markup).join("");
  return escaped(String(value));
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escaped(text: string): string {
  return visibleText(text).replace(/[&<>"']/g, (character) => entities[character]!);
}
