// Characters that show as nothing or turn the text around: which of them do harm, and the text without those.
import { isControl } from "./scan-text.js";

/** A flag of a region is a black flag, tag letters and the tag that ends them (UTS #51). */
const tags = /(\u{1f3f4}[\u{e0020}-\u{e007e}]{1,8}\u{e007f})|[\u{e0000}-\u{e007f}]/gu;

export function withoutTags(text: string): string {
  return text.replace(tags, (_, flag: string | undefined) => flag ?? "");
}

const directions = /[\u202a-\u202e\u2066-\u2069]/g;
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** As it is where letters of right-to-left scripts need them. */
export function withoutDirections(text: string): string {
  return rightToLeft.test(text) ? text : text.replace(directions, "");
}

/** Not the joiners that emoji and the scripts of Asia need: only those between ASCII letters. */
const zeroWidths = /[\u200b\u2060-\u2064]|(?<=\S)\ufeff|(?<=[\w ])[\u200c\u200d](?=[\w ])/g;

export function withoutZeroWidths(text: string): string {
  return text.replace(zeroWidths, "");
}

export function withoutControls(text: string): string {
  return [...text].filter((char) => !isControl(char.charCodeAt(0))).join("");
}

/** "U+200B": the first character that is in `text` and not in `cleaned`; null: they are the same. */
export function firstRemoved(text: string, cleaned: string): string | null {
  if (text === cleaned) return null;
  const left = [...cleaned];
  const removed = [...text].find((char, at) => char !== left[at]) as string;
  return `U+${(removed.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")}`;
}
