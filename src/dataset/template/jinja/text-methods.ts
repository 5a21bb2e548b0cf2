// The methods of Python's str.
import { toList, truthy, typeName } from "./compare.js";
import { PyError, typeError, Unsupported } from "./errors.js";
import { escapeHtml } from "./markup.js";
import { type Native, natives } from "./native.js";
import { toIndex } from "./numbers.js";
import type { Run } from "./run.js";
import {
  capitalize,
  codePointIndex,
  countOf,
  isCase,
  lengthOf,
  letters,
  replaceText,
  sliceText,
  spaceClass,
  split,
  splitFromRight,
  splitLines,
  strip,
  swapCase,
  titleCase,
} from "./text.js";
import { Markup, Tuple, textOf, type Value } from "./values.js";

type Argument = Value | undefined;

/** `each` of the letters, and at least one. */
const every = (letter: string) => {
  const pattern = new RegExp(`^(?:${letter})+$`, "u");
  return (_: Run, text: string) => pattern.test(text);
};
/** Superscripts, circled digits and other signs that are digits but no decimals. */
const digitSigns =
  "\\xb2\\xb3\\xb9\\u1369-\\u1371\\u19da\\u2070\\u2074-\\u2079\\u2080-\\u2089\\u2460-\\u2468\\u2474-\\u247c\\u2488-\\u2490\\u24ea" +
  "\\u24f5-\\u24fd\\u24ff\\u2776-\\u277e\\u2780-\\u2788\\u278a-\\u2792";

export const textMethods: Map<string, Native> = natives<string>({
  capitalize: ["/", (_, text) => capitalize(text)],
  casefold: ["/", (_, text) => caseFold(text)],
  center: ["/ width fill?", (run, text, width, fill) => pad(run, text, width, fill, "center")],
  count: ["/ part start? end?", (_, text, part, start, end) => countIn(text, part, start, end)],
  encode: ["encoding? errors?", () => unsupported("bytes")],
  endswith: ["/ suffix start? end?", (_, text, suffix, start, end) => edge("endsWith", text, suffix, start, end)],
  expandtabs: ["tabsize?", (run, text, size) => expandTabs(run, text, size === undefined ? 8 : toIndex(size))],
  find: ["/ part start? end?", (_, text, part, start, end) => find("indexOf", text, part, start, end)],
  index: ["/ part start? end?", (_, text, part, start, end) => found(find("indexOf", text, part, start, end))],
  isalnum: ["/", every("[\\p{L}\\p{N}]")],
  isalpha: ["/", every("\\p{L}")],
  isascii: ["/", (_, text) => /^\p{ASCII}*$/u.test(text)],
  isdecimal: ["/", every("\\p{Nd}")],
  isdigit: ["/", every(`[\\p{Nd}${digitSigns}]`)],
  isidentifier: ["/", (_, text) => /^[\p{XIDS}_]\p{XIDC}*$/u.test(text)],
  islower: ["/", (_, text) => isCase(text, "lower")],
  isnumeric: ["/", (run, text) => (/\p{sc=Han}/u.test(text) ? unsupported("isnumeric") : every("\\p{N}")(run, text))],
  isprintable: ["/", (_, text) => /^(?: |[^\p{C}\p{Z}])*$/u.test(text)],
  isspace: ["/", every(spaceClass)],
  istitle: ["/", (_, text) => /\p{Cased}/u.test(text) && titleCase(text) === text],
  isupper: ["/", (_, text) => isCase(text, "upper")],
  join: ["/ items", (run, text, items) => join(run, text, toList(run, items as Value))],
  ljust: ["/ width fill?", (run, text, width, fill) => pad(run, text, width, fill, "left")],
  lower: ["/", (_, text) => text.toLowerCase()],
  lstrip: ["/ chars?", (_, text, chars) => strip(text, "left", charsOf(chars))],
  maketrans: ["/ x y? z?", () => unsupported("maketrans")],
  partition: ["/ separator", (_, text, separator) => partition(text, separator, "indexOf")],
  removeprefix: ["/ prefix", (_, text, prefix) => text.slice(text.startsWith(need(prefix)) ? need(prefix).length : 0)],
  removesuffix: ["/ suffix", (_, text, suffix) => removeSuffix(text, need(suffix))],
  replace: ["/ old new count?", (run, text, old, by, count) => replace(run, text, need(old), need(by), count)],
  rfind: ["/ part start? end?", (_, text, part, start, end) => find("lastIndexOf", text, part, start, end)],
  rindex: ["/ part start? end?", (_, text, part, start, end) => found(find("lastIndexOf", text, part, start, end))],
  rjust: ["/ width fill?", (run, text, width, fill) => pad(run, text, width, fill, "right")],
  rpartition: ["/ separator", (_, text, separator) => partition(text, separator, "lastIndexOf")],
  rsplit: [
    "sep? maxsplit?",
    (run, text, separator, limit) => spent(run, splitFromRight(text, charsOf(separator), count(limit))),
  ],
  rstrip: ["/ chars?", (_, text, chars) => strip(text, "right", charsOf(chars))],
  split: ["sep? maxsplit?", (run, text, separator, limit) => spent(run, split(text, charsOf(separator), count(limit)))],
  splitlines: ["keepends?", (run, text, keep) => spent(run, splitLines(text, keep !== undefined && truthy(keep)))],
  startswith: ["/ prefix start? end?", (_, text, prefix, start, end) => edge("startsWith", text, prefix, start, end)],
  strip: ["/ chars?", (_, text, chars) => strip(text, "both", charsOf(chars))],
  swapcase: ["/", (_, text) => swapCase(text)],
  title: ["/", (_, text) => titleCase(text)],
  translate: ["/ table", () => unsupported("translate")],
  upper: ["/", (_, text) => text.toUpperCase()],
  zfill: ["/ width", (run, text, width) => zeroFill(run, text, toIndex(width as Value))],
});

