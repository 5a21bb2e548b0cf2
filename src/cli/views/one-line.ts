// Text that others wrote (trainers, exceptions), made safe to show on a line of a terminal, or some.
import { stripVTControlCharacters } from "node:util";
import { cut } from "./format.js";

/** Without escape sequences; line breaks, tabs and other control characters as single spaces. */
export function oneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
}

/** The words of a text on at most `most` lines of `width`; what does not fit is cut with an ellipsis. */
export function wrapWords(text: string, width: number, most: number): string[] {
  const lines: string[] = [];
  for (const word of oneLine(text).split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  const kept = lines.slice(0, most).map((line) => cut(line, width));
  if (lines.length > most) kept[most - 1] = `${kept[most - 1]!.slice(0, width - 1)}…`;
  return kept;
}
