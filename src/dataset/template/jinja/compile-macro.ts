// Macros, call blocks and {% generation %} blocks, which are call blocks too: all are functions that return the text of their body.
import { call } from "./access.js";
import { compileArguments, compileExpression } from "./compile-expression.js";
import { TemplateSyntaxError, typeError } from "./errors.js";
import { type Evaluate, type Execute, enterFrame, Frame, FunctionScope, type Place, Signal, writer } from "./frame.js";
import type { CallBlock, Macro, MacroLike, Stmt } from "./nodes.js";
import type { Run } from "./run.js";
import { addMacro, findUndeclared, Symbols } from "./symbols.js";
import { Callable, type Kwargs, Tuple, Undefined, type Value } from "./values.js";

type CompileBody = (body: Stmt[], place: Place) => Execute;
/** Makes the function where its definition is reached: it reads the variables around it when it is called. */
type MakeMacro = (outer: Frame) => Callable;

export function compileMacro(node: Macro, place: Place, compileBody: CompileBody): Execute {
  const make = compileFunction(node, node.name, place, compileBody);
  const write = writer(place.scope, place.symbols.ref(node.name));
  return (frame) => {
    write(frame, make(frame));
    return Signal.Next;
  };
}

export function compileCallBlock(node: CallBlock, place: Place, compileBody: CompileBody): Execute {
  const make = compileFunction(node, null, place, compileBody);
  if (!node.call) return generation(make);
  const callee = compileExpression(node.call.node, place);
  const { args, kwargs } = compileArguments(node.call, place);
  return (frame) => {
    const caller = make(frame);
    const result = call(frame.run, callee(frame), args(frame), new Map([...(kwargs(frame) ?? []), ["caller", caller]]));
    frame.run.writeResult(result);
    return Signal.Next;
  };
}

/** transformers' AssistantTracker: the block's text begins where what has been given out so far ends. */
function generation(make: MakeMacro): Execute {
  return (frame) => {
    const { run } = frame;
    const text = make(frame).call(run, [], null) as string;
    run.markGenerated(text);
    run.write(text);
    return Signal.Next;
  };
}

function compileFunction(node: MacroLike, name: string | null, place: Place, compileBody: CompileBody): MakeMacro {
  const symbols = addMacro(new Symbols(place.symbols), node);
  const names = node.args.map((arg) => arg.name);
  const special = specialParameters(node, names);
  for (const each of special) symbols.declareParameter(each);
  addMacro(symbols, node);
  const scope = new FunctionScope(place.scope, symbols.level);
  const here: Place = { symbols, scope, soft: false, inLoop: false, topLevel: false };
  const setters = [...names, ...special].map((each) => writer(scope, symbols.ref(each)));
  const enter = enterFrame(here);
  const fallbacks = names.map((each, at) => compileDefault(node, at, each, here));
  const body = compileBody(node.body, here);
  const signature: Signature = { name, names, special };

  return (outer) => {
    const invoke = (run: Run, args: Value[], kwargs: Kwargs | null) =>
      run.deeper(() => {
        run.spend(1 + node.body.length);
        const frame = new Frame(run, outer);
        const values = bind(signature, args, kwargs);
        for (const [at, set] of setters.entries()) set(frame, values[at]);
        enter(frame);
        for (const [at, fallback] of fallbacks.entries()) {
          if (values[at] === undefined) setters[at]?.(frame, fallback(frame));
        }
        return run.capture(() => body(frame));
      });
    return new Callable(name ?? "", invoke, "Macro", attributesOf(signature));
  };
}

/** caller, kwargs and varargs are parameters where the body reads them; in this order. */
function specialParameters(node: MacroLike, names: string[]): string[] {
  const undeclared = findUndeclared(node.body, ["caller", "kwargs", "varargs"]);
  if (undeclared.has("caller") && names.includes("caller")) {
    if (names.indexOf("caller") < names.length - node.defaults.length) {
      const message =
        'When defining macros or call blocks the special "caller" argument must be omitted or be given a default.';
      throw new TemplateSyntaxError(message, node.line);
    }
    undeclared.delete("caller");
  }
  return ["caller", "kwargs", "varargs"].filter((each) => undeclared.has(each) && !names.includes(each));
}

function compileDefault(node: MacroLike, at: number, name: string, place: Place): Evaluate {
  const fallback = node.defaults[at - node.args.length + node.defaults.length];
  if (fallback) return compileExpression(fallback, place);
  const missing = new Undefined(() => `parameter '${name}' was not provided`);
  return () => missing;
}

interface Signature {
  name: string | null;
  names: string[];
  special: string[];
}

/** Values of the parameters in order, then of the special ones; `undefined` for what is not given. */
function bind({ name, names, special }: Signature, args: Value[], kwargs: Kwargs | null): (Value | undefined)[] {
  const rest: Kwargs = new Map(kwargs ?? []);
  const take = (key: string) => {
    const value = rest.get(key);
    rest.delete(key);
    return value;
  };
  const values = names.map((key, at) => (at < args.length ? args[at] : take(key)));
  const shown = name === null ? "None" : `'${name}'`;
  for (const each of special) {
    if (each === "caller") values.push(take("caller") ?? new Undefined(() => "No caller defined"));
    else if (each === "kwargs") values.push(new Map(rest));
    else values.push(new Tuple(args.slice(names.length)));
  }
  if (rest.size > 0 && !special.includes("kwargs")) {
    const [first] = rest.keys();
    if (rest.has("caller"))
      throw typeError(`macro ${shown} was invoked with two values for the special caller argument.`);
    throw typeError(`macro ${shown} takes no keyword argument '${first}'`);
  }
  if (args.length > names.length && !special.includes("varargs")) {
    throw typeError(`macro ${shown} takes not more than ${names.length} argument(s)`);
  }
  return values;
}

function attributesOf({ name, names, special }: Signature): Map<string, Value> {
  return new Map<string, Value>([
    ["name", name],
    ["arguments", new Tuple(names)],
    ["catch_kwargs", special.includes("kwargs")],
    ["catch_varargs", special.includes("varargs")],
    ["caller", special.includes("caller") || names.includes("caller")],
    ["explicit_caller", names.includes("caller")],
  ]);
}
