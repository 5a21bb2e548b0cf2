// The values a template works on, as Python has them. Text, None, booleans and lists are JavaScript's own; a number is an int when it
// is whole and a float otherwise (json.ts says how 1.0 and big integers are kept); a dict is a Map or a plain object.
import { Float } from "../../json/json.js";
import type { Run } from "./run.js";

export type Value = null | boolean | number | bigint | string | Float | Value[] | Dict | PyObject;
/** Keys of a Map are text, numbers (also for floats equal to them), booleans, null. */
export type Dict = Map<Key, Value> | PlainDict;
type PlainDict = { [key: string]: Value };
export type Key = string | number | bigint | boolean | null;
export type Kwargs = Map<string, Value>;

/** Whatever Python type is not above. */
export abstract class PyObject {
  /** Python's name of the type, for messages. */
  abstract readonly typeName: string;

  /** `undefined` is Python's AttributeError. */
  attribute(_name: string, _run: Run): Value | undefined {
    return undefined;
  }

  /** null: the object cannot be iterated. */
  iterate(_run: Run): Iterator<Value> | null {
    return null;
  }

  /** What calling the object does; null: it cannot be called. */
  get function(): Callable | null {
    return null;
  }

  /** What it prints as; null: something with an address. */
  get printed(): string | null {
    return null;
  }

  /** len(), or null. */
  get length(): number | null {
    return null;
  }

  get truthy(): boolean {
    return this.length !== 0;
  }
}

/** jinja2's Undefined: prints as nothing, is false and empty; anything else done to it raises. */
export class Undefined extends PyObject {
  readonly typeName = "Undefined";

  constructor(
    /** Why it is undefined, as the exception says it. */
    readonly reason: () => string,
    readonly exception: "UndefinedError" | "SecurityError" = "UndefinedError",
  ) {
    super();
  }

  override iterate(): Iterator<Value> {
    return [][Symbol.iterator]();
  }

  override get length(): number {
    return 0;
  }
}

export class Tuple extends PyObject {
  readonly typeName: string = "tuple";

  constructor(readonly items: readonly Value[]) {
    super();
  }

  override iterate(): Iterator<Value> {
    return this.items[Symbol.iterator]();
  }

  override get length(): number {
    return this.items.length;
  }
}

/** What groupby yields: a tuple whose parts have names. */
export class Group extends Tuple {
  override readonly typeName = "_GroupTuple";

  constructor(grouper: Value, list: Value[]) {
    super([grouper, list]);
  }

  override attribute(name: string): Value | undefined {
    return name === "grouper" ? this.items[0] : name === "list" ? this.items[1] : undefined;
  }
}

/** markupsafe's text that is already HTML; what is joined to it gets escaped. */
export class Markup extends PyObject {
  readonly typeName = "Markup";

  constructor(readonly text: string) {
    super();
  }

  /** Letters are plain text. */
  override iterate(): Iterator<Value> {
    return this.text[Symbol.iterator]();
  }

  override get length(): number {
    return [...this.text].length;
  }
}

/** A generator or another iterator: can be gone through once. */
export class Iter extends PyObject {
  constructor(
    readonly iterator: Iterator<Value>,
    readonly typeName: string = "generator",
  ) {
    super();
  }

  override iterate(): Iterator<Value> {
    return this.iterator;
  }
}

/** dict.keys(), .values() and .items(). */
export class DictView extends PyObject {
  readonly typeName: string;

  constructor(
    readonly dict: Dict,
    readonly part: "keys" | "values" | "items",
  ) {
    super();
    this.typeName = `dict_${part}`;
  }

  override iterate(): Iterator<Value> {
    return this.list()[Symbol.iterator]();
  }

  list(): Value[] {
    if (this.part === "keys") return dictKeys(this.dict);
    if (this.part === "values") return dictValues(this.dict);
    return dictEntries(this.dict).map((entry) => new Tuple(entry));
  }

  override get length(): number {
    return dictSize(this.dict);
  }
}

export class Range extends PyObject {
  readonly typeName = "range";
  constructor(
    readonly start: number,
    readonly stop: number,
    readonly step: number,
  ) {
    super();
  }

  override get length(): number {
    return Math.max(0, Math.ceil((this.stop - this.start) / this.step));
  }

  at(index: number): number {
    return this.start + index * this.step;
  }

  override *iterate(): Generator<Value> {
    for (let index = 0; index < this.length; index += 1) yield this.at(index);
  }
}

/** A function or bound method. */
export class Callable extends PyObject {
  constructor(
    readonly name: string,
    readonly call: (run: Run, args: Value[], kwargs: Kwargs | null) => Value,
    readonly typeName: string = "builtin_function_or_method",
    readonly attributes: ReadonlyMap<string, Value> | null = null,
  ) {
    super();
  }

  override attribute(name: string): Value | undefined {
    return this.attributes?.get(name);
  }

  override get function(): Callable {
    return this;
  }
}

/** jinja2's namespace: the one thing a template can change. */
export class Namespace extends PyObject {
  readonly typeName = "Namespace";

  constructor(readonly attributes: Map<Key, Value>) {
    super();
  }

  override attribute(name: string): Value | undefined {
    return this.attributes.get(name);
  }
}

export function isDict(value: Value | undefined): value is Dict {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof Map) return true;
  return !(value instanceof PyObject) && !Array.isArray(value) && !(value instanceof Float);
}

/** The text of a str (Markup is one), or null. */
export function textOf(value: Value | undefined): string | null {
  if (typeof value === "string") return value;
  return value instanceof Markup ? value.text : null;
}

export function dictKeys(dict: Dict): Key[] {
  return dict instanceof Map ? [...dict.keys()] : Object.keys(dict);
}

function dictValues(dict: Dict): Value[] {
  return dict instanceof Map ? [...dict.values()] : Object.values(dict);
}

export function dictEntries(dict: Dict): [Key, Value][] {
  return dict instanceof Map ? [...dict] : Object.entries(dict);
}

export function dictSize(dict: Dict): number {
  return dict instanceof Map ? dict.size : Object.keys(dict).length;
}

/** `undefined`: no such key. Never reads what the object inherits. */
export function dictGet(dict: Dict, key: Key): Value | undefined {
  if (!(dict instanceof Map)) return typeof key === "string" && Object.hasOwn(dict, key) ? dict[key] : undefined;
  const found = dict.get(key);
  if (found !== undefined || typeof key === "string" || key === null) return found;
  // True == 1 and hash alike: one key.
  if (key === true || key === 1) return dict.get(key === true ? 1 : true);
  if (key === false || key === 0) return dict.get(key === false ? 0 : false);
  return undefined;
}

/** Sets a key as Python does: one that is there already, also as True for 1, keeps its form. */
export function dictSet(dict: Map<Key, Value>, key: Key, value: Value): void {
  const twin = key === true ? 1 : key === false ? 0 : key === 1 ? true : key === 0 ? false : null;
  dict.set(twin !== null && dict.has(twin) ? twin : key, value);
}
