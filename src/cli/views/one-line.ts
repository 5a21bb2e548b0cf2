// Text that others wrote (trainers, exceptions), made safe to show on one line of a terminal.
import { stripVTControlCharacters } from "node:util";

/** Without escape sequences; line breaks, tabs and other control characters as single spaces. */
export function oneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
}
