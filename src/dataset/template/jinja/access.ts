// value.name, value[key] and value[a:b], with the sandbox's rules: nothing private, nothing that changes a list or dict.
import { failOnUndefined, hashable, typeName } from "./compare.js";
import { PyError, typeError, Unsupported, valueError } from "./errors.js";
import { methodOf } from "./methods.js";
import { numberAttribute } from "./number-methods.js";
import { isInt, isNumber, toIndex } from "./numbers.js";
import { repr } from "./repr.js";
import type { Run } from "./run.js";
import { letterAt, letters } from "./text.js";
import { formatText } from "./text-format.js";
import {
  Callable,
  dictEntries,
  dictGet,
  isDict,
  type Kwargs,
  Markup,
  PyObject,
  Range,
  Tuple,
  Undefined,
  type Value,
} from "./values.js";

/** What Python objects have that starts with an underscore: there, but unsafe. */
const dunders = new Set(
  `__class__ __delattr__ __dir__ __doc__ __eq__ __format__ __ge__ __getattribute__ __getstate__ __gt__ __hash__ __init__
  __init_subclass__ __le__ __lt__ __ne__ __new__ __reduce__ __reduce_ex__ __repr__ __setattr__ __sizeof__ __str__
  __subclasshook__ __len__ __iter__ __getitem__ __contains__ __add__ __mul__ __rmul__ __reversed__ __mod__ __dict__ __module__
  __call__ __name__ __qualname__ __globals__ __self__ __or__ __ror__ __ior__ __setitem__ __delitem__ __iadd__ __imul__
  __class_getitem__`.split(/\s+/),
);
const notOfUndefined = new Set(
  "__contains__ __dict__ __globals__ __name__ __qualname__ __self__ __or__ __ror__ __ior__".split(" "),
);
const mutating = {
  list: new Set(["append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"]),
  dict: new Set(["clear", "pop", "popitem", "setdefault", "update"]),
};

/** value.name in a template: attributes first, then items. */
export function getAttribute(run: Run, value: Value, name: string): Value {
  const attribute = safeAttribute(run, value, name);
  if (attribute !== undefined) return attribute;
  failOnUndefined(value);
  const item = isDict(value) ? dictGet(value, name) : undefined;
  return item === undefined ? missingAttribute(value, name) : item;
}

/** value[key] in a template: items first, then attributes. */
export function getItem(run: Run, value: Value, key: Value): Value {
  const item = itemOf(value, key);
  if (item !== undefined) return item;
  failOnUndefined(value);
  if (typeof key !== "string") return missingElement(run, value, key);
  const attribute = safeAttribute(run, value, key);
  return attribute === undefined ? missingAttribute(value, key) : attribute;
}

/** `undefined`: Python's getattr raises AttributeError. What is there but unsafe becomes an Undefined that says so. */
export function safeAttribute(run: Run, value: Value, name: string): Value | undefined {
  if (value instanceof Undefined) {
    if (dunders.has(name) && !notOfUndefined.has(name)) return unsafe(value, name);
    failOnUndefined(value);
  }
  if (name.startsWith("_")) {
    const exists = dunders.has(name) || (value instanceof PyObject && value.attribute(name, run) !== undefined);
    return exists ? unsafe(value, name) : undefined;
  }
  if (value instanceof PyObject && !(value instanceof Markup)) {
    const attribute = value.attribute(name, run);
    if (attribute !== undefined) return attribute;
  } else if (isNumber(value)) return numberAttribute(value, name);
  if (Array.isArray(value) && mutating.list.has(name)) return unsafe(value, name);
  if (isDict(value) && mutating.dict.has(name)) return unsafe(value, name);
  if (typeof value === "string" && (name === "format" || name === "format_map")) return formatMethod(value, name);
  const method = methodOf(value, name);
  return method && new Callable(name, (each, args, kwargs) => method(each, value, args, kwargs));
}

function formatMethod(template: string, name: "format" | "format_map"): Callable {
  return new Callable(name, (run, args, kwargs) => {
    if (name === "format") return formatText(run, template, { args, kwargs, getAttribute, getItem });
    if (args.length !== 1 || kwargs || !isDict(args[0])) throw typeError("format_map() takes exactly one mapping");
    const names = new Map(dictEntries(args[0]).map(([key, item]) => [String(key), item]));
    return formatText(run, template, { args: [], kwargs: names, getAttribute, getItem });
  });
}

