// Where a key of the recipe stands: file, line, column, or the --set that gave it.
import { type Document, isMap, isNode, isScalar, type LineCounter } from "yaml";
import type { Place } from "../errors.js";
import type { SetChange } from "./apply-sets.js";

/** A recipe file, read. */
export interface RecipeFile {
  /** Absolute. */
  path: string;
  /** As the person named it. */
  file: string;
  document: Document;
  lines: LineCounter;
}

export interface RecipeSource {
  /** The recipe's file, then those that it extends. Not empty. */
  chain: RecipeFile[];
  changes: SetChange[];
  /** All of them merged. */
  values: unknown;
}

/** Of the key itself where it is written (the nearest file wins), else of the nearest key above it. The last `--set` wins, as it does for the value. */
export function locate({ chain, changes }: RecipeSource, path: readonly PropertyKey[]): Place {
  const keys = path.map(String);
  const startsWith = (long: string[], short: string[]) => short.every((key, index) => key === long[index]);
  const isWritten = chain.some(({ document }) => keyOffset(document, keys) !== undefined);
  const change = changes.findLast(({ path: set }) => startsWith(keys, set) || (!isWritten && startsWith(set, keys)));
  if (change) return { file: change.shown };
  for (let length = keys.length; length > 0; length--) {
    for (const { document, lines, file } of chain) {
      const offset = keyOffset(document, keys.slice(0, length));
      if (offset === undefined) continue;
      const { line, col } = lines.linePos(offset);
      return { file, line, column: col };
    }
  }
  return { file: chain[0]!.file };
}

function keyOffset(document: Document, path: string[]): number | undefined {
  const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
  const last = path.at(-1)!;
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === last);
    return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
  }
  const node = document.getIn(path, true);
  return isNode(node) ? node.range?.[0] : undefined;
}
