// str.format with the sandbox's rules: {}, {0}, {name}, .attribute, [item], !r, !s and the common format specs.
import { typeName } from "./compare.js";
import { PyError, typeError, Unsupported, valueError } from "./errors.js";
import { formatFloat, group } from "./format-number.js";
import { isFloat, isInt, toDouble } from "./numbers.js";
import { repr, str } from "./repr.js";
import type { Run } from "./run.js";
import { lengthOf, sliceText } from "./text.js";
import { type Kwargs, textOf, Undefined, type Value } from "./values.js";

/** What fields may name, and how their paths are followed. */
export interface FormatArguments {
  args: readonly Value[];
  kwargs: Kwargs | null;
  getAttribute: (run: Run, value: Value, name: string) => Value;
  getItem: (run: Run, value: Value, key: Value) => Value;
}

export function formatText(run: Run, template: string, given: FormatArguments): string {
  const { args, kwargs } = given;
  let next = 0;
  let numbering: "automatic" | "manual" | null = null;
  const lookUp = (name: string): Value => {
    if (name === "" || /^\d+$/.test(name)) {
      const kind = name === "" ? "automatic" : "manual";
      if (numbering && numbering !== kind) {
        throw valueError("cannot switch from manual field specification to automatic field numbering");
      }
      numbering = kind;
      const value = args[name === "" ? next++ : Number(name)];
      if (value !== undefined) return value;
      throw new PyError("IndexError", "Replacement index out of range for positional args tuple");
    }
    const value = kwargs?.get(name);
    if (value === undefined) throw new PyError("KeyError", `'${name}'`);
    return value;
  };
  let out = "";
  let at = 0;
  while (at < template.length) {
    const letter = template[at] as string;
    if (letter !== "{" && letter !== "}") {
      const end = template.slice(at).search(/[{}]/);
      out += end === -1 ? template.slice(at) : template.slice(at, at + end);
      at = end === -1 ? template.length : at + end;
    } else if (template[at + 1] === letter) {
      out += letter;
      at += 2;
    } else {
      const field = fieldAt(template, at);
      out += formatField(run, field, given, lookUp);
      at += field.length + 2;
    }
    run.reserve(out.length);
  }
  return out;
}

function fieldAt(template: string, at: number): string {
  if (template[at] === "}") throw valueError("Single '}' encountered in format string");
  const end = template.indexOf("}", at);
  if (end === -1) throw valueError("expected '}' before end of string");
  const field = template.slice(at + 1, end);
  if (field.includes("{")) throw new Unsupported("fields within format specs");
  return field;
}

function formatField(run: Run, field: string, given: FormatArguments, lookUp: (name: string) => Value): string {
  const match = /^(?<path>[^!:]*)(?:!(?<conversion>[rsa]))?(?::(?<spec>[\s\S]*))?$/.exec(field)?.groups;
  if (!match) throw valueError("expected ':' after conversion specifier");
  let value = resolvePath(run, match.path as string, given, lookUp);
  if (match.conversion === "a") throw new Unsupported("!a");
  if (match.conversion === "r") value = repr(run, value);
  if (match.conversion === "s") value = str(run, value);
  return formatValue(run, value, match.spec ?? "");
}

