// Python's str on JavaScript strings: positions count code points, whitespace and line ends are Python's.
import { valueError } from "./errors.js";

/** What str.isspace() holds for, as a class of a regular expression. */
export const spaceClass = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const spaceCharacter = new RegExp(spaceClass, "u");
const surrogate = /[\ud800-\udfff]/;
const lineEnds = "\\n\\v\\f\\r\\x1c-\\x1e\\x85\\u2028\\u2029";
const lineEnd = new RegExp(`\\r\\n|[${lineEnds}]`, "g");

/** Whether a UTF-16 unit is whitespace to Python (all of it lies in one unit). */
function isSpace(unit: number): boolean {
  if (unit < 0x80) return unit === 32 || (unit >= 9 && unit <= 13) || (unit >= 0x1c && unit <= 0x1f);
  return spaceCharacter.test(String.fromCharCode(unit));
}

/** The code points, or the text itself where each is one UTF-16 unit: both can be indexed and have a length. */
export function letters(text: string): string | string[] {
  return surrogate.test(text) ? [...text] : text;
}

export function lengthOf(text: string): number {
  return letters(text).length;
}

export function letterAt(text: string, index: number): string | undefined {
  const all = letters(text);
  return all[index < 0 ? index + all.length : index];
}

export function sliceText(text: string, start: number, stop: number): string {
  const all = letters(text);
  return typeof all === "string" ? all.slice(start, stop) : all.slice(start, stop).join("");
}

/** Turns a position in UTF-16 units into one in code points. */
export function codePointIndex(text: string, unit: number): number {
  return unit <= 0 ? unit : lengthOf(text.slice(0, unit));
}

export type Side = "both" | "left" | "right";

export function strip(text: string, side: Side, chars: string | null): string {
  if (chars !== null) return stripChars(text, side, chars);
  let start = 0;
  let end = text.length;
  if (side !== "right") while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  if (side !== "left") while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function stripChars(text: string, side: Side, chars: string): string {
  const set = new Set(chars);
  const all = letters(text);
  let start = 0;
  let end = all.length;
  if (side !== "right") while (start < end && set.has(all[start] as string)) start += 1;
  if (side !== "left") while (end > start && set.has(all[end - 1] as string)) end -= 1;
  return typeof all === "string" ? all.slice(start, end) : all.slice(start, end).join("");
}

/** str.split(sep, limit); a null separator splits at runs of whitespace. A negative limit is none. */
export function split(text: string, separator: string | null, limit: number): string[] {
  if (separator === null) return splitSpaces(text, limit);
  if (separator === "") throw valueError("empty separator");
  const parts: string[] = [];
  let at = 0;
  while (limit < 0 || parts.length < limit) {
    const next = text.indexOf(separator, at);
    if (next === -1) break;
    parts.push(text.slice(at, next));
    at = next + separator.length;
  }
  parts.push(text.slice(at));
  return parts;
}

function splitSpaces(text: string, limit: number): string[] {
  const parts: string[] = [];
  let rest = strip(text, "left", null);
  while (rest !== "") {
    if (limit >= 0 && parts.length === limit) {
      parts.push(rest);
      break;
    }
    let end = 0;
    while (end < rest.length && !isSpace(rest.charCodeAt(end))) end += 1;
    parts.push(rest.slice(0, end));
    rest = strip(rest.slice(end), "left", null);
  }
  return parts;
}

/** str.rsplit: as split, counting from the end. */
export function splitFromRight(text: string, separator: string | null, limit: number): string[] {
  if (limit < 0) return split(text, separator, limit);
  if (separator === null) return splitSpacesFromRight(text, limit);
  if (separator === "") throw valueError("empty separator");
  const parts: string[] = [];
  let rest = text;
  while (parts.length < limit) {
    const start = rest.lastIndexOf(separator);
    if (start === -1) break;
    parts.push(rest.slice(start + separator.length));
    rest = rest.slice(0, start);
  }
  return [...parts, rest].reverse();
}

function splitSpacesFromRight(text: string, limit: number): string[] {
  const parts: string[] = [];
  let rest = strip(text, "right", null);
  while (rest !== "") {
    let start = parts.length === limit ? 0 : rest.length;
    while (start > 0 && !isSpace(rest.charCodeAt(start - 1))) start -= 1;
    parts.push(rest.slice(start));
    rest = strip(rest.slice(0, start), "right", null);
  }
  return parts.reverse();
}

export function splitLines(text: string, keepEnds: boolean): string[] {
  const lines: string[] = [];
  let at = 0;
  for (const { 0: end, index } of text.matchAll(lineEnd)) {
    lines.push(text.slice(at, keepEnds ? index + end.length : index));
    at = index + end.length;
  }
  if (at < text.length) lines.push(text.slice(at));
  return lines;
}

/** A count that is negative stands for all. */
export function replaceText(text: string, old: string, by: string, count: number): string {
  if (count < 0) return old === "" ? interleave(text, by, Number.POSITIVE_INFINITY) : text.replaceAll(old, () => by);
  if (old === "") return interleave(text, by, count);
  return split(text, old, count).join(by);
}

function interleave(text: string, by: string, count: number): string {
  const all = [...text];
  return all.map((letter, at) => (at < count ? by + letter : letter)).join("") + (all.length < count ? by : "");
}

export function countOf(text: string, part: string): number {
  if (part === "") return lengthOf(text) + 1;
  let count = 0;
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) count += 1;
  return count;
}

