// jinja2's filters on lists, dicts and other things that can be gone through. Those that Python writes as generators are lazy here too.
import { getItem, safeAttribute } from "./access.js";
import {
  contains,
  ensureHashable,
  equals,
  failOnUndefined,
  hashable,
  iterate,
  length,
  sorted,
  toList,
  truthy,
  typeName,
} from "./compare.js";
import { PyError, typeError, Unsupported } from "./errors.js";
import { type Native, natives } from "./native.js";
import { toIndex } from "./numbers.js";
import { add } from "./operators.js";
import { str } from "./repr.js";
import type { Run } from "./run.js";
import {
  DictView,
  dictEntries,
  dictKeys,
  Group,
  Iter,
  isDict,
  type Kwargs,
  Range,
  Tuple,
  textOf,
  Undefined,
  type Value,
} from "./values.js";

type Argument = Value | undefined;
/** Filters and tests by name, for those that apply another: map, select, reject. */
export interface Registry {
  filters: ReadonlyMap<string, Native>;
  tests: ReadonlyMap<string, Native>;
}

export function listFilters(registry: Registry): Map<string, Native> {
  return new Map<string, Native>([
    ...natives<Value>({
      attr: ["name", (run, value, name) => attribute(run, value, name as Value)],
      batch: [
        "linecount fill_with?",
        (run, value, size, fill) => new Iter(batch(run, value, size as Value, fill ?? null)),
      ],
      count: ["", (_, value) => length(value)],
      d: ["default_value? boolean?", defaultValue],
      default: ["default_value? boolean?", defaultValue],
      dictsort: ["case_sensitive? by? reverse?", dictSort],
      first: ["", (run, value) => first(run, value)],
      groupby: ["attribute default? case_sensitive?", groupBy],
      items: ["", (run, value) => new Iter(items(run, value))],
      join: ["d? attribute?", join],
      last: ["", (run, value) => last(run, value)],
      length: ["", (_, value) => length(value)],
      list: ["", (run, value) => [...toList(run, value)]],
      max: ["case_sensitive? attribute?", (run, value, exact, attr) => extreme(run, value, exact, attr, "max")],
      min: ["case_sensitive? attribute?", (run, value, exact, attr) => extreme(run, value, exact, attr, "min")],
      random: ["", () => unsupported("random")],
      reverse: ["", (run, value) => reverse(run, value)],
      slice: [
        "slices fill_with?",
        (run, value, count, fill) => new Iter(slices(run, value, count as Value, fill ?? null)),
      ],
      sort: ["reverse? case_sensitive? attribute?", sort],
      sum: ["attribute? start?", sum],
      unique: ["case_sensitive? attribute?", (run, value, exact, attr) => new Iter(unique(run, value, exact, attr))],
    }),
    ["map", (run, value, args, kwargs) => new Iter(map(run, value, args, kwargs, registry))],
    ["select", picking({ keep: true, byAttribute: false }, registry)],
    ["reject", picking({ keep: false, byAttribute: false }, registry)],
    ["selectattr", picking({ keep: true, byAttribute: true }, registry)],
    ["rejectattr", picking({ keep: false, byAttribute: true }, registry)],
  ]);
}

function unsupported(filter: string): never {
  throw new Unsupported(`the filter ${filter}`);
}

function isTrue(value: Argument): boolean {
  return value !== undefined && truthy(value);
}

/** The value at a path such as "a.b.0"; null gives the item itself. */
function getter(run: Run, path: Argument, fallback: Value = null): (item: Value) => Value {
  if (path === undefined || path === null) return (item) => item;
  const text = textOf(path);
  const parts: Value[] =
    text === null ? [path] : text.split(".").map((part) => (/^\p{Nd}+$/u.test(part) ? Number(part) : part));
  return (item) => {
    let found = item;
    for (const part of parts) {
      found = getItem(run, found, part);
      if (fallback !== null && found instanceof Undefined) found = fallback;
    }
    return found;
  };
}

function foldCase(value: Value): Value {
  return textOf(value)?.toLowerCase() ?? value;
}

function keyOf(run: Run, path: Argument, exact: Argument, fallback: Value = null): (item: Value) => Value {
  const get = getter(run, path, fallback);
  return isTrue(exact) ? get : (item) => foldCase(get(item));
}

function attribute(run: Run, value: Value, name: Value): Value {
  const text = textOf(name);
  if (text === null) throw typeError("attribute name must be string");
  const found = safeAttribute(run, value, text);
  return found === undefined ? new Undefined(() => `'${typeName(value)} object' has no attribute '${text}'`) : found;
}

