// A Jinja template as transformers compiles it, ready to render any number of times.
import { compileBody } from "./compile-statement.js";
import { enterFrame, Frame, FunctionScope, type Place } from "./frame.js";
import { parseTemplate } from "./parse-template.js";
import type { Run } from "./run.js";
import { findUndeclared, symbolsOfTemplate } from "./symbols.js";
import { PyObject } from "./values.js";

/** @throws TemplateSyntaxError; the returned function writes into its run and throws PyError, Unsupported or TooCostly */
export function compileJinja(source: string): (run: Run) => void {
  const body = parseTemplate(source);
  const readsSelf = findUndeclared(body, ["self"]).has("self");
  const symbols = symbolsOfTemplate(body, { readsSelf });
  const place: Place = { symbols, scope: new FunctionScope(null, 0), soft: false, inLoop: false, topLevel: true };
  const enter = enterFrame(place);
  const self = readsSelf ? place.scope.place(symbols.ref("self")).slot : null;
  const execute = compileBody(body, place);
  return (run) => {
    const frame = new Frame(run, null);
    if (self !== null) frame.slots[self] = new TemplateReference();
    enter(frame);
    execute(frame);
  };
}

/** The variable `self`: blocks by name, of which there are none. */
class TemplateReference extends PyObject {
  readonly typeName = "TemplateReference";

  override get printed(): string {
    return "<TemplateReference None>";
  }
}
