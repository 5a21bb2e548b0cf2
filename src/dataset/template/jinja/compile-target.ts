// What stands left of an assignment, or between `for` and `in`.
import { iterateOrNull, toList, typeName } from "./compare.js";
import { PyError, typeError, Unsupported, valueError } from "./errors.js";
import { type Frame, type Place, reader, writer } from "./frame.js";
import { checkNamespaceName } from "./globals.js";
import type { Target } from "./nodes.js";
import type { Run } from "./run.js";
import { isDict, Namespace, type Value } from "./values.js";

export interface CompiledTarget {
  /** Before the value is evaluated: attributes can only be set on a namespace. */
  check: (frame: Frame) => void;
  assign: (frame: Frame, value: Value) => void;
}

export function compileTarget(target: Target, place: Place): CompiledTarget {
  switch (target.kind) {
    case "Name":
      return { check: () => {}, assign: writer(place.scope, place.symbols.ref(target.name)) };
    case "NSRef":
      return compileAttribute(target.name, target.attr, place);
    case "Tuple": {
      const parts = target.items.map((item) => compileTarget(item as Target, place));
      return {
        check: (frame) => {
          for (const part of parts) part.check(frame);
        },
        assign: (frame, value) => {
          const items = unpack(frame.run, value, parts.length);
          for (const [at, part] of parts.entries()) part.assign(frame, items[at] as Value);
        },
      };
    }
  }
}

function compileAttribute(name: string, attribute: string, place: Place): CompiledTarget {
  const read = reader(place.scope, place.symbols.ref(name));
  return {
    check: (frame) => {
      if (read(frame) instanceof Namespace) return;
      throw new PyError("TemplateRuntimeError", "cannot assign attribute on non-namespace object");
    },
    assign: (frame, value) => {
      const namespace = read(frame);
      if (isDict(namespace)) throw new Unsupported("a set block that changes a dict");
      if (!(namespace instanceof Namespace)) throw typeError("object does not support item assignment");
      checkNamespaceName(frame.run, attribute);
      namespace.attributes.set(attribute, value);
    },
  };
}

function unpack(run: Run, value: Value, wanted: number): readonly Value[] {
  if (!iterateOrNull(run, value)) throw typeError(`cannot unpack non-iterable ${typeName(value)} object`);
  const items = toList(run, value);
  if (items.length > wanted) throw valueError(`too many values to unpack (expected ${wanted})`);
  if (items.length < wanted) throw valueError(`not enough values to unpack (expected ${wanted}, got ${items.length})`);
  return items;
}
