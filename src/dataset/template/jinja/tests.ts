// jinja2's tests: what may follow `is`.
import { contains, equals, hashable, iterateOrNull, lengthOrNull, order } from "./compare.js";
import { Unsupported } from "./errors.js";
import { type Native, natives } from "./native.js";
import { isFloat, isInt, isNumber } from "./numbers.js";
import { binary } from "./operators.js";
import { str } from "./repr.js";
import type { Run } from "./run.js";
import { isCase } from "./text.js";
import { DictView, Iter, isDict, Markup, Namespace, PyObject, textOf, Undefined, type Value } from "./values.js";

type Argument = Value | undefined;
type Compare = [parameters: string, body: (run: Run, value: Value, other: Argument) => Value];

const comparing = (test: (run: Run, value: Value, other: Value) => boolean): Compare => [
  "/ other",
  (run, value, other) => test(run, value, other as Value),
];
const eq = comparing(equals);
const ne = comparing((run, value, other) => !equals(run, value, other));
const gt = comparing((run, value, other) => order(run, ">", value, other));
const ge = comparing((run, value, other) => order(run, ">=", value, other));
const lt = comparing((run, value, other) => order(run, "<", value, other));
const le = comparing((run, value, other) => order(run, "<=", value, other));

/** @param filterNames what `is filter` knows */
export function tests(filterNames: () => ReadonlySet<string>): Map<string, Native> {
  const table: Map<string, Native> = natives<Value>({
    odd: ["", (run, value) => equals(run, binary(run, "%", value, 2), 1)],
    even: ["", (run, value) => equals(run, binary(run, "%", value, 2), 0)],
    divisibleby: ["num", (run, value, by) => equals(run, binary(run, "%", value, by as Value), 0)],
    defined: ["", (_, value) => !(value instanceof Undefined)],
    undefined: ["", (_, value) => value instanceof Undefined],
    filter: ["", (_, value) => filterNames().has(hashable(value) as string)],
    test: ["", (_, value) => table.has(hashable(value) as string)],
    none: ["", (_, value) => value === null],
    boolean: ["", (_, value) => typeof value === "boolean"],
    false: ["", (_, value) => value === false],
    true: ["", (_, value) => value === true],
    integer: ["", (_, value) => isInt(value) && typeof value !== "boolean"],
    float: ["", (_, value) => isFloat(value)],
    lower: ["", (run, value) => isCase(str(run, value), "lower")],
    upper: ["", (run, value) => isCase(str(run, value), "upper")],
    string: ["", (_, value) => textOf(value) !== null],
    mapping: ["", (_, value) => isDict(value)],
    number: ["", (_, value) => isNumber(value)],
    sequence: ["", (_, value) => isSequence(value)],
    iterable: ["", (run, value) => isIterable(run, value)],
    callable: ["", (_, value) => value instanceof Undefined || (value instanceof PyObject && value.function !== null)],
    sameas: ["other", (_, value, other) => isSame(value, other as Value)],
    escaped: ["", (_, value) => value instanceof Markup],
    in: ["seq", (run, value, container) => contains(run, container as Value, value)],
    "==": eq,
    eq,
    equalto: eq,
    "!=": ne,
    ne,
    ">": gt,
    gt,
    greaterthan: gt,
    ge,
    ">=": ge,
    "<": lt,
    lt,
    lessthan: lt,
    "<=": le,
    le,
  });
  return table;
}

/** Has a length and can be indexed. */
function isSequence(value: Value): boolean {
  if (value instanceof DictView) return false;
  if (value instanceof PyObject && value.typeName === "LoopContext") return false;
  return lengthOrNull(value) !== null;
}

function isIterable(run: Run, value: Value): boolean {
  if (value instanceof Iter) return true;
  return !(value instanceof Namespace) && iterateOrNull(run, value) !== null;
}

/** `is` of Python, which for equal texts and numbers depends on how they came about. */
function isSame(value: Value, other: Value): boolean {
  if (value === null || typeof value === "boolean" || typeof value !== typeof other) return value === other;
  if (typeof value === "object") return value === other;
  if (value !== other) return false;
  if (isInt(value) && value >= -5 && value <= 256) return true;
  throw new Unsupported("sameas of equal texts or numbers");
}
