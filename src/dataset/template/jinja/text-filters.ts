// jinja2's filters on text and numbers.
import { failOnUndefined, length, truthy, typeName } from "./compare.js";
import { PyError, typeError, Unsupported, valueError } from "./errors.js";
import { formatFloat } from "./format-number.js";
import { toJson } from "./json-dump.js";
import { escapeHtml } from "./markup.js";
import { type Native, natives } from "./native.js";
import {
  arithmetic,
  floatOf,
  isFloat,
  isInt,
  isNumber,
  negate,
  parseFloatText,
  parseInteger,
  parseIntText,
  roundHalfEven,
  toDouble,
  toIndex,
} from "./numbers.js";
import { add } from "./operators.js";
import { percentFormat } from "./percent-format.js";
import { str } from "./repr.js";
import type { Run } from "./run.js";
import { countOf, replaceText, sliceText, spaceClass, splitFromRight, splitLines, strip } from "./text.js";
import { markupMethod, textMethods } from "./text-methods.js";
import { dictEntries, isDict, type Kwargs, Markup, Tuple, textOf, Undefined, type Value } from "./values.js";

type Argument = Value | undefined;

export const textFilters = new Map<string, Native>([
  ...natives<Value>({
    abs: ["", (_, value) => absolute(value)],
    capitalize: ["", (run, value) => textMethod(run, value, "capitalize")],
    center: ["width?", (run, value, width = 80) => textMethod(run, value, "center", [width])],
    escape: ["", (run, value) => new Markup(escapeHtml(run, value))],
    e: ["", (run, value) => new Markup(escapeHtml(run, value))],
    filesizeformat: ["binary?", (run, value, binary) => fileSize(run, value, binary !== undefined && truthy(binary))],
    float: ["default?", (run, value, fallback = floatOf(0)) => toFloat(run, value) ?? fallback],
    forceescape: ["", (run, value) => new Markup(escapeHtml(run, str(run, value)))],
    indent: ["width? first? blank?", indent],
    int: ["default? base?", (run, value, fallback = 0, base) => toInt(run, value, base) ?? fallback],
    lower: ["", (run, value) => textMethod(run, value, "lower")],
    pprint: ["", () => unsupported("pprint")],
    replace: ["old new count?", replace],
    round: ["precision? method?", (_, value, precision, method) => round(value, precision, method)],
    safe: ["", (run, value) => (value instanceof Markup ? value : new Markup(str(run, value)))],
    string: ["", (run, value) => softText(run, value)],
    striptags: ["", () => unsupported("striptags")],
    title: ["", (run, value) => title(softPlain(run, value))],
    tojson: ["ensure_ascii? indent? separators? sort_keys?", toJson],
    trim: ["chars?", (run, value, chars) => trim(run, value, chars)],
    truncate: ["length? killwords? end? leeway?", truncate],
    upper: ["", (run, value) => textMethod(run, value, "upper")],
    urlencode: ["", (run, value) => urlEncode(run, value)],
    urlize: ["trim_url_limit? nofollow? target? rel? extra_schemes?", () => unsupported("urlize")],
    wordcount: ["", (run, value) => softPlain(run, value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0],
    wordwrap: ["width? break_long_words? wrapstring? break_on_hyphens?", () => unsupported("wordwrap")],
    xmlattr: ["autospace?", (run, value, space) => xmlAttributes(run, value, space === undefined || truthy(space))],
  }),
  ["format", format],
]);

function unsupported(filter: string): never {
  throw new Unsupported(`the filter ${filter}`);
}

/** soft_str: text as it is (Markup stays Markup), anything else printed. */
function softText(run: Run, value: Value): string | Markup {
  return value instanceof Markup ? value : str(run, value);
}

function softPlain(run: Run, value: Value): string {
  return textOf(value) ?? str(run, value);
}

function textMethod(run: Run, value: Value, name: string, args: Value[] = []): Value {
  const text = softText(run, value);
  const method = (text instanceof Markup ? markupMethod(name) : textMethods.get(name)) as Native;
  return method(run, text, args, null);
}

function trim(run: Run, value: Value, chars: Argument): Value {
  if (chars === undefined && typeof value === "string") return strip(value, "both", null);
  return textMethod(run, value, "strip", chars === undefined ? [] : [chars]);
}

function absolute(value: Value): Value {
  failOnUndefined(value);
  if (!isNumber(value)) throw typeError(`bad operand type for abs(): '${typeName(value)}'`);
  if (isFloat(value)) return floatOf(Math.abs(toDouble(value)));
  const whole = typeof value === "boolean" ? Number(value) : value;
  return whole < 0 ? negate(whole) : whole;
}

function replace(run: Run, value: Value, old: Argument, by: Argument, count: Argument): Value {
  const [text, from, to] = [str(run, value), str(run, old as Value), str(run, by as Value)];
  if (to.length > from.length) run.reserve(text.length + countOf(text, from) * (to.length - from.length));
  return replaceText(text, from, to, count === undefined || count === null ? -1 : toIndex(count));
}

const wordStart = new RegExp(`([-{(\\[<]|${spaceClass})+`, "u");

function title(text: string): string {
  let out = "";
  for (const item of splitKeeping(text)) {
    const [first = ""] = item;
    out += first.toUpperCase() + item.slice(first.length).toLowerCase();
  }
  return out;
}

function splitKeeping(text: string): string[] {
  const parts: string[] = [];
  let rest = text;
  for (let match = wordStart.exec(rest); match; match = wordStart.exec(rest)) {
    parts.push(rest.slice(0, match.index), match[0]);
    rest = rest.slice(match.index + match[0].length);
  }
  return [...parts, rest];
}

function indent(run: Run, value: Value, width: Argument, first: Argument, blank: Argument): Value {
  const step = width === undefined ? "    " : (textOf(width) ?? " ".repeat(Math.max(0, toIndex(width))));
  const text = textOf(value);
  if (text === null) {
    // `s += "\n"` on something else.
    add(run, value, "\n");
    throw typeError(`'${typeName(value)}' object has no attribute 'splitlines'`);
  }
  const lines = splitLines(`${text}\n`, false);
  run.reserve(text.length + lines.length * step.length);
  const [head = "", ...tail] = lines;
  const indentBlank = blank !== undefined && truthy(blank);
  const body = [head, ...tail.map((line) => (indentBlank || line !== "" ? step + line : line))].join("\n");
  const whole = first !== undefined && truthy(first) ? step + body : body;
  return value instanceof Markup ? new Markup(whole) : whole;
}

function truncate(run: Run, value: Value, size: Argument, kill: Argument, end: Argument, leeway: Argument): Value {
  const limit = size === undefined ? 255 : toIndex(size);
  const tail = end === undefined ? "..." : end;
  const margin = leeway === undefined || leeway === null ? 5 : toIndex(leeway);
  const keep = limit - length(tail);
  if (keep < 0) throw new PyError("AssertionError", `expected length >= ${length(tail)}, got ${limit}`);
  if (margin < 0) throw new PyError("AssertionError", `expected leeway >= 0, got ${margin}`);
  if (length(value) <= limit + margin) return value;
  const text = textOf(value);
  if (text === null || value instanceof Markup) throw new Unsupported(`truncate of a ${typeName(value)}`);
  const cut = sliceText(text, 0, keep);
  return add(run, kill !== undefined && truthy(kill) ? cut : (splitFromRight(cut, " ", 1)[0] as string), tail);
}

function toFloat(run: Run, value: Value): Value | null {
  const text = textOf(value);
  if (text !== null) {
    const parsed = parseFloatText(strip(text, "both", null));
    return parsed === null ? null : floatOf(parsed);
  }
  failOnUndefined(value);
  run.spend(1);
  return isNumber(value) ? floatOf(toDouble(value)) : null;
}

/** null: neither int() nor int(float()) makes an int of it. */
function toInt(run: Run, value: Value, base: Argument): Value | null {
  const text = textOf(value);
  if (text !== null) {
    const stripped = strip(text, "both", null);
    const whole = parseIntText(stripped, base === undefined ? 10 : toIndex(base));
    if (whole !== null) return whole;
    const double = parseFloatText(stripped);
    return double === null || !Number.isFinite(double) ? null : parseInteger(BigInt(Math.trunc(double)));
  }
  failOnUndefined(value);
  run.spend(1);
  if (isInt(value)) return typeof value === "boolean" ? Number(value) : value;
  if (!isFloat(value)) return null;
  const double = toDouble(value);
  if (Number.isNaN(double)) return null;
  if (!Number.isFinite(double)) throw new PyError("OverflowError", "cannot convert float infinity to integer");
  return parseInteger(BigInt(Math.trunc(double)));
}

function round(value: Value, precision: Argument, method: Argument): Value {
  const way = method === undefined ? "common" : method;
  if (way !== "common" && way !== "ceil" && way !== "floor") {
    throw new PyError("FilterArgumentError", "method must be common, ceil or floor");
  }
  failOnUndefined(value);
  if (!isNumber(value)) throw typeError(`type ${typeName(value)} doesn't define __round__ method`);
  const digits = precision === undefined ? 0 : precision;
  if (way === "common") return digits === null ? roundToInt(value) : roundHalfEven(value, toIndex(digits));
  const unit = arithmetic("**", 10, toIndex(digits as Value)) as number;
  const scaled = arithmetic("*", value, unit) as number;
  if (isInt(scaled)) return arithmetic("/", scaled, unit);
  const whole = way === "ceil" ? Math.ceil(toDouble(scaled)) : Math.floor(toDouble(scaled));
  if (!Number.isFinite(whole)) throw new PyError("OverflowError", "cannot convert float infinity to integer");
  return arithmetic("/", parseInteger(BigInt(whole)), unit);
}

function roundToInt(value: number | bigint | boolean | Value): Value {
  const rounded = roundHalfEven(value as number, 0);
  return isFloat(rounded) ? parseInteger(BigInt(toDouble(rounded))) : rounded;
}

function format(run: Run, self: Value, args: Value[], kwargs: Kwargs | null): Value {
  if (args.length > 0 && kwargs) {
    throw new PyError("FilterArgumentError", "can't handle positional and keyword arguments at the same time");
  }
  return percentFormat(run, softText(run, self), kwargs ?? new Tuple(args));
}

const units = ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];

