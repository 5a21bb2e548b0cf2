// Functions of Python's that templates call, with Python's rules for arguments: by position, by name, missing, unexpected.
import { typeError } from "./errors.js";
import type { Run } from "./run.js";
import type { Kwargs, Value } from "./values.js";

/** `self`: what a method is called on, or the value before a filter's bar. */
export type Native = (run: Run, self: Value, args: Value[], kwargs: Kwargs | null) => Value;

/**
 * @param parameters names in order; "?" ends an optional one (absent: undefined); "/ " in front: none can be given by name
 */
export function native<Self extends Value>(
  name: string,
  parameters: string,
  body: (run: Run, self: Self, ...args: (Value | undefined)[]) => Value,
): Native {
  const positionalOnly = parameters.startsWith("/");
  const specs = parameters.replace(/^\/ ?/, "").split(" ").filter(Boolean);
  const names = specs.map((spec) => spec.replace("?", ""));
  const required = specs.filter((spec) => !spec.endsWith("?")).length;
  return (run, self, args, kwargs) => {
    if (args.length > names.length) {
      throw typeError(`${name}() takes at most ${names.length} arguments (${args.length} given)`);
    }
    if (!kwargs && args.length >= required) return body(run, self as Self, ...args);
    const bound: (Value | undefined)[] = [...args];
    for (const [key, value] of kwargs ?? []) {
      const at = names.indexOf(key);
      if (at === -1 || positionalOnly) throw typeError(`${name}() got an unexpected keyword argument '${key}'`);
      if (at < args.length) throw typeError(`${name}() got multiple values for argument '${key}'`);
      bound[at] = value;
    }
    for (let at = args.length; at < required; at += 1) {
      if (bound[at] === undefined) throw typeError(`${name}() missing required argument: '${names[at]}'`);
    }
    return body(run, self as Self, ...Array.from(bound));
  };
}

/** A table of natives by name; a Map, so that no name reaches what objects inherit. */
export function natives<Self extends Value>(
  entries: Record<string, [parameters: string, body: (run: Run, self: Self, ...args: (Value | undefined)[]) => Value]>,
): Map<string, Native> {
  return new Map(Object.entries(entries).map(([name, [parameters, body]]) => [name, native(name, parameters, body)]));
}
