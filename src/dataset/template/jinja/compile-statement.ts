// Statements to closures, with jinja2's scopes: what its compiler writes as Python, made of functions here.

import { truthy } from "./compare.js";
import { compileExpression, compileFilter } from "./compile-expression.js";
import { compileLoop } from "./compile-loop.js";
import { compileCallBlock, compileMacro } from "./compile-macro.js";
import { compileTarget } from "./compile-target.js";
import { TemplateSyntaxError, typeError, Unsupported } from "./errors.js";
import {
  type Evaluate,
  type Execute,
  enterFrame,
  type Frame,
  inner,
  leaveFrame,
  type Place,
  reader,
  Signal,
  writer,
} from "./frame.js";
import type { AssignBlock, Expr, Filter, FilterBlock, If, Stmt, With } from "./nodes.js";
import { str } from "./repr.js";
import { symbolsOfBlock } from "./symbols.js";
import type { Value } from "./values.js";

export function compileBody(body: Stmt[], place: Place): Execute {
  const steps = body.map((statement) => compileStatement(statement, place));
  const [only, ...more] = steps;
  if (!only) return () => Signal.Next;
  if (more.length === 0) return only;
  return (frame) => {
    for (const step of steps) {
      const signal = step(frame);
      if (signal !== Signal.Next) return signal;
    }
    return Signal.Next;
  };
}

function compileStatement(node: Stmt, place: Place): Execute {
  switch (node.kind) {
    case "Output":
      return compileOutput(node.nodes, place);
    case "If":
      return compileIf(node, place);
    case "Assign": {
      const target = compileTarget(node.target, place);
      const value = compileExpression(node.node, place);
      return step((frame) => {
        target.check(frame);
        target.assign(frame, value(frame));
      });
    }
    case "For":
      return compileLoop(node, place, compileBody);
    case "Macro":
      return compileMacro(node, place, compileBody);
    case "CallBlock":
      return compileCallBlock(node, place, compileBody);
    case "AssignBlock":
      return compileAssignBlock(node, place);
    case "FilterBlock":
      return compileFilterBlock(node, place);
    case "With":
      return compileWith(node, place);
    case "Break":
    case "Continue": {
      if (!place.inLoop) throw new TemplateSyntaxError(`'${node.kind.toLowerCase()}' outside loop`, node.line);
      const signal = node.kind === "Break" ? Signal.Break : Signal.Continue;
      return () => signal;
    }
    case "Load": {
      if (node.extends && !place.topLevel) {
        throw new TemplateSyntaxError("cannot use extend from a non top-level scope", node.line);
      }
      const template = compileExpression(node.template, place);
      return step((frame) => {
        template(frame);
        throw typeError("no loader for this environment specified");
      });
    }
    case "Unsupported":
      return () => {
        throw new Unsupported(`{% ${node.what} %} on line ${node.line}`);
      };
  }
}

function step(body: (frame: Frame) => void): Execute {
  return (frame) => {
    body(frame);
    return Signal.Next;
  };
}

function compileOutput(nodes: (string | Expr)[], place: Place): Execute {
  const parts = nodes.map((node): ((frame: Frame) => void) => {
    if (typeof node === "string") return (frame) => frame.run.write(node);
    const value = compileExpression(node, place);
    return (frame) => frame.run.write(str(frame.run, value(frame)));
  });
  const [only, ...more] = parts;
  if (only && more.length === 0) return step(only);
  return step((frame) => {
    for (const part of parts) part(frame);
  });
}

function compileIf(node: If, place: Place): Execute {
  const soft = { ...place, soft: true };
  const branches = [node, ...node.elifs].map(({ test, body }) => ({
    test: compileExpression(test, soft),
    body: compileBody(body, soft),
  }));
  const otherwise = compileBody(node.otherwise, soft);
  const [only, ...more] = branches;
  if (only && more.length === 0) {
    return (frame) => (truthy(only.test(frame)) ? only.body(frame) : otherwise(frame));
  }
  return (frame) => {
    for (const { test, body } of branches) if (truthy(test(frame))) return body(frame);
    return otherwise(frame);
  };
}

/** Runs a body into a buffer; a break or continue in it leaves the block before `use` sees the text. */
function capturing(body: Execute, use: (frame: Frame, text: string) => void): Execute {
  return (frame) => {
    let signal = Signal.Next;
    const text = frame.run.capture(() => {
      signal = body(frame);
    });
    if (signal === Signal.Next) use(frame, text);
    return signal;
  };
}

function compileAssignBlock(node: AssignBlock, place: Place): Execute {
  const block = inner(place, symbolsOfBlock(place.symbols, node.body));
  const [enter, leave] = [enterFrame(block), leaveFrame(block)];
  const filtered = compileBlockFilters(node.filter, block);
  const target = compileTarget(node.target, place);
  const run = capturing(compileBody(node.body, block), (frame, text) => {
    target.assign(frame, filtered(frame, text));
    leave(frame);
  });
  return (frame) => {
    enter(frame);
    return run(frame);
  };
}

function compileFilterBlock(node: FilterBlock, place: Place): Execute {
  const block = inner(place, symbolsOfBlock(place.symbols, node.body));
  // The filter's own names belong to the frame outside, but it is called inside.
  const [enter, leave] = [enterFrame(block), leaveFrame(block)];
  const filtered = compileBlockFilters(node.filter, block);
  const run = capturing(compileBody(node.body, block), (frame, text) => {
    frame.run.writeResult(filtered(frame, text));
    leave(frame);
  });
  return (frame) => {
    enter(frame);
    return run(frame);
  };
}

/** The filters of a block applied to its text, which waits in a slot of its own. */
function compileBlockFilters(filter: Filter | null, place: Place): (frame: Frame, text: string) => Value {
  if (!filter) return (_, text) => text;
  const ident = `${place.symbols.level}: text of the block`;
  const [write, read] = [writer(place.scope, ident), reader(place.scope, ident)];
  const compile = (each: Filter): Evaluate =>
    compileFilter(each, place, each.node ? compile(each.node as Filter) : (frame) => read(frame) as Value);
  const value = compile(filter);
  return (frame, text) => {
    write(frame, text);
    return value(frame);
  };
}

function compileWith(node: With, place: Place): Execute {
  const block = inner(place, symbolsOfBlock(place.symbols, node.body, node.targets));
  const [enter, leave] = [enterFrame(block), leaveFrame(block)];
  const values = node.values.map((value) => compileExpression(value, place));
  const targets = node.targets.map((target) => compileTarget(target, block));
  const body = compileBody(node.body, block);
  return (frame) => {
    enter(frame);
    for (const [at, target] of targets.entries()) target.assign(frame, (values[at] as Evaluate)(frame));
    const signal = body(frame);
    if (signal === Signal.Next) leave(frame);
    return signal;
  };
}
