// `--set train.epochs=2`: changes a recipe document before it is checked.
import { type Document, isScalar, parse } from "yaml";
import { FtError } from "../errors.js";
import { alternativeTo, shortForms } from "./spellings.js";

/** One `--set`, taken apart. */
export interface SetChange {
  /** As messages call it: `--set train.epochs=2`. */
  shown: string;
  path: string[];
}

/** Changes `document` in place. `show`: what messages call one. @throws FtError usage.set */
export function applySets(document: Document, sets: string[], show = (typed: string) => `--set ${typed}`): SetChange[] {
  return sets.map((typed) => {
    const shown = show(typed);
    const [, key, text] = /^([A-Za-z_][\w-]*(?:\.[\w-]+)*)=(.*)$/s.exec(typed) ?? [];
    if (key === undefined || text === undefined) throw malformed(shown);
    const path = key.split(".");
    lengthenShortForm(document, path);
    const value = document.createNode(parseValue(shown, text));
    const replaced = alternativeTo(path);
    try {
      document.setIn(path, value);
      if (replaced && document.hasIn(replaced)) document.deleteIn(replaced);
    } catch {
      throw notAMap(shown, path);
    }
    return { shown, path };
  });
}

/** A change below a key that is written short needs the long form. */
function lengthenShortForm(document: Document, path: string[]): void {
  const inner = shortForms[path[0]!];
  if (!inner || path.length < 2) return;
  const node = document.getIn([path[0]!], true);
  if (isScalar(node) && typeof node.value === "string")
    document.setIn([path[0]!], document.createNode({ [inner]: node.value }));
}

/** The value is YAML: 2 is a number, true a boolean, [a, b] a list, anything else text. */
function parseValue(shown: string, text: string): unknown {
  try {
    return parse(text);
  } catch {
    throw malformed(shown);
  }
}

function notAMap(shown: string, path: string[]): FtError {
  return new FtError({
    code: "usage.set",
    exit: "usage",
    message: `${shown} names a key below ${path.slice(0, -1).join(".")}, which has none`,
    next: "for example: --set train.epochs=2 --set method.rank=32",
  });
}

function malformed(shown: string): FtError {
  return new FtError({
    code: "usage.set",
    exit: "usage",
    message: `${shown} is not of the form key.key=value`,
    next: "for example: --set train.epochs=2 --set method.rank=32",
  });
}
