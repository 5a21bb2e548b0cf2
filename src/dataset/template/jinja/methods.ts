// Which methods a value has, and those of list, tuple and dict that change nothing.
import { equals, hashable, storedKey, toList } from "./compare.js";
import { PyError, Unsupported } from "./errors.js";
import { type Native, natives } from "./native.js";
import { toIndex } from "./numbers.js";
import { repr } from "./repr.js";
import type { Run } from "./run.js";
import { markupMethod, textMethods } from "./text-methods.js";
import { type Dict, DictView, dictGet, isDict, type Key, Markup, Range, Tuple, type Value } from "./values.js";

/** `undefined`: AttributeError. Methods that change a list or dict are not among them. */
export function methodOf(value: Value, name: string): Native | undefined {
  if (typeof value === "string") return textMethods.get(name);
  if (isDict(value)) return dictMethods.get(name);
  if (Array.isArray(value)) return listMethods.get(name);
  if (value instanceof Markup) return markupMethod(name);
  if (value instanceof Tuple) return name === "copy" ? undefined : listMethods.get(name);
  if (value instanceof Range && (name === "count" || name === "index")) throw new Unsupported(`range.${name}`);
  if (value instanceof DictView && (name === "isdisjoint" || name === "mapping"))
    throw new Unsupported(`dict view ${name}`);
  return undefined;
}

export const dictMethods: Map<string, Native> = natives<Dict>({
  copy: ["/", (_, dict) => dict],
  fromkeys: ["/ keys value?", (run, _, keys, value) => fromKeys(run, keys as Value, value ?? null)],
  get: ["/ key default?", (_, dict, key, fallback = null) => get(dict, key as Value, fallback)],
  items: ["/", (_, dict) => new DictView(dict, "items")],
  keys: ["/", (_, dict) => new DictView(dict, "keys")],
  values: ["/", (_, dict) => new DictView(dict, "values")],
});

function get(dict: Dict, key: Value, fallback: Value): Value {
  const found = dictGet(dict, hashable(key));
  return found === undefined ? fallback : found;
}

const listMethods: Map<string, Native> = natives<Value[] | Tuple>({
  copy: ["/", (_, list) => list],
  count: ["/ item", (run, list, item) => toList(run, list).filter((each) => equals(run, each, item as Value)).length],
  index: [
    "/ item start? end?",
    (run, list, item, start, end) => indexOf(run, toList(run, list), item as Value, start, end),
  ],
});

export function fromKeys(run: Run, keys: Value, value: Value): Dict {
  return new Map(toList(run, keys).map((key): [Key, Value] => [storedKey(run, key), value]));
}

function indexOf(run: Run, items: readonly Value[], item: Value, start?: Value, end?: Value): number {
  const clip = (bound: Value | undefined, missing: number) => {
    const index = bound === undefined ? missing : toIndex(bound);
    return index < 0 ? Math.max(0, index + items.length) : index;
  };
  const [from, to] = [clip(start, 0), clip(end, items.length)];
  const at = items.findIndex((each, index) => index >= from && index < to && equals(run, each, item));
  if (at === -1) throw new PyError("ValueError", `${repr(run, item)} is not in list`);
  return at;
}
