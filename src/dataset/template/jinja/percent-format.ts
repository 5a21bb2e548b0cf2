// Python's "text % values".
import { failOnUndefined, typeName } from "./compare.js";
import { PyError, typeError, Unsupported, valueError } from "./errors.js";
import { formatFloat } from "./format-number.js";
import { escapeHtml } from "./markup.js";
import { isFloat, isInt, isNumber, toDouble, toIndex } from "./numbers.js";
import { repr, str } from "./repr.js";
import type { Run } from "./run.js";
import { letters } from "./text.js";
import { dictGet, isDict, Markup, Tuple, textOf, Undefined, type Value } from "./values.js";

const conversion =
  /%(?:\((?<key>[^)]*)\))?(?<flags>[-+ #0]*)(?<width>\*|\d*)(?:\.(?<precision>\*|\d*))?[hlL]?(?<type>[\s\S]?)/g;

/** Of Markup, what is put in gets escaped and the result is Markup. */
export function percentFormat(run: Run, format: string | Markup, values: Value): Value {
  const template = textOf(format) as string;
  const isMarkup = format instanceof Markup;
  const items = values instanceof Tuple ? values.items : [values];
  const isMapping = Array.isArray(values) || isDict(values) || values instanceof Undefined;
  let used = 0;
  const take = (): Value => {
    if (used >= items.length) throw typeError("not enough arguments for format string");
    used += 1;
    return items[used - 1] as Value;
  };
  const text = template.replace(conversion, (...match) => {
    const parts = match.at(-1) as Record<"key" | "flags" | "width" | "precision" | "type", string | undefined>;
    if (parts.type === "%") return "%";
    let named: Value | undefined;
    if (parts.key !== undefined) {
      if (!isDict(values)) throw typeError("format requires a mapping");
      named = dictGet(values, parts.key);
      if (named === undefined) throw new PyError("KeyError", `'${parts.key}'`);
      used = items.length;
    }
    const size = (given: string | undefined) => (given === "*" ? toIndex(take(), "* wants int") : Number(given || 0));
    const width = size(parts.width);
    const precision = parts.precision === undefined ? null : size(parts.precision);
    if (!parts.type) throw valueError("incomplete format");
    const value = named ?? (named === null ? null : take());
    const flags = parts.flags ?? "";
    const converted = convert(run, parts.type, value, { flags, precision, isMarkup });
    run.reserve(width);
    return pad(
      converted,
      flags.includes("-") ? "left" : flags.includes("0") && converted.numeric ? "zero" : "right",
      width,
    );
  });
  if (used < items.length && !isMapping) throw typeError("not all arguments converted during string formatting");
  run.reserve(text.length);
  return isMarkup ? new Markup(text) : text;
}

interface Converted {
  sign: string;
  body: string;
  numeric: boolean;
}

function convert(
  run: Run,
  type: string,
  value: Value,
  { flags, precision, isMarkup }: { flags: string; precision: number | null; isMarkup: boolean },
): Converted {
  if (type === "s" || type === "r" || type === "a") {
    if (type === "a") throw new Unsupported("%a");
    const whole = type === "r" ? repr(run, value) : isMarkup ? escapeHtml(run, value) : str(run, value);
    const safe = isMarkup && type === "r" ? escapeHtml(run, whole) : whole;
    const cut = precision === null ? safe : Array.from(letters(safe)).slice(0, precision).join("");
    return { sign: "", body: cut, numeric: false };
  }
  if (type === "c") {
    const letter = textOf(value);
    if (letter !== null && [...letter].length === 1) return { sign: "", body: letter, numeric: false };
    throw isInt(value) ? new Unsupported("%c of a number") : typeError("%c requires int or char");
  }
  failOnUndefined(value);
  const signOf = (negative: boolean) => (negative ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "");
  if ("diouxX".includes(type)) {
    const whole = toInteger(type, value);
    const digits = (whole < 0n ? -whole : whole).toString(type === "o" ? 8 : type.toLowerCase() === "x" ? 16 : 10);
    const prefix = flags.includes("#") ? (type === "o" ? "0o" : type.toLowerCase() === "x" ? "0x" : "") : "";
    const body = digits.padStart(precision ?? 0, "0");
    const sign = signOf(whole < 0n) + prefix;
    return type === "X"
      ? { sign: sign.toUpperCase(), body: body.toUpperCase(), numeric: true }
      : { sign, body, numeric: true };
  }
  if ("eEfFgG".includes(type)) {
    if (!isNumber(value)) throw typeError(`must be real number, not ${typeName(value)}`);
    const double = toDouble(value);
    const body = formatFloat(double, type.toLowerCase() as "e" | "f" | "g", precision ?? 6, flags.includes("#"));
    const negative = double < 0 || Object.is(double, -0);
    return { sign: signOf(negative), body: type < "a" ? body.toUpperCase() : body, numeric: Number.isFinite(double) };
  }
  throw valueError(`unsupported format character '${type}'`);
}

function toInteger(type: string, value: Value): bigint {
  if (isInt(value)) return BigInt(value);
  if (!isFloat(value) || "xXo".includes(type)) {
    const wanted = "xXo".includes(type) ? "an integer" : "a real number";
    throw typeError(`%${type} format: ${wanted} is required, not ${typeName(value)}`);
  }
  const double = toDouble(value);
  if (!Number.isFinite(double)) throw new PyError("OverflowError", "cannot convert float infinity to integer");
  return BigInt(Math.trunc(double));
}

function pad({ sign, body }: Converted, side: "left" | "right" | "zero", width: number): string {
  const missing = width - Array.from(letters(sign + body)).length;
  if (missing <= 0) return sign + body;
  if (side === "zero") return sign + "0".repeat(missing) + body;
  const spaces = " ".repeat(missing);
  return side === "left" ? sign + body + spaces : spaces + sign + body;
}
