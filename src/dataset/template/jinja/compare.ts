// Truth, equality, order, membership, hashing and iteration of Python.
import { Float } from "../../json/json.js";
import { PyError, typeError, Unsupported } from "./errors.js";
import { compareNumbers, isFloat, isInt, isNumber, toDouble } from "./numbers.js";
import { repr } from "./repr.js";
import type { Run } from "./run.js";
import { compareText, lengthOf } from "./text.js";
import {
  type Dict,
  DictView,
  dictEntries,
  dictGet,
  dictKeys,
  dictSize,
  isDict,
  type Key,
  Markup,
  PyObject,
  Range,
  Tuple,
  textOf,
  Undefined,
  type Value,
} from "./values.js";

export function truthy(value: Value): boolean {
  if (typeof value !== "object") return Boolean(value);
  if (value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof PyObject) return value.truthy;
  return dictSize(value) > 0;
}

export function typeName(value: Value): string {
  if (value === null) return "NoneType";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (isFloat(value)) return "float";
  if (typeof value !== "object") return "int";
  if (Array.isArray(value)) return "list";
  return value instanceof PyObject ? value.typeName : "dict";
}

/** len() */
export function length(value: Value): number {
  const known = lengthOrNull(value);
  if (known === null) throw typeError(`object of type '${typeName(value)}' has no len()`);
  return known;
}

export function lengthOrNull(value: Value): number | null {
  if (typeof value === "string") return lengthOf(value);
  if (Array.isArray(value)) return value.length;
  if (value instanceof PyObject) return value.length;
  return isDict(value) ? dictSize(value) : null;
}

/** iter(), or null where the value cannot be gone through. */
export function iterateOrNull(run: Run, value: Value): Iterator<Value> | null {
  if (typeof value === "string" || Array.isArray(value)) return value[Symbol.iterator]();
  if (value instanceof PyObject) return value.iterate(run);
  return isDict(value) ? dictKeys(value)[Symbol.iterator]() : null;
}

export function iterate(run: Run, value: Value): Iterator<Value> {
  const iterator = iterateOrNull(run, value);
  if (!iterator) throw typeError(`'${typeName(value)}' object is not iterable`);
  return iterator;
}

/** list(value); a list is given as it is, for nobody changes one. */
export function toList(run: Run, value: Value): readonly Value[] {
  if (Array.isArray(value)) return value;
  if (value instanceof Tuple) return value.items;
  const list: Value[] = [];
  const iterator = iterate(run, value);
  for (let step = iterator.next(); !step.done; step = iterator.next()) {
    run.spend(1);
    list.push(step.value);
  }
  return list;
}

/** == */
export function equals(run: Run, left: Value, right: Value): boolean {
  if (typeof left === "string" && typeof right === "string") return left === right;
  run.spend(1);
  if (isNumber(left)) return isNumber(right) && compareNumbers(left, right) === 0;
  if (left === null || right === null) return left === right;
  const text = textOf(left);
  if (text !== null) return text === textOf(right);
  if (Array.isArray(left)) return Array.isArray(right) && sameItems(run, left, right);
  if (left instanceof Tuple) return right instanceof Tuple && sameItems(run, left.items, right.items);
  if (left instanceof Undefined) return right instanceof Undefined;
  if (left instanceof Range) return right instanceof Range && sameRange(left, right);
  if (left instanceof DictView && right instanceof DictView && left !== right && left.part !== "values") {
    throw new Unsupported("a comparison of the keys of two dicts");
  }
  if (isDict(left)) return isDict(right) && sameDict(run, left, right);
  return left === right;
}

/** `is` or ==, which is how Python compares inside of containers. */
function same(run: Run, left: Value, right: Value): boolean {
  return left === right || equals(run, left, right);
}

function sameItems(run: Run, left: readonly Value[], right: readonly Value[]): boolean {
  return (
    left === right || (left.length === right.length && left.every((item, at) => same(run, item, right[at] as Value)))
  );
}

function sameRange(left: Range, right: Range): boolean {
  if (left.length !== right.length || left.length === 0) return left.length === right.length;
  return left.start === right.start && (left.length === 1 || left.step === right.step);
}

