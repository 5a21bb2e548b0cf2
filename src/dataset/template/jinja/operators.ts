// The binary and unary operators of Python.
import { failOnUndefined, typeName } from "./compare.js";
import { typeError, Unsupported } from "./errors.js";
import { escapeHtml } from "./markup.js";
import type { BinaryOperator } from "./nodes.js";
import { arithmetic, isInt, isNumber, negate, toIndex } from "./numbers.js";
import { percentFormat } from "./percent-format.js";
import type { Run } from "./run.js";
import { DictView, isDict, Markup, Tuple, textOf, type Value } from "./values.js";

export function binary(run: Run, operator: BinaryOperator, left: Value, right: Value): Value {
  if (operator === "+") return add(run, left, right);
  if (operator === "%" && textOf(left) !== null) return percentFormat(run, left as string | Markup, right);
  if (isNumber(left) && isNumber(right)) return arithmetic(operator, left, right);
  failOnUndefined(left, right);
  if (operator === "*") {
    const repeated = isInt(right) ? repeat(run, left, right) : isInt(left) ? repeat(run, right, left) : null;
    if (repeated !== null) return repeated;
  }
  if (isDict(left) || left instanceof DictView) {
    if (right instanceof DictView && operator === "-") throw new Unsupported("arithmetic on the keys of dicts");
  }
  throw unsupportedOperands(operator === "**" ? "** or pow()" : operator, left, right);
}

/** + */
export function add(run: Run, left: Value, right: Value): Value {
  if (typeof left === "string" && typeof right === "string") return concat(run, left, right);
  if (isNumber(left) && isNumber(right)) return arithmetic("+", left, right);
  const [leftText, rightText] = [textOf(left), textOf(right)];
  if (leftText !== null && rightText !== null)
    return new Markup(concat(run, escapeHtml(run, left), escapeHtml(run, right)));
  if (Array.isArray(left) && Array.isArray(right)) return joinItems(run, left, right);
  if (left instanceof Tuple && right instanceof Tuple) return new Tuple(joinItems(run, left.items, right.items));
  failOnUndefined(left, right);
  if (leftText !== null) throw typeError(`can only concatenate str (not "${typeName(right)}") to str`);
  if (Array.isArray(left)) throw typeError(`can only concatenate list (not "${typeName(right)}") to list`);
  if (left instanceof Tuple) throw typeError(`can only concatenate tuple (not "${typeName(right)}") to tuple`);
  throw unsupportedOperands("+", left, right);
}

function concat(run: Run, left: string, right: string): string {
  run.reserve(left.length + right.length);
  return left + right;
}

function joinItems(run: Run, left: readonly Value[], right: readonly Value[]): Value[] {
  run.spend(left.length + right.length);
  return [...left, ...right];
}

function repeat(run: Run, value: Value, times: Value): Value | null {
  const count = Math.max(0, toIndex(times));
  const text = textOf(value);
  if (text !== null) {
    run.reserve(text.length * count);
    return typeof value === "string" ? text.repeat(count) : new Markup(text.repeat(count));
  }
  const items = Array.isArray(value) ? value : value instanceof Tuple ? value.items : null;
  if (!items) return null;
  run.reserve(items.length * count);
  run.spend(items.length * count);
  const all: Value[] = [];
  for (let round = 0; round < count; round += 1) for (const item of items) all.push(item);
  return Array.isArray(value) ? all : new Tuple(all);
}

export function unary(sign: "+" | "-", value: Value): Value {
  failOnUndefined(value);
  if (!isNumber(value)) throw typeError(`bad operand type for unary ${sign}: '${typeName(value)}'`);
  return sign === "-" ? negate(value) : typeof value === "boolean" ? Number(value) : value;
}

function unsupportedOperands(operator: string, left: Value, right: Value): Error {
  return typeError(`unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`);
}
