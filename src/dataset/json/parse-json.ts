// JSON text -> Json, losing nothing: JSON.parse where a cheap look proves that it loses nothing, an exact reader otherwise. Our own, because
// no kept library keeps 1.0, big integers, key order and doubled keys at once (docs/dependencies.md); what is valid only JSON.parse decides.
import { Float, type Json, type JsonObject } from "./json.js";

export type ParsedJson =
  /** `doubled`: keys that one object has twice. The last one counts, as in Python and JavaScript. */
  { value: Json; doubled: string[] } | { problem: string };

/** Python stops at about 1,000 levels, and nothing that people train on has a hundred. */
const maxDepth = 256;

/** Python refuses to read a longer integer. */
const maxDigits = 4300;

/** Never throws: what is no JSON, and what no engine could read, comes back as `problem`. */
export function parseJson(text: string): ParsedJson {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: whyInvalid(text, error) };
  }
  const look: Look = { keys: 0, hasInteger: false, isRisky: false };
  if (!lookAt(value, 0, look)) return { problem: `nested deeper than ${maxDepth} levels` };
  return isExact(text, look) ? { value, doubled: [] } : readExactly(text);
}

interface Look {
  /** Of all objects. */
  keys: number;
  /** Which may have been a float in the text; or a number that is too large. */
  hasInteger: boolean;
  /** A key that a plain object moves or hides. */
  isRisky: boolean;
}

/** False: too deep. */
function lookAt(value: unknown, depth: number, look: Look): boolean {
  if (typeof value === "number") look.hasInteger ||= Number.isInteger(value) || !Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  if (depth === maxDepth) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (!lookAt(item, depth + 1, look)) return false;
    return true;
  }
  const keys = Object.keys(value);
  look.keys += keys.length;
  // A plain object has its integer-like keys first.
  if (keys.length > 0 && isIntegerLike(keys[0] as string)) look.isRisky = true;
  for (const key of keys) {
    if (key === "__proto__") look.isRisky = true;
    if (!lookAt((value as Record<string, unknown>)[key], depth + 1, look)) return false;
  }
  return true;
}

