// The functions that templates find: those of jinja2's sandbox and those that transformers adds.
import { failOnUndefined, iterateOrNull, storedKey, toList, typeName } from "./compare.js";
import { PyError, typeError, Unsupported, valueError } from "./errors.js";
import { fromKeys } from "./methods.js";
import { native } from "./native.js";
import { toIndex } from "./numbers.js";
import { repr, str } from "./repr.js";
import type { Run } from "./run.js";
import { strftime } from "./strftime.js";
import {
  Callable,
  dictEntries,
  isDict,
  type Key,
  type Kwargs,
  Namespace,
  PyObject,
  Range,
  textOf,
  type Value,
} from "./values.js";

/** Beyond this the sandbox refuses a range. */
const maxRange = 100_000;

export const globals: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["range", new Callable("range", (_, args, kwargs) => range(args, kwargs), "function")],
  ["dict", new Callable("dict", (run, args, kwargs) => dict(run, args, kwargs), "TemplateDict", dictAttributes())],
  ["namespace", new Callable("namespace", (run, args, kwargs) => namespace(run, args, kwargs), "type")],
  ["raise_exception", globalFunction("raise_exception", "message", raise)],
  ["strftime_now", globalFunction("strftime_now", "format", (run, format) => strftime(run.now(), needText(format)))],
  ["cycler", new Callable("cycler", (_, args, kwargs) => new Cycler(args, kwargs), "type")],
  ["joiner", globalFunction("joiner", "sep?", (_, separator = ", ") => joiner(separator))],
  ["lipsum", new Callable("lipsum", lipsum, "function")],
]);

function globalFunction(
  name: string,
  parameters: string,
  body: (run: Run, ...args: (Value | undefined)[]) => Value,
): Callable {
  const call = native<Value>(name, parameters, (run, _, ...args) => body(run, ...args));
  return new Callable(name, (run, args, kwargs) => call(run, null, args, kwargs), "function");
}

function needText(value: Value | undefined): string {
  const text = textOf(value);
  if (text === null) throw typeError(`strftime() argument 1 must be str, not ${typeName(value as Value)}`);
  return text;
}

function raise(run: Run, message: Value | undefined): never {
  throw new PyError("TemplateError", message === null ? "None" : str(run, message as Value));
}

function range(args: Value[], kwargs: Kwargs | null): Range {
  if (kwargs) throw typeError("range() takes no keyword arguments");
  if (args.length === 0 || args.length > 3) throw typeError(`range expected 1 to 3 arguments, got ${args.length}`);
  const bounds = args.map((value) => toIndex(value, `'${typeName(value)}' object cannot be interpreted as an integer`));
  const [start, stop, step = 1] = (bounds.length === 1 ? [0, bounds[0]] : bounds) as [number, number, number?];
  if (step === 0) throw valueError("range() arg 3 must not be zero");
  const made = new Range(start, stop, step);
  if (made.length <= maxRange) return made;
  throw new PyError("OverflowError", `Range too big. The sandbox blocks ranges larger than MAX_RANGE (${maxRange}).`);
}

function dict(run: Run, args: Value[], kwargs: Kwargs | null): Map<Key, Value> {
  if (args.length > 1) throw typeError(`dict expected at most 1 argument, got ${args.length}`);
  const made = new Map<Key, Value>(args[0] === undefined ? [] : pairs(run, args[0]));
  for (const [key, value] of kwargs ?? []) made.set(key, value);
  return made;
}

function pairs(run: Run, value: Value): [Key, Value][] {
  failOnUndefined(value);
  if (isDict(value)) return dictEntries(value);
  return toList(run, value).map((pair, at) => {
    const parts = iterateOrNull(run, pair) ? toList(run, pair) : null;
    if (!parts) throw typeError(`cannot convert dictionary update sequence element #${at} to a sequence`);
    const [key, item, ...rest] = parts;
    if (key === undefined || item === undefined || rest.length > 0) {
      throw valueError(`dictionary update sequence element #${at} has length ${parts.length}; 2 is required`);
    }
    return [storedKey(run, key), item];
  });
}

function dictAttributes(): Map<string, Value> {
  const call = native<Value>("fromkeys", "/ keys value?", (run, _, keys, value) =>
    fromKeys(run, keys as Value, value ?? null),
  );
  return new Map([["fromkeys", new Callable("fromkeys", (run, args, kwargs) => call(run, null, args, kwargs))]]);
}

function namespace(run: Run, args: Value[], kwargs: Kwargs | null): Namespace {
  const attributes = dict(run, args, kwargs);
  for (const name of attributes.keys()) checkNamespaceName(run, name);
  return new Namespace(attributes);
}

/** transformers refuses names in a namespace that start with an underscore. */
export function checkNamespaceName(run: Run, name: Key): void {
  if (typeof name !== "string" || !name.startsWith("_")) return;
  const message = `Chat templates cannot store underscore-prefixed attributes on a namespace, but got ${repr(run, name)}. Please rename the attribute.`;
  throw new PyError("SecurityError", message);
}

function joiner(separator: Value): Callable {
  let used = false;
  const next = () => {
    if (used) return separator;
    used = true;
    return "";
  };
  return new Callable("joiner", next, "Joiner", new Map([["sep", separator]]));
}

function lipsum(): never {
  throw new Unsupported("lipsum, which is made by chance");
}

class Cycler extends PyObject {
  readonly typeName = "Cycler";
  #at = 0;

  constructor(
    private readonly items: Value[],
    kwargs: Kwargs | null,
  ) {
    super();
    if (kwargs) throw typeError("Cycler got an unexpected keyword argument");
    if (items.length === 0) throw new PyError("RuntimeError", "at least one item has to be provided");
  }

  override attribute(name: string): Value | undefined {
    switch (name) {
      case "current":
        return this.items[this.#at];
      case "pos":
        return this.#at;
      case "items":
        throw new Unsupported("the items of a cycler");
      case "next":
        return new Callable("next", () => this.#next());
      case "reset":
        return new Callable("reset", () => {
          this.#at = 0;
          return null;
        });
    }
    return undefined;
  }

  #next(): Value {
    const value = this.items[this.#at] as Value;
    this.#at = (this.#at + 1) % this.items.length;
    return value;
  }
}