function unsafe(value: Value, name: string): Undefined {
  const reason = () => `access to attribute '${name}' of '${typeName(value)}' object is unsafe.`;
  return new Undefined(reason, "SecurityError");
}

function missingAttribute(value: Value, name: string): Undefined {
  return new Undefined(() => `'${objectName(value)}' has no attribute '${name}'`);
}

function missingElement(run: Run, value: Value, key: Value): Undefined {
  return new Undefined(() => `${objectName(value)} has no element ${repr(run, key)}`);
}

const modules: Record<string, string> = {
  Markup: "markupsafe.",
  Undefined: "jinja2.runtime.",
  LoopContext: "jinja2.runtime.",
};

function objectName(value: Value): string {
  if (value === null) return "None";
  const name = typeName(value);
  return `${modules[name] ?? ""}${name} object`;
}

/** `undefined`: Python raises TypeError or LookupError. */
function itemOf(value: Value, key: Value): Value | undefined {
  if (isDict(value)) {
    if (typeof key === "string") return dictGet(value, key);
    if (Array.isArray(key) || isDict(key)) return undefined;
    return key instanceof PyObject && !(key instanceof Markup) ? undefined : dictGet(value, hashable(key));
  }
  if (!isInt(key)) return undefined;
  const index = toIndex(key);
  if (typeof value === "string") return letterAt(value, index);
  if (value instanceof Markup) {
    const letter = letterAt(value.text, index);
    return letter === undefined ? undefined : new Markup(letter);
  }
  const items = Array.isArray(value) ? value : value instanceof Tuple ? value.items : null;
  if (items) return items[index < 0 ? index + items.length : index];
  if (!(value instanceof Range)) return undefined;
  const at = index < 0 ? index + value.length : index;
  return at >= 0 && at < value.length ? value.at(at) : undefined;
}

/** value[start:stop:step]; null stands for what is left out. */
export function slice(run: Run, value: Value, bounds: { start: Value; stop: Value; step: Value }): Value {
  failOnUndefined(value);
  if (isDict(value)) throw typeError("unhashable type: 'slice'");
  if (value instanceof Range) throw new Unsupported("a slice of a range");
  const text = typeof value === "string" ? value : value instanceof Markup ? value.text : null;
  const items =
    text !== null ? letters(text) : Array.isArray(value) ? value : value instanceof Tuple ? value.items : null;
  if (items === null) throw typeError(`'${typeName(value)}' object is not subscriptable`);
  const part = sliceItems(items, bounds);
  run.spend(part.length >> 4);
  if (Array.isArray(value)) return part as Value[];
  if (value instanceof Tuple) return new Tuple(part as Value[]);
  const cut = typeof part === "string" ? part : part.join("");
  return value instanceof Markup ? new Markup(cut) : cut;
}

function sliceItems<T extends string | readonly Value[]>(items: T, bounds: { start: Value; stop: Value; step: Value }) {
  const step = bounds.step === null ? 1 : sliceIndex(bounds.step);
  if (step === 0) throw valueError("slice step cannot be zero");
  const { length } = items;
  const clip = (bound: Value, missing: number, low: number, high: number) => {
    if (bound === null) return missing;
    const index = sliceIndex(bound);
    return Math.min(Math.max(index < 0 ? index + length : index, low), high);
  };
  if (step === 1) {
    const start = clip(bounds.start, 0, 0, length);
    return items.slice(start, Math.max(start, clip(bounds.stop, length, 0, length)));
  }
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const start = clip(bounds.start, step > 0 ? 0 : length - 1, low, high);
  const stop = clip(bounds.stop, step > 0 ? length : -1, low, high);
  const part: Value[] = [];
  for (let at = start; step > 0 ? at < stop : at > stop; at += step) part.push(items[at] as Value);
  return part;
}

function sliceIndex(value: Value): number {
  return toIndex(value, "slice indices must be integers or None or have an __index__ method");
}

/** What a template calls. @throws what Python raises when it is no function */
export function call(run: Run, callee: Value, args: Value[], kwargs: Kwargs | null): Value {
  run.spend(1);
  if (callee instanceof Callable) return callee.call(run, args, kwargs);
  failOnUndefined(callee);
  const own = callee instanceof PyObject ? callee.function : null;
  if (own) return own.call(run, args, kwargs);
  throw new PyError("TypeError", `'${typeName(callee)}' object is not callable`);
}