function sameDict(run: Run, left: Dict, right: Dict): boolean {
  if (left === right) return true;
  if (dictSize(left) !== dictSize(right)) return false;
  return dictEntries(left).every(([key, value]) => {
    const other = dictGet(right, key);
    return other !== undefined && same(run, value, other);
  });
}

export type OrderOperator = "<" | "<=" | ">" | ">=";

export function order(run: Run, operator: OrderOperator, left: Value, right: Value): boolean {
  const sign = compare(run, operator, left, right);
  if (operator === "<") return sign < 0;
  if (operator === "<=") return sign <= 0;
  return operator === ">" ? sign > 0 : sign >= 0;
}

function compare(run: Run, operator: OrderOperator, left: Value, right: Value): number {
  run.spend(1);
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right);
  const [leftText, rightText] = [textOf(left), textOf(right)];
  if (leftText !== null && rightText !== null) return compareText(leftText, rightText);
  const [leftItems, rightItems] = [itemsToOrder(left), itemsToOrder(right)];
  if (leftItems && rightItems && Array.isArray(left) === Array.isArray(right)) {
    const at = leftItems.findIndex(
      (item, index) => index >= rightItems.length || !same(run, item, rightItems[index] as Value),
    );
    if (at === -1 || at >= rightItems.length) return leftItems.length - rightItems.length;
    return compare(run, operator, leftItems[at] as Value, rightItems[at] as Value);
  }
  failOnUndefined(left, right);
  throw typeError(`'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`);
}

function itemsToOrder(value: Value): readonly Value[] | null {
  if (Array.isArray(value)) return value;
  return value instanceof Tuple ? value.items : null;
}

/** What an operation on an undefined value raises. */
export function failOnUndefined(...values: Value[]): void {
  for (const value of values) {
    if (value instanceof Undefined) throw new PyError(value.exception, value.reason());
  }
}

/** sorted(): stable, by Python's `<`. */
export function sorted<T>(run: Run, items: readonly T[], key: (item: T) => Value, reverse: boolean): T[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const sign = reverse ? -1 : 1;
  keyed.sort((a, b) => (order(run, "<", a.key, b.key) ? -sign : order(run, "<", b.key, a.key) ? sign : 0));
  return keyed.map(({ item }) => item);
}

/** item in container */
export function contains(run: Run, container: Value, item: Value): boolean {
  const text = textOf(container);
  if (text !== null) {
    const part = textOf(item);
    if (part === null) throw typeError(`'in <string>' requires string as left operand, not ${typeName(item)}`);
    return text.includes(part);
  }
  if (Array.isArray(container)) return container.some((each) => same(run, each, item));
  if (isDict(container)) return dictGet(container, hashable(item)) !== undefined;
  if (container instanceof DictView && container.part === "keys")
    return dictGet(container.dict, hashable(item)) !== undefined;
  const iterator = iterateOrNull(run, container);
  if (!iterator) throw typeError(`argument of type '${typeName(container)}' is not iterable`);
  for (let step = iterator.next(); !step.done; step = iterator.next()) {
    run.spend(1);
    if (same(run, step.value, item)) return true;
  }
  return false;
}

/** A value as the key of a dict. @throws TypeError for lists and dicts; Unsupported for keys that a Map cannot tell apart */
export function hashable(value: Value): Key {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null)
    return value;
  if (typeof value === "bigint") return value;
  if (value instanceof Float) return isInt(value.value) ? value.value : toDouble(value);
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value) || isDict(value)) throw typeError(`unhashable type: '${typeName(value)}'`);
  throw new Unsupported(`a ${value.typeName} as the key of a dict`);
}

/** hash() of what holds other values. @throws TypeError */
export function ensureHashable(value: Value): void {
  if (value instanceof Tuple) for (const item of value.items) ensureHashable(item);
  else if (Array.isArray(value) || isDict(value)) throw typeError(`unhashable type: '${typeName(value)}'`);
}

/** Keys of a dict that a template makes: those must print as they were written. */
export function storedKey(run: Run, value: Value): Key {
  const key = hashable(value);
  if (value instanceof Float || value instanceof Markup)
    throw new Unsupported(`${repr(run, value)} as the key of a dict`);
  return key;
}