function* batch(run: Run, value: Value, size: Value, fill: Value): Generator<Value> {
  const count = toIndex(size);
  let part: Value[] = [];
  const iterator = iterate(run, value);
  for (let step = iterator.next(); !step.done; step = iterator.next()) {
    if (part.length === count) {
      yield part;
      part = [];
    }
    part.push(step.value);
  }
  if (part.length === 0) return;
  if (fill !== null && part.length < count) {
    run.reserve(count);
    run.spend(count);
    while (part.length < count) part.push(fill);
  }
  yield part;
}

function* slices(run: Run, value: Value, count: Value, fill: Value): Generator<Value> {
  const all = toList(run, value);
  const parts = toIndex(count);
  if (parts === 0) throw new PyError("ZeroDivisionError", "integer division or modulo by zero");
  const each = Math.floor(all.length / parts);
  const longer = all.length - each * parts;
  let start = 0;
  for (let at = 0; at < parts; at += 1) {
    run.spend(1);
    const end = start + each + (at < longer ? 1 : 0);
    const part = all.slice(start, end);
    if (fill !== null && at >= longer) part.push(fill);
    yield part;
    start = end;
  }
}

function defaultValue(_: Run, value: Value, fallback: Argument, boolean: Argument): Value {
  if (!(value instanceof Undefined) && !(isTrue(boolean) && !truthy(value))) return value;
  return fallback === undefined ? "" : fallback;
}

function dictSort(run: Run, value: Value, exact: Argument, by: Argument, reversed: Argument): Value {
  const part = by === undefined || by === "key" ? 0 : by === "value" ? 1 : null;
  if (part === null) throw new PyError("FilterArgumentError", 'You can only sort by either "key" or "value"');
  failOnUndefined(value);
  if (!isDict(value)) throw typeError(`'${typeName(value)}' object has no attribute 'items'`);
  const key = (entry: [Value, Value]) => (isTrue(exact) ? entry[part] : foldCase(entry[part]));
  return sorted<[Value, Value]>(run, dictEntries(value), key, isTrue(reversed)).map((entry) => new Tuple(entry));
}

function first(run: Run, value: Value): Value {
  const step = iterate(run, value).next();
  return step.done ? new Undefined(() => "No first item, sequence was empty.") : step.value;
}

function last(run: Run, value: Value): Value {
  const all = reversible(run, value);
  if (!all) throw typeError(`'${typeName(value)}' object is not reversible`);
  return all.at(-1) ?? (all.length > 0 ? null : new Undefined(() => "No last item, sequence was empty."));
}

/** What reversed() takes, in its own order; null: it takes no such thing. */
function reversible(run: Run, value: Value): readonly Value[] | null {
  const text = textOf(value);
  if (text !== null) return [...text];
  if (isDict(value)) return dictKeys(value);
  if (Array.isArray(value) || value instanceof Tuple || value instanceof Range) return toList(run, value);
  return value instanceof DictView || value instanceof Undefined ? toList(run, value) : null;
}

function reverse(run: Run, value: Value): Value {
  const text = textOf(value);
  if (text !== null) {
    if (typeof value !== "string") unsupported("reverse of Markup");
    return [...text].reverse().join("");
  }
  const all = reversible(run, value);
  if (all) return new Iter([...all].reverse()[Symbol.iterator](), "list_reverseiterator");
  return [...toList(run, value)].reverse();
}

function groupBy(run: Run, value: Value, path: Argument, fallback: Argument, exact: Argument): Value {
  const key = keyOf(run, path, exact, fallback ?? null);
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of sorted(run, toList(run, value), key, false)) {
    const own = key(item);
    const group = groups.at(-1);
    if (group && equals(run, group.key, own)) group.items.push(item);
    else groups.push({ key: own, items: [item] });
  }
  const label = getter(run, path, fallback ?? null);
  return groups.map((group) => new Group(isTrue(exact) ? group.key : label(group.items[0] as Value), group.items));
}

function* items(_: Run, value: Value): Generator<Value> {
  if (value instanceof Undefined) return;
  if (!isDict(value)) throw typeError("Can only get item pairs from a mapping.");
  for (const entry of dictEntries(value)) yield new Tuple(entry);
}