/** A str method on Markup: text that comes out is Markup, text that goes into it is escaped. */
export function markupMethod(name: string): Native | undefined {
  const method = textMethods.get(name);
  if (!method) return undefined;
  return (run, self, args, kwargs) => {
    const given = [...args];
    if (name === "join" && given[0] !== undefined)
      given[0] = toList(run, given[0]).map((item) => escapeHtml(run, item));
    const escaped = name === "replace" || name.endsWith("just") || name === "center" ? given[1] : undefined;
    if (escaped !== undefined) given[1] = escapeHtml(run, escaped);
    return wrapped(method(run, (self as Markup).text, given, kwargs));
  };
}

function wrapped(value: Value): Value {
  if (typeof value === "string") return new Markup(value);
  if (Array.isArray(value)) return value.map(wrapped);
  return value instanceof Tuple ? new Tuple(value.items.map(wrapped)) : value;
}

function unsupported(what: string): never {
  throw new Unsupported(`str.${what}`);
}

function need(value: Argument): string {
  const text = textOf(value);
  if (text === null) throw typeError(`must be str, not ${typeName(value as Value)}`);
  return text;
}

/** None and nothing mean whitespace. */
function charsOf(value: Argument): string | null {
  return value === undefined || value === null ? null : need(value);
}

function count(value: Argument): number {
  return value === undefined ? -1 : toIndex(value, `'${typeName(value)}' object cannot be interpreted as an integer`);
}

function spent(run: Run, parts: string[]): string[] {
  run.spend(parts.length);
  return parts;
}

/** The part between two positions in code points, as slices clip them, and where it starts. null: it starts beyond the end. */
function window(text: string, start: Argument, end: Argument): { part: string; offset: number } | null {
  if ((start === undefined || start === null) && (end === undefined || end === null)) return { part: text, offset: 0 };
  const length = lengthOf(text);
  const clip = (bound: Argument, missing: number) => {
    if (bound === undefined || bound === null) return missing;
    const index = toIndex(bound, "slice indices must be integers or None or have an __index__ method");
    return index < 0 ? Math.max(0, index + length) : index;
  };
  const offset = clip(start, 0);
  const stop = Math.min(clip(end, length), length);
  return offset > length || offset > stop ? null : { part: sliceText(text, offset, stop), offset };
}

