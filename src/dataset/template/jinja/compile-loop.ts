// {% for %}: filtered, recursive, with else, with or without its `loop` variable.
import { iterate, lengthOrNull, truthy } from "./compare.js";
import { compileExpression } from "./compile-expression.js";
import { compileTarget } from "./compile-target.js";
import { TemplateSyntaxError } from "./errors.js";
import {
  type Execute,
  enterFrame,
  Frame,
  FunctionScope,
  inner,
  leaveFrame,
  type Place,
  Signal,
  writer,
} from "./frame.js";
import { LoopContext } from "./loop-context.js";
import type { For, Stmt } from "./nodes.js";
import type { Run } from "./run.js";
import { addLoopBody, findStore, findUndeclared, Symbols, symbolsOfBlock, symbolsOfLoopTest } from "./symbols.js";
import type { Value } from "./values.js";

type CompileBody = (body: Stmt[], place: Place) => Execute;
/** `closure`: the frame in which the loop stands, which its test sees; the same as `frame` unless the loop is recursive. */
type RunLoop = (frame: Frame, closure: Frame, iterable: Value, recursion: Recursion | null) => Signal;

interface Recursion {
  call: (run: Run, iterable: Value, depth0: number) => Value;
  depth0: number;
}

export function compileLoop(node: For, place: Place, compileBody: CompileBody): Execute {
  const line = findStore(node, "loop");
  if (line !== null) throw new TemplateSyntaxError("Can't assign to special loop variable in for-loop target", line);
  const iterable = compileExpression(node.iter, place);
  const runLoop = compileRounds(node, place, compileBody);
  if (!node.recursive) return (frame) => runLoop(frame, frame, iterable(frame), null);
  return (frame) => {
    const call: Recursion["call"] = (run, items, depth0) =>
      run.deeper(() => run.capture(() => runLoop(new Frame(run, frame), frame, items, { call, depth0 })));
    frame.run.write(call(frame.run, iterable(frame), 0) as string);
    return Signal.Next;
  };
}

function compileRounds(node: For, place: Place, compileBody: CompileBody): RunLoop {
  const symbols = new Symbols(place.symbols);
  const needsContext = node.recursive || findUndeclared(node.body, ["loop"]).has("loop");
  if (needsContext) symbols.declareParameter("loop");
  addLoopBody(symbols, node);
  const scope = node.recursive ? new FunctionScope(place.scope, symbols.level) : place.scope;
  const here: Place = { symbols, scope, soft: false, inLoop: true, topLevel: false };
  const target = compileTarget(node.target, here);
  const writeLoop = needsContext ? writer(scope, symbols.ref("loop")) : () => {};
  const [enter, leave] = [enterFrame(here), leaveFrame(here)];
  const body = compileBody(node.body, here);
  const filter = compileTest(node, place, symbols);
  const otherwise = compileElse(node, place, scope, compileBody);
  const cost = 1 + node.body.length;

  const round = (frame: Frame, item: Value, loop: LoopContext | undefined) => {
    frame.run.spend(cost);
    target.assign(frame, item);
    writeLoop(frame, loop);
    enter(frame);
    return body(frame);
  };

  return (frame, closure, iterable, recursion) => {
    // As jinja2 counts: a round that break or continue ended does not keep the else branch from running.
    let wholeRounds = 0;
    if (needsContext) {
      const [iterator, length] = filter
        ? [filter(closure, iterable), null]
        : [iterate(frame.run, iterable), lengthOrNull(iterable)];
      const loop = new LoopContext(iterator, length, recursion?.call ?? null, recursion?.depth0 ?? 0);
      writeLoop(frame, undefined);
      while (loop.advance()) {
        const signal = round(frame, loop.current, loop);
        if (signal === Signal.Break) break;
        if (signal === Signal.Next) wholeRounds += 1;
      }
    } else if (Array.isArray(iterable) && !filter) {
      for (const item of iterable) {
        const signal = round(frame, item, undefined);
        if (signal === Signal.Break) break;
        if (signal === Signal.Next) wholeRounds += 1;
      }
    } else {
      const iterator = filter ? filter(closure, iterable) : iterate(frame.run, iterable);
      for (let next = iterator.next(); !next.done; next = iterator.next()) {
        const signal = round(frame, next.value, undefined);
        if (signal === Signal.Break) break;
        if (signal === Signal.Next) wholeRounds += 1;
      }
    }
    leave(frame);
    return wholeRounds === 0 && otherwise ? otherwise(frame) : Signal.Next;
  };
}

/** `for x in xs if test`: a generator, so that the test sees what earlier rounds changed. */
function compileTest(
  node: For,
  place: Place,
  loopSymbols: Symbols,
): ((closure: Frame, iterable: Value) => Iterator<Value>) | null {
  if (!node.test) return null;
  const symbols = symbolsOfLoopTest(place.symbols, node);
  const scope = new FunctionScope(place.scope, symbols.level);
  const here: Place = { symbols, scope, soft: false, inLoop: false, topLevel: false };
  const target = compileTarget(node.target, { ...here, symbols: loopSymbols });
  const enter = enterFrame(here);
  const test = compileExpression(node.test, here);
  return function* (closure, iterable) {
    const frame = new Frame(closure.run, closure);
    enter(frame);
    const iterator = iterate(closure.run, iterable);
    for (let next = iterator.next(); !next.done; next = iterator.next()) {
      closure.run.spend(1);
      target.assign(frame, next.value);
      if (truthy(test(frame))) yield next.value;
    }
  };
}

function compileElse(node: For, place: Place, scope: FunctionScope, compileBody: CompileBody): Execute | null {
  if (node.otherwise.length === 0) return null;
  const here = { ...inner(place, symbolsOfBlock(place.symbols, node.otherwise)), scope };
  if (node.recursive) here.inLoop = false;
  const [enter, leave] = [enterFrame(here), leaveFrame(here)];
  const body = compileBody(node.otherwise, here);
  return (frame) => {
    enter(frame);
    const signal = body(frame);
    leave(frame);
    return signal;
  };
}