function join(run: Run, value: Value, separator: Argument, path: Argument): Value {
  const get = getter(run, path);
  const between = separator === undefined ? "" : str(run, separator);
  let total = 0;
  const parts = toList(run, value).map((item) => {
    const part = str(run, get(item));
    total += part.length + between.length;
    return part;
  });
  run.reserve(total);
  return parts.join(between);
}

function extreme(run: Run, value: Value, exact: Argument, path: Argument, which: "min" | "max"): Value {
  const all = toList(run, value);
  if (all.length === 0) return new Undefined(() => "No aggregated item, sequence was empty.");
  // The first of equals, as Python's min and max give.
  return sorted(run, all, keyOf(run, path, exact), which === "max")[0] as Value;
}

function sort(run: Run, value: Value, reversed: Argument, exact: Argument, path: Argument): Value {
  const text = textOf(path);
  const keys = (text === null ? [path] : text.split(",")).map((part) => keyOf(run, part, exact));
  return sorted(run, toList(run, value), (item) => keys.map((key) => key(item)), isTrue(reversed));
}

function sum(run: Run, value: Value, path: Argument, start: Argument): Value {
  const get = getter(run, path);
  if (start !== undefined && textOf(start) !== null)
    throw typeError("sum() can't sum strings [use ''.join(seq) instead]");
  let total: Value = start === undefined ? 0 : start;
  for (const item of toList(run, value)) total = add(run, total, get(item));
  return total;
}

function* unique(run: Run, value: Value, exact: Argument, path: Argument): Generator<Value> {
  const key = keyOf(run, path, exact);
  const seen: Value[] = [];
  const hashed = new Set<Value>();
  const iterator = iterate(run, value);
  for (let step = iterator.next(); !step.done; step = iterator.next()) {
    const own = key(step.value);
    if (own instanceof Tuple) {
      ensureHashable(own);
      if (contains(run, seen, own)) continue;
      seen.push(own);
    } else {
      const hash = hashable(own);
      const number = typeof hash === "boolean" ? Number(hash) : hash;
      if (hashed.has(number)) continue;
      hashed.add(number);
    }
    yield step.value;
  }
}

function* map(run: Run, value: Value, args: Value[], kwargs: Kwargs | null, registry: Registry): Generator<Value> {
  if (!truthy(value)) return;
  const apply = mapping(run, args, kwargs, registry);
  const iterator = iterate(run, value);
  for (let step = iterator.next(); !step.done; step = iterator.next()) {
    run.spend(1);
    yield apply(step.value);
  }
}

function mapping(run: Run, args: Value[], kwargs: Kwargs | null, registry: Registry): (item: Value) => Value {
  if (args.length === 0 && kwargs?.has("attribute")) {
    const unexpected = [...kwargs.keys()].find((key) => key !== "attribute" && key !== "default");
    if (unexpected) throw new PyError("FilterArgumentError", `Unexpected keyword argument '${unexpected}'`);
    return getter(run, kwargs.get("attribute"), kwargs.get("default") ?? null);
  }
  if (args.length === 0) throw new PyError("FilterArgumentError", "map requires a filter argument");
  const filter = named(registry.filters, "filter", args[0] as Value);
  return (item) => filter(run, item, args.slice(1), kwargs);
}

function named(table: ReadonlyMap<string, Native>, kind: "filter" | "test", name: Value): Native {
  const found = typeof name === "string" ? table.get(name) : undefined;
  if (!found) throw new PyError("TemplateRuntimeError", `No ${kind} named '${name}'.`);
  return found;
}

/** select, reject, selectattr, rejectattr. */
function picking({ keep, byAttribute }: { keep: boolean; byAttribute: boolean }, registry: Registry): Native {
  return (run, value, args, kwargs) => new Iter(pick(run, value, args, kwargs));

  function* pick(run: Run, value: Value, args: Value[], kwargs: Kwargs | null): Generator<Value> {
    if (!truthy(value)) return;
    if (byAttribute && args.length === 0)
      throw new PyError("FilterArgumentError", "Missing parameter for attribute name");
    const get = byAttribute ? getter(run, args[0]) : (item: Value) => item;
    const [name, ...rest] = byAttribute ? args.slice(1) : args;
    const test =
      name === undefined ? null : (item: Value) => truthy(named(registry.tests, "test", name)(run, item, rest, kwargs));
    const iterator = iterate(run, value);
    for (let step = iterator.next(); !step.done; step = iterator.next()) {
      run.spend(1);
      const subject = get(step.value);
      if ((test ? test(subject) : truthy(subject)) === keep) yield step.value;
    }
  }
}
