// str() and repr() of Python.
import { Float } from "../../json/json.js";
import { Unsupported } from "./errors.js";
import { numberRepr } from "./numbers.js";
import type { Run } from "./run.js";
import {
  Callable,
  DictView,
  dictEntries,
  isDict,
  Markup,
  Namespace,
  Range,
  Tuple,
  Undefined,
  type Value,
} from "./values.js";

/** What {{ value }} prints. */
export function str(run: Run, value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof Undefined) return "";
  return value instanceof Markup ? value.text : repr(run, value);
}

export function repr(run: Run, value: Value): string {
  run.spend(1);
  if (value === null) return "None";
  if (typeof value === "string") return textRepr(run, value);
  if (typeof value !== "object" || value instanceof Float) return numberRepr(value);
  if (Array.isArray(value)) return `[${joined(run, value)}]`;
  if (isDict(value)) {
    const entries = dictEntries(value).map(([key, item]) => `${repr(run, key)}: ${repr(run, item)}`);
    return checked(run, `{${entries.join(", ")}}`);
  }
  if (value instanceof Tuple)
    return value.items.length === 1 ? `(${joined(run, value.items)},)` : `(${joined(run, value.items)})`;
  if (value instanceof Undefined) return "Undefined";
  if (value instanceof Markup) return `Markup(${textRepr(run, value.text)})`;
  if (value instanceof Range) return `range(${value.start}, ${value.stop}${value.step === 1 ? "" : `, ${value.step}`})`;
  if (value instanceof DictView) return `${value.typeName}([${joined(run, value.list())}])`;
  if (value instanceof Namespace) return `<Namespace ${repr(run, value.attributes)}>`;
  if (value instanceof Callable && value.typeName === "Macro")
    return `<Macro ${value.name ? textRepr(run, value.name) : "anonymous"}>`;
  if (value.printed !== null) return value.printed;
  throw new Unsupported(`the text of a ${value.typeName} object holds an address`);
}

function joined(run: Run, items: readonly Value[]): string {
  return checked(run, items.map((item) => repr(run, item)).join(", "));
}

function checked(run: Run, text: string): string {
  run.reserve(text.length);
  return text;
}

const escapes: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Python's quotes: single, unless only single ones are inside. Unprintable characters are escaped. */
function textRepr(run: Run, text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(/[\\\p{C}\p{Z}'"]/gu, (letter) => {
    if (letter === " ") return letter;
    if (letter === "'" || letter === '"') return letter === quote ? `\\${letter}` : letter;
    return escapes[letter] ?? hexEscape(letter.codePointAt(0) as number);
  });
  return checked(run, quote + body + quote);
}

function hexEscape(code: number): string {
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