function resolvePath(
  run: Run,
  path: string,
  { getAttribute, getItem }: FormatArguments,
  lookUp: (name: string) => Value,
): Value {
  const [, first, rest] = /^([^.[]*)([\s\S]*)$/.exec(path) as unknown as [string, string, string];
  let value = lookUp(first);
  for (const [, attribute, item] of rest.matchAll(/\.([^.[]+)|\[([^\]]+)\]/g)) {
    if (attribute !== undefined) value = getAttribute(run, value, attribute);
    else value = getItem(run, value, /^\d+$/.test(item as string) ? Number(item) : (item as string));
  }
  return value;
}

const specPattern =
  /^(?:(?<fill>[\s\S])?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<alternate>#)?(?<zero>0)?(?<width>\d+)?(?<group>[,_])?(?:\.(?<precision>\d+))?(?<type>[a-zA-Z%])?$/u;

function formatValue(run: Run, value: Value, spec: string): string {
  if (spec === "") return str(run, value);
  const text = textOf(value);
  if (text === null && !isInt(value) && !isFloat(value)) {
    if (value instanceof Undefined) throw new Unsupported("a format spec on an undefined value");
    throw typeError(`unsupported format string passed to ${typeName(value)}.__format__`);
  }
  const parts = specPattern.exec(spec)?.groups;
  if (!parts) throw valueError("Invalid format specifier");
  const width = Number(parts.width ?? 0);
  run.reserve(width);
  const precision = parts.precision === undefined ? null : Number(parts.precision);
  const [sign, body] =
    text === null ? formatNumber(value, parts, precision) : ["", formatString(text, parts, precision)];
  const align = parts.align ?? (parts.zero && text === null ? "=" : text === null ? ">" : "<");
  const fill = parts.fill ?? (parts.zero ? "0" : " ");
  const missing = Math.max(0, width - lengthOf(sign + body));
  if (align === "=") {
    if (text !== null) throw valueError("'=' alignment not allowed in string format specifier");
    if (parts.group && parts.zero) throw new Unsupported("zeros and groups in one format spec");
    return sign + fill.repeat(missing) + body;
  }
  const left = align === ">" ? missing : align === "^" ? missing >> 1 : 0;
  return fill.repeat(left) + sign + body + fill.repeat(missing - left);
}

type Parts = Record<string, string | undefined>;

function formatString(text: string, parts: Parts, precision: number | null): string {
  if (parts.type && parts.type !== "s")
    throw valueError(`Unknown format code '${parts.type}' for object of type 'str'`);
  if (parts.sign || parts.alternate || parts.group) throw valueError("Sign not allowed in string format specifier");
  return precision === null ? text : sliceText(text, 0, precision);
}

const radixes: Record<string, [number, string]> = { b: [2, "0b"], o: [8, "0o"], x: [16, "0x"], d: [10, ""] };

function formatNumber(value: Value, parts: Parts, precision: number | null): [string, string] {
  const type = parts.type ?? "";
  const signOf = (negative: boolean) => (negative ? "-" : parts.sign === "+" || parts.sign === " " ? parts.sign : "");
  const radix = radixes[type.toLowerCase() || "d"];
  if (isInt(value) && radix && type !== "B" && type !== "O" && type !== "D") {
    if (typeof value === "boolean" && type === "") throw new Unsupported("a format spec on a boolean");
    if (precision !== null) throw valueError("Precision not allowed in integer format specifier");
    const whole = BigInt(value);
    const digits = (whole < 0n ? -whole : whole).toString(radix[0]);
    const grouped = parts.group ? groupInteger(digits, radix[0], parts.group) : digits;
    const sign = signOf(whole < 0n) + (parts.alternate ? radix[1] : "");
    return type === "X" ? [sign.toUpperCase(), grouped.toUpperCase()] : [sign, grouped];
  }
  const double = toDouble(value as number);
  const negative = double < 0 || Object.is(double, -0);
  if (type === "" || type === "n") throw new Unsupported("a format spec without type on a float");
  if (!"eEfFgG%".includes(type))
    throw valueError(`Unknown format code '${type}' for object of type '${typeName(value)}'`);
  const percent = type === "%";
  const kind = percent ? "f" : (type.toLowerCase() as "e" | "f" | "g");
  const plain = formatFloat(percent ? double * 100 : double, kind, precision ?? 6, parts.alternate !== undefined);
  const grouped = (parts.group ? group(plain, parts.group) : plain) + (percent ? "%" : "");
  return [signOf(negative), "EFG".includes(type) ? grouped.toUpperCase() : grouped];
}

function groupInteger(digits: string, radix: number, separator: string): string {
  if (radix === 10) return group(digits, separator);
  if (separator === ",") throw valueError("Cannot specify ',' with this format code.");
  return digits.replace(/\B(?=(.{4})+$)/g, "_");
}