/** A number that JSON.parse may have changed: 16 digits or more, a fraction of noughts, an exponent, -0. Text that looks like one costs time only. */
const riskyNumber = /(?:^|[:[,])\s*(?:-0(?!\.)|-?(?:\d{16}|\d+\.0*(?!\d)|\d+(?:\.\d+)?[eE]))/;

/** Whether JSON.parse's value is all that the text says. */
function isExact(text: string, { keys, hasInteger, isRisky }: Look): boolean {
  if (isRisky || (hasInteger && riskyNumber.test(text))) return false;
  // Each key ends in `":`. Fewer keys than that: one came twice, or a string holds the two characters. A key that ends in a backslash
  // is not counted right, nor is one with spaces before its colon.
  if (/"\s+:/.test(text)) return false;
  let count = 0;
  for (let at = text.indexOf('":'); at !== -1; at = text.indexOf('":', at + 2)) {
    if (text.charCodeAt(at - 1) !== backslash) count += 1;
    else if (text.charCodeAt(at - 2) === backslash) return false;
  }
  return count === keys;
}

const [quote, comma, backslash, closeArray, closeObject] = [0x22, 0x2c, 0x5c, 0x5d, 0x7d];

function isIntegerLike(key: string): boolean {
  const first = key.charCodeAt(0);
  return first >= 0x30 && first <= 0x39 && key.length <= 10 && String(Number(key)) === key;
}

function whyInvalid(text: string, error: unknown): string {
  const word = /[:[,]\s*(-?(?:NaN|Infinity))\b/.exec(text)?.[1];
  if (word) return `${word} is no JSON: write null, or leave the key out`;
  return error instanceof Error ? withoutExcerpt(error.message, text) : String(error);
}

/** V8 shows ten characters on each side, which may be half a secret: cut so, no rule knows and masks it. The place says as much. */
function withoutExcerpt(message: string, text: string): string {
  const parts = /^(Unexpected token .+?), (\.\.\.)?"(.*)"(\.\.\.)? is not valid JSON$/s.exec(message);
  if (!parts) return message;
  const [, what, isCutBefore, excerpt = "", isCutAfter] = parts;
  const start = text.indexOf(excerpt);
  if (isCutBefore && start === text.lastIndexOf(excerpt)) return `${what} in JSON at position ${start + 10}`;
  if (!isCutBefore && isCutAfter) return `${what} in JSON at position ${excerpt.length - 10}`;
  return `${what} in JSON`;
}

/** A place in text that JSON.parse has found valid. */
interface Cursor {
  text: string;
  at: number;
  doubled: string[];
  problem: string | null;
}

function readExactly(text: string): ParsedJson {
  const cursor: Cursor = { text, at: 0, doubled: [], problem: null };
  const value = readValue(cursor);
  return cursor.problem === null ? { value, doubled: cursor.doubled } : { problem: cursor.problem };
}

function readValue(cursor: Cursor): Json {
  skipSpace(cursor);
  const { text, at } = cursor;
  if (text.charCodeAt(at) === quote) return readString(cursor);
  switch (text[at]) {
    case "{":
      return readObject(cursor);
    case "[":
      return readArray(cursor);
    case "t":
      cursor.at += 4;
      return true;
    case "f":
      cursor.at += 5;
      return false;
    case "n":
      cursor.at += 4;
      return null;
    default:
      return readNumber(cursor);
  }
}

function readObject(cursor: Cursor): JsonObject {
  const object: Record<string, Json> = {};
  let written: Map<string, Json> | null = null;
  cursor.at += 1;
  for (skipSpace(cursor); cursor.text.charCodeAt(cursor.at) !== closeObject; skipSpace(cursor)) {
    const key = readString(cursor);
    skipSpace(cursor);
    cursor.at += 1; // the colon
    const value = readValue(cursor);
    if (written ? written.has(key) : Object.hasOwn(object, key)) cursor.doubled.push(key);
    if (key === "__proto__" || isIntegerLike(key)) written ??= new Map(Object.entries(object));
    if (written) written.set(key, value);
    else object[key] = value;
    skipComma(cursor);
  }
  cursor.at += 1;
  return written ? mapOrObject(written) : object;
}

/** A plain object when it has the same keys in the same order. */
export function mapOrObject(entries: Map<string, Json>): JsonObject {
  if (entries.has("__proto__")) return entries;
  const object = Object.fromEntries(entries);
  const written = [...entries.keys()];
  return Object.keys(object).every((key, index) => key === written[index]) ? object : entries;
}

function readArray(cursor: Cursor): Json[] {
  const items: Json[] = [];
  cursor.at += 1;
  for (skipSpace(cursor); cursor.text.charCodeAt(cursor.at) !== closeArray; skipSpace(cursor)) {
    items.push(readValue(cursor));
    skipComma(cursor);
  }
  cursor.at += 1;
  return items;
}

function readString(cursor: Cursor): string {
  const { text, at: start } = cursor;
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  cursor.at = end + 1;
  const inside = text.slice(start + 1, end);
  return inside.includes("\\") ? JSON.parse(`"${inside}"`) : inside;
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text.charCodeAt(before - 1) === backslash) before -= 1;
  return (at - before) % 2 === 1;
}

const number = /-?\d+(\.\d+)?([eE][-+]?\d+)?/y;

function readNumber(cursor: Cursor): number | bigint | Float {
  number.lastIndex = cursor.at;
  const [written, fraction, exponent] = number.exec(cursor.text) as RegExpExecArray;
  cursor.at += written.length;
  const value = Number(written);
  if (fraction === undefined && exponent === undefined) {
    if (Number.isSafeInteger(value)) return value + 0; // no -0
    if (written.length <= maxDigits) return BigInt(written);
    cursor.problem = `an integer of ${written.length} digits: Python reads ${maxDigits} at most`;
    return 0;
  }
  if (!Number.isFinite(value)) cursor.problem = `${written.slice(0, 40)} is larger than any float`;
  return Number.isInteger(value) ? new Float(value, written) : value;
}

function skipSpace(cursor: Cursor): void {
  while (cursor.text.charCodeAt(cursor.at) <= 0x20) cursor.at += 1;
}

function skipComma(cursor: Cursor): void {
  skipSpace(cursor);
  if (cursor.text.charCodeAt(cursor.at) === comma) cursor.at += 1;
}
