// Text measured by the columns it takes on a terminal: wide characters take two, marks none.
import stringWidth from "string-width";
import { visibleLine } from "../../report/visible.js";

/** Made visible, and cut to a display width with an ellipsis. */
export function fitted(text: string, width: number): string {
  const shown = visibleLine(text);
  if (stringWidth(shown) <= width) return shown;
  let kept = "";
  let used = 0;
  for (const { segment } of graphemes.segment(shown)) {
    used += stringWidth(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

const graphemes = new Intl.Segmenter();

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - stringWidth(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - stringWidth(text))) + text;
}

export function widthOf(text: string): number {
  return stringWidth(text);
}
