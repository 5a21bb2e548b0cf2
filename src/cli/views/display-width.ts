// Text measured by the columns it takes on a terminal: wide characters take two, marks none.
import stringWidth from "string-width";
import { visibleLine } from "../../report/visible.js";

/** One column each: ASCII, Latin letters, box drawing, blocks and braille. The rest is looked up, which takes longer than all of a small command. */
const narrow = /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u2018-\u201d\u2026\u2500-\u259f\u25b2\u2800-\u28ff]*$/;

/** Columns that a text takes. */
export function widthOf(text: string): number {
  return narrow.test(text) ? text.length : stringWidth(text);
}

/** Made visible, and cut to a display width with an ellipsis. */
export function fitted(text: string, width: number): string {
  const shown = visibleLine(text);
  if (widthOf(shown) <= width) return shown;
  let kept = "";
  let used = 0;
  for (const { segment } of graphemes.segment(shown)) {
    used += widthOf(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

const graphemes = new Intl.Segmenter();

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}
