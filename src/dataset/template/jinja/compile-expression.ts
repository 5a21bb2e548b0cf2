// Expressions to closures.
import { call, getAttribute, getItem, slice } from "./access.js";
import { contains, equals, order, storedKey, toList, truthy, typeName } from "./compare.js";
import { PyError, TemplateSyntaxError, typeError } from "./errors.js";
import { filters, testTable } from "./filters.js";
import { type Evaluate, type Frame, type Place, reader } from "./frame.js";
import { dictMethods } from "./methods.js";
import type { Native } from "./native.js";
import type { Arguments, Call, CompareOperator, Expr, Filter, Slice, Test } from "./nodes.js";
import { add, binary, unary } from "./operators.js";
import { str } from "./repr.js";
import type { Run } from "./run.js";
import { textMethods } from "./text-methods.js";
import {
  dictEntries,
  dictGet,
  dictSet,
  isDict,
  type Key,
  type Kwargs,
  Tuple,
  textOf,
  Undefined,
  type Value,
} from "./values.js";

export function compileExpression(node: Expr, place: Place): Evaluate {
  const compile = (child: Expr) => compileExpression(child, place);
  switch (node.kind) {
    case "Const": {
      const { value } = node;
      return () => value;
    }
    case "Name":
      return compileName(node.name, place);
    case "NSRef":
      return compileName(node.name, place);
    case "Tuple": {
      const items = node.items.map(compile);
      return (frame) => new Tuple(items.map((item) => item(frame)));
    }
    case "List": {
      const items = node.items.map(compile);
      return (frame) => items.map((item) => item(frame));
    }
    case "Dict":
      return compileDict(node.items.map(({ key, value }) => [compile(key), compile(value)]));
    case "CondExpr":
      return compileCondition(node, { ...place, soft: true });
    case "Binary": {
      const [left, right, { operator }] = [compile(node.left), compile(node.right), node];
      if (operator === "+") return (frame) => add(frame.run, left(frame), right(frame));
      return (frame) => binary(frame.run, operator, left(frame), right(frame));
    }
    case "And": {
      const [left, right] = [compile(node.left), compile(node.right)];
      return (frame) => {
        const value = left(frame);
        return truthy(value) ? right(frame) : value;
      };
    }
    case "Or": {
      const [left, right] = [compile(node.left), compile(node.right)];
      return (frame) => {
        const value = left(frame);
        return truthy(value) ? value : right(frame);
      };
    }
    case "Not": {
      const inside = compile(node.node);
      return (frame) => !truthy(inside(frame));
    }
    case "Neg":
    case "Pos": {
      const inside = compile(node.node);
      const sign = node.kind === "Neg" ? "-" : "+";
      return (frame) => unary(sign, inside(frame));
    }
    case "Compare":
      return compileCompare(
        compile(node.first),
        node.ops.map(({ operator, expr }) => [operator, compile(expr)]),
      );
    case "Concat": {
      const parts = node.nodes.map(compile);
      return (frame) => concat(frame, parts);
    }
    case "Getattr": {
      const [inside, { attr }] = [compile(node.node), node];
      return (frame) => getAttribute(frame.run, inside(frame), attr);
    }
    case "Getitem":
      return compileItem(compile(node.node), node.arg, place);
    case "Slice":
      throw new TemplateSyntaxError("a slice among other subscripts", 1);
    case "Call":
      return compileCall(node, place);
    case "Filter":
      return compileFilter(node, place, compile(node.node as Expr));
    case "Test":
      return compileTest(node, place);
  }
}

function compileName(name: string, { symbols, scope }: Place): Evaluate {
  const read = reader(scope, symbols.ref(name));
  const undefinedName = new Undefined(() => `'${name}' is undefined`);
  return (frame) => {
    const value = read(frame);
    return value === undefined ? undefinedName : value;
  };
}

function compileDict(entries: [key: Evaluate, value: Evaluate][]): Evaluate {
  return (frame) => {
    const dict = new Map<Key, Value>();
    for (const [key, value] of entries) {
      dictSet(dict, storedKey(frame.run, key(frame)), value(frame));
    }
    return dict;
  };
}

function compileCondition(node: Extract<Expr, { kind: "CondExpr" }>, place: Place): Evaluate {
  const [test, then] = [compileExpression(node.test, place), compileExpression(node.then, place)];
  const missing = new Undefined(
    () => `the inline if-expression on line ${node.line} evaluated to false and no else section was defined.`,
  );
  const otherwise = node.otherwise ? compileExpression(node.otherwise, place) : () => missing;
  return (frame) => (truthy(test(frame)) ? then(frame) : otherwise(frame));
}

type Comparison = (run: Run, left: Value, right: Value) => boolean;

const comparisons: Record<CompareOperator, Comparison> = {
  "==": equals,
  "!=": (run, left, right) => !equals(run, left, right),
  "<": (run, left, right) => order(run, "<", left, right),
  "<=": (run, left, right) => order(run, "<=", left, right),
  ">": (run, left, right) => order(run, ">", left, right),
  ">=": (run, left, right) => order(run, ">=", left, right),
  in: (run, left, right) => contains(run, right, left),
  "not in": (run, left, right) => !contains(run, right, left),
};