function fileSize(run: Run, value: Value, binary: boolean): string {
  const bytes = toFloat(run, value);
  if (bytes === null) throw valueError("could not convert to float");
  const size = toDouble(bytes as number);
  const base = binary ? 1024 : 1000;
  if (size === 1) return "1 Byte";
  if (size < base) return `${Math.trunc(size)} Bytes`;
  const at = units.findIndex((_, index) => size < base ** (index + 2));
  const index = at === -1 ? units.length - 1 : at;
  const name = units[index] as string;
  const amount = formatFloat((base * size) / base ** (index + 2), "f", 1, false);
  return `${amount} ${binary ? `${name[0]?.toUpperCase()}iB` : name}`;
}

function quote(run: Run, value: Value, safe: string): string {
  const text = str(run, value);
  run.reserve(text.length * 3);
  if (/\p{Cs}/u.test(text)) throw new PyError("UnicodeEncodeError", "surrogates not allowed");
  const quoted = encodeURIComponent(text).replace(
    /[!*'()]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return safe === "/" ? quoted.replaceAll("%2F", "/") : quoted.replaceAll("%20", "+");
}

function urlEncode(run: Run, value: Value): string {
  const isText = textOf(value) !== null;
  if (isText || !(Array.isArray(value) || isDict(value) || value instanceof Tuple || value instanceof Undefined)) {
    if (!isText && typeof value === "object" && value !== null && !isNumber(value)) unsupported("urlencode");
    return quote(run, value, "/");
  }
  const pairs = isDict(value)
    ? dictEntries(value)
    : Array.from(value instanceof Undefined ? [] : value instanceof Tuple ? value.items : value);
  return pairs
    .map((pair) => {
      const [key, item] = pair instanceof Tuple ? pair.items : Array.isArray(pair) ? pair : [];
      if (key === undefined || item === undefined) throw valueError("not enough values to unpack (expected 2)");
      return `${quote(run, key, "")}=${quote(run, item, "")}`;
    })
    .join("&");
}

function xmlAttributes(run: Run, value: Value, space: boolean): string {
  if (!isDict(value)) throw typeError(`'${typeName(value)}' object has no attribute 'items'`);
  const items = dictEntries(value).flatMap(([key, item]) => {
    if (item === null || item instanceof Undefined) return [];
    if (typeof key !== "string") throw typeError("expected string or bytes-like object");
    if (/[\t-\r />=]/.test(key)) throw valueError(`Invalid character in attribute name: ${key}`);
    return `${escapeHtml(run, key)}="${escapeHtml(run, item)}"`;
  });
  return (space && items.length > 0 ? " " : "") + items.join(" ");
}