const titleDigraphs: Record<string, string> = { Ǆ: "ǅ", Ǉ: "ǈ", Ǌ: "ǋ", Ǳ: "ǲ" };

/** The title case of one letter: Dž for ǆ, Ss for ß, and Georgian stays as it is. */
function titleLetter(letter: string): string {
  const upper = letter.toUpperCase();
  if (/[\u10d0-\u10ff]/.test(letter)) return letter;
  if (titleDigraphs[upper]) return titleDigraphs[upper];
  const [first = "", ...rest] = upper;
  return letter === "ŉ" ? upper : first + rest.join("").toLowerCase();
}

export function capitalize(text: string): string {
  const [first = ""] = text;
  return titleLetter(first) + lowerTail(text.slice(first.length));
}

const cased = /\p{Cased}/u;

/** str.title(): a letter after one without case starts a word. */
export function titleCase(text: string): string {
  let out = "";
  let tail = "";
  let inWord = false;
  for (const letter of text) {
    if (inWord) tail += letter;
    else {
      out += lowerTail(tail) + titleLetter(letter);
      tail = "";
    }
    inWord = cased.test(letter);
  }
  return out + lowerTail(tail);
}

/** Lower case of what follows a letter: a sigma at its end is a final one. */
function lowerTail(text: string): string {
  return `a${text}`.toLowerCase().slice(1);
}

export function swapCase(text: string): string {
  let out = "";
  for (const letter of text) out += letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
  return out;
}

/** str.isupper(), str.islower(): at least one cased letter, none of the other case. */
export function isCase(text: string, wanted: "upper" | "lower"): boolean {
  const [right, wrong] =
    wanted === "upper" ? [/\p{Uppercase}/u, /[\p{Lowercase}\p{Lt}]/u] : [/\p{Lowercase}/u, /[\p{Uppercase}\p{Lt}]/u];
  return right.test(text) && !wrong.test(text);
}

/** By code points, which is Python's order; UTF-16's own differs where surrogates meet U+E000 and above. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (a === b) continue;
    const [aHigh, bHigh] = [a >= 0xd800 && a <= 0xdfff, b >= 0xd800 && b <= 0xdfff];
    if (aHigh !== bHigh && a >= 0xd800 && b >= 0xd800) return aHigh ? 1 : -1;
    return a < b ? -1 : 1;
  }
  return left.length < right.length ? -1 : 1;
}