function find(way: "indexOf" | "lastIndexOf", text: string, part: Argument, start?: Argument, end?: Argument): number {
  const wanted = need(part);
  const within = window(text, start, end);
  if (!within) return -1;
  const at = within.part[way](wanted);
  return at === -1 ? -1 : within.offset + codePointIndex(within.part, at);
}

function found(index: number): number {
  if (index === -1) throw new PyError("ValueError", "substring not found");
  return index;
}

function countIn(text: string, part: Argument, start: Argument, end: Argument): number {
  const wanted = need(part);
  const within = window(text, start, end);
  return within ? countOf(within.part, wanted) : 0;
}

function edge(way: "startsWith" | "endsWith", text: string, wanted: Argument, start: Argument, end: Argument): boolean {
  const choices = wanted instanceof Tuple ? wanted.items : [wanted as Value];
  for (const choice of choices) {
    if (textOf(choice) !== null) continue;
    const name = way.toLowerCase();
    throw typeError(`${name} first arg must be str or a tuple of str, not ${typeName(choice)}`);
  }
  const within = window(text, start, end);
  return within !== null && choices.some((choice) => within.part[way](need(choice)));
}

function pad(run: Run, text: string, width: Argument, fill: Argument, side: "left" | "right" | "center"): string {
  const letter = fill === undefined ? " " : need(fill);
  if (lengthOf(letter) !== 1) throw typeError("The fill character must be exactly one character long");
  const wanted = toIndex(width as Value);
  const missing = Math.max(0, wanted - lengthOf(text));
  run.reserve(missing);
  if (side === "left") return text + letter.repeat(missing);
  if (side === "right") return letter.repeat(missing) + text;
  const before = (missing >> 1) + (missing & wanted & 1);
  return letter.repeat(before) + text + letter.repeat(missing - before);
}

function zeroFill(run: Run, text: string, width: number): string {
  const missing = Math.max(0, width - lengthOf(text));
  run.reserve(missing);
  const sign = /^[+-]/.test(text) ? (text[0] as string) : "";
  return sign + "0".repeat(missing) + text.slice(sign.length);
}

function join(run: Run, separator: string, items: readonly Value[]): string {
  let length = 0;
  const parts = items.map((item, at) => {
    const text = textOf(item);
    if (text === null) throw typeError(`sequence item ${at}: expected str instance, ${typeName(item)} found`);
    length += text.length + separator.length;
    return text;
  });
  run.reserve(length);
  run.spend(parts.length);
  return parts.join(separator);
}

function replace(run: Run, text: string, old: string, by: string, limit: Argument): string {
  const times = count(limit);
  if (by.length > old.length) run.reserve(text.length + countOf(text, old) * (by.length - old.length));
  return replaceText(text, old, by, times);
}

function removeSuffix(text: string, suffix: string): string {
  return suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
}

function partition(text: string, separator: Argument, way: "indexOf" | "lastIndexOf"): Tuple {
  const wanted = need(separator);
  if (wanted === "") throw new PyError("ValueError", "empty separator");
  const at = text[way](wanted);
  if (at !== -1) return new Tuple([text.slice(0, at), wanted, text.slice(at + wanted.length)]);
  return new Tuple(way === "indexOf" ? [text, "", ""] : ["", "", text]);
}

function expandTabs(run: Run, text: string, size: number): string {
  let column = 0;
  let out = "";
  for (const letter of letters(text)) {
    if (letter === "\t") {
      const spaces = size > 0 ? size - (column % size) : 0;
      run.reserve(out.length + spaces);
      out += " ".repeat(spaces);
      column += spaces;
    } else {
      out += letter;
      column = letter === "\n" || letter === "\r" ? 0 : column + 1;
    }
  }
  return out;
}

/** Lower case and the folds that Unicode adds to it, of which ß is the one in use. */
function caseFold(text: string): string {
  if (/^\p{ASCII}*$/u.test(text)) return text.toLowerCase();
  if (/[^\p{Script=Latin}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Common}]/u.test(text))
    unsupported("casefold");
  return text.toLowerCase().replaceAll("ß", "ss");
}
