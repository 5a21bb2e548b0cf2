// json.dumps, as transformers' tojson filter calls it.
import { Float } from "../../json/json.js";
import { sorted, toList, truthy, typeName } from "./compare.js";
import { TooCostly, typeError } from "./errors.js";
import { isInt, numberRepr, toIndex } from "./numbers.js";
import type { Run } from "./run.js";
import { dictEntries, isDict, type Key, Markup, Tuple, textOf, type Value } from "./values.js";

interface Style {
  ascii: boolean;
  /** null: all on one line. */
  indent: string | null;
  itemSeparator: string;
  keySeparator: string;
  sortKeys: boolean;
}

const plain: Style = { ascii: false, indent: null, itemSeparator: ", ", keySeparator: ": ", sortKeys: false };

/** tojson(ensure_ascii=False, indent=None, separators=None, sort_keys=False) */
export function toJson(run: Run, value: Value, ...options: (Value | undefined)[]): string {
  const [ascii = false, indent = null, separators = null, sortKeys = false] = options;
  if (options.length === 0) return dump(run, value, plain, "");
  const [itemSeparator, keySeparator] =
    separators === null ? [indent === null ? ", " : ",", ": "] : pair(run, separators);
  const step = indent === null ? null : (textOf(indent) ?? " ".repeat(Math.max(0, toIndex(indent))));
  if (step !== null) run.reserve(step.length);
  const style = { ascii: truthy(ascii), indent: step, itemSeparator, keySeparator, sortKeys: truthy(sortKeys) };
  return dump(run, value, style, "\n");
}

function pair(run: Run, separators: Value): [string, string] {
  const parts = toList(run, separators).map((part) => textOf(part));
  if (parts.length !== 2 || parts.includes(null)) throw typeError("separators wants two strings");
  return parts as [string, string];
}

/** `line`: a line break with the indentation of what surrounds the value. */
function dump(run: Run, value: Value, style: Style, line: string): string {
  run.spend(1);
  if (value === null) return "null";
  if (typeof value === "string") return quote(run, value, style.ascii);
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "object" || value instanceof Float) return jsonNumber(value);
  if (value instanceof Markup) return quote(run, value.text, style.ascii);
  const inner = style.indent === null ? "" : line + style.indent;
  if (line.length > 100_000) throw new TooCostly("JSON nested too deeply");
  if (Array.isArray(value) || value instanceof Tuple) {
    const items = toList(run, value).map((item) => inner + dump(run, item, style, inner));
    return enclose(run, "[", items, "]", style, line);
  }
  if (!isDict(value)) throw typeError(`Object of type ${typeName(value)} is not JSON serializable`);
  const entries = dictEntries(value);
  const ordered = style.sortKeys ? sorted(run, entries, ([key]) => key, false) : entries;
  const members = ordered.map(
    ([key, item]) => inner + quote(run, keyText(key), style.ascii) + style.keySeparator + dump(run, item, style, inner),
  );
  return enclose(run, "{", members, "}", style, line);
}

function enclose(run: Run, open: string, parts: string[], close: string, style: Style, line: string): string {
  if (parts.length === 0) return open + close;
  const body = parts.join(style.itemSeparator);
  run.reserve(body.length);
  return open + body + (style.indent === null ? "" : line) + close;
}

function keyText(key: Key): string {
  if (key === null) return "null";
  if (typeof key === "string") return key;
  return typeof key === "boolean" ? String(key) : jsonNumber(key);
}

function jsonNumber(value: number | bigint | Float): string {
  if (isInt(value)) return numberRepr(value);
  const double = value instanceof Float ? value.value : (value as number);
  if (Number.isNaN(double)) return "NaN";
  if (!Number.isFinite(double)) return double > 0 ? "Infinity" : "-Infinity";
  return numberRepr(value);
}

function quote(run: Run, text: string, ascii: boolean): string {
  run.reserve(text.length);
  // JSON.stringify escapes what json.dumps does, and lone surrogates, which json.dumps leaves.
  const quoted = JSON.stringify(text);
  if (!ascii) {
    return quoted.includes("\\ud")
      ? quoted.replace(
          /(\\\\)|\\u(d[89a-f][\da-f]{2})/g,
          (_, slash, hex) => slash ?? String.fromCharCode(Number.parseInt(hex, 16)),
        )
      : quoted;
  }
  return quoted.replace(/[\x7f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