/** a < b < c evaluates b once, and c only when a < b. */
function compileCompare(first: Evaluate, ops: [CompareOperator, Evaluate][]): Evaluate {
  const steps = ops.map(([operator, operand]) => ({ test: comparisons[operator], operand }));
  const [only, ...more] = steps;
  if (only && more.length === 0) {
    const { test, operand } = only;
    return (frame) => test(frame.run, first(frame), operand(frame));
  }
  return (frame) => {
    let left = first(frame);
    for (const { test, operand } of steps) {
      const right = operand(frame);
      if (!test(frame.run, left, right)) return false;
      left = right;
    }
    return true;
  };
}

function concat(frame: Frame, parts: Evaluate[]): string {
  let text = "";
  for (const part of parts) text += str(frame.run, part(frame));
  frame.run.reserve(text.length);
  return text;
}

function compileItem(inside: Evaluate, arg: Expr, place: Place): Evaluate {
  if (arg.kind === "Slice") return compileSlice(inside, arg, place);
  if (arg.kind === "Const" && typeof arg.value === "string") {
    const key = arg.value;
    return (frame) => {
      const value = inside(frame);
      const item = isDict(value) ? dictGet(value, key) : undefined;
      return item === undefined ? getItem(frame.run, value, key) : item;
    };
  }
  const key = compileExpression(arg, place);
  return (frame) => getItem(frame.run, inside(frame), key(frame));
}

function compileSlice(inside: Evaluate, { start, stop, step }: Slice, place: Place): Evaluate {
  const [from, to, by] = [start, stop, step].map((part) => (part ? compileExpression(part, place) : () => null));
  return (frame) => slice(frame.run, inside(frame), { start: from!(frame), stop: to!(frame), step: by!(frame) });
}

interface CompiledArguments {
  args: (frame: Frame) => Value[];
  kwargs: (frame: Frame) => Kwargs | null;
}

export function compileArguments(node: Arguments, place: Place): CompiledArguments {
  const compile = (child: Expr) => compileExpression(child, place);
  const fixed = node.args.map(compile);
  const rest = node.dynArgs && compile(node.dynArgs);
  const named = node.kwargs.map(({ key, value }) => [key, compile(value)] as const);
  const more = node.dynKwargs && compile(node.dynKwargs);
  return {
    args: rest
      ? (frame) => [...values(fixed, frame), ...toList(frame.run, rest(frame))]
      : (frame) => values(fixed, frame),
    kwargs: named.length === 0 && !more ? () => null : (frame) => keywords(frame, named, more),
  };
}

function values(expressions: Evaluate[], frame: Frame): Value[] {
  return expressions.map((expression) => expression(frame));
}

function keywords(frame: Frame, named: (readonly [string, Evaluate])[], more: Evaluate | null): Kwargs | null {
  const found: Kwargs = new Map(named.map(([key, value]) => [key, value(frame)]));
  if (!more) return found;
  const extra = more(frame);
  if (!isDict(extra)) throw typeError(`argument after ** must be a mapping, not ${typeName(extra)}`);
  for (const [key, value] of dictEntries(extra)) {
    if (typeof key !== "string") throw typeError("keywords must be strings");
    if (found.has(key)) throw typeError(`got multiple values for keyword argument '${key}'`);
    found.set(key, value);
  }
  return found.size === 0 ? null : found;
}

function compileCall(node: Call, place: Place): Evaluate {
  const { args, kwargs } = compileArguments(node, place);
  if (node.node.kind === "Getattr") return compileMethodCall(node.node, { args, kwargs }, place);
  const callee = compileExpression(node.node, place);
  return (frame) => call(frame.run, callee(frame), args(frame), kwargs(frame));
}

/** value.name(...): methods of text and dicts are called without making a bound method first. */
function compileMethodCall(
  { node, attr }: Extract<Expr, { kind: "Getattr" }>,
  { args, kwargs }: CompiledArguments,
  place: Place,
): Evaluate {
  const inside = compileExpression(node, place);
  const textMethod = textMethods.get(attr);
  const dictMethod = dictMethods.get(attr);
  return (frame) => {
    const value = inside(frame);
    const method = typeof value === "string" ? textMethod : dictMethod && isDict(value) ? dictMethod : undefined;
    if (!method) return call(frame.run, getAttribute(frame.run, value, attr), args(frame), kwargs(frame));
    frame.run.spend(typeof value === "string" ? 1 + (value.length >> 8) : 1);
    return method(frame.run, value, args(frame), kwargs(frame));
  };
}

/** @param value what is filtered: the expression before the bar, or the text of a block */
export function compileFilter(node: Filter, place: Place, value: Evaluate): Evaluate {
  return compileNative("filter", filters.get(node.name), node, place, value);
}

function compileTest(node: Test, place: Place): Evaluate {
  return compileNative("test", testTable.get(node.name), node, place, compileExpression(node.node, place));
}

function compileNative(
  kind: "filter" | "test",
  native: Native | undefined,
  node: Filter | Test,
  place: Place,
  value: Evaluate,
): Evaluate {
  if (!native && !place.soft) throw new TemplateSyntaxError(`No ${kind} named '${node.name}'.`, node.line);
  const apply = native ?? missingNative(kind, node.name);
  const { args, kwargs } = compileArguments(node, place);
  return (frame) => {
    const subject = value(frame);
    const text = textOf(subject);
    frame.run.spend(text === null ? 1 : 1 + (text.length >> 8));
    return apply(frame.run, subject, args(frame), kwargs(frame));
  };
}

/** In a branch it is an error only when it is called. */
function missingNative(kind: "filter" | "test", name: string): Native {
  return () => {
    throw new PyError("TemplateRuntimeError", `No ${kind} named '${name}' found.`);
  };
}
