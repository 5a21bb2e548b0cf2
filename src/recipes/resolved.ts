// A recipe as one would have to write it to get the same without any default: what `ft recipe show --resolved` prints and `ft recipe diff` compares.
import { checkRecipe } from "./check-recipe.js";
import { nothingKnown } from "./defaults.js";
import type { LoadedRecipe } from "./load.js";

export type Tree = { [key: string]: unknown };

/** Keys that the recipe never reads (rank with method full) are left out, so that it loads again. */
export function resolvedValues({ recipe, isWritten }: Pick<LoadedRecipe, "recipe" | "isWritten">): Tree {
  const values = structuredClone(recipe) as unknown as Tree;
  for (const { path } of checkRecipe(recipe, () => true, nothingKnown)) {
    if (!isWritten(path)) remove(values, path);
  }
  const { train, format } = recipe.data;
  const isPlain = train.every((source) => source.weight === 1 && source.format === format);
  if (isPlain) (values.data as Tree).train = train.length === 1 ? train[0]!.path : train.map(({ path }) => path);
  return values;
}

/** Every leaf by its dotted key; lists are leaves. */
export function flatten(values: Tree, prefix = ""): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const name = `${prefix}${key}`;
    if (typeof value !== "object" || value === null || Array.isArray(value)) leaves.set(name, value);
    else for (const [inner, leaf] of flatten(value as Tree, `${name}.`)) leaves.set(inner, leaf);
  }
  return leaves;
}

export interface Difference {
  key: string;
  /** Undefined: not there. */
  a: unknown;
  b: unknown;
}

/** What differs, in the order of the first recipe's keys. */
export function differences(a: Tree, b: Tree): Difference[] {
  const [left, right] = [flatten(a), flatten(b)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((key) => ({ key, a: left.get(key), b: right.get(key) }))
    .filter((each) => JSON.stringify(each.a) !== JSON.stringify(each.b));
}

function remove(values: Tree, path: string[]): void {
  const parent = path.slice(0, -1).reduce<unknown>((at, key) => (at as Tree | undefined)?.[key], values);
  if (typeof parent === "object" && parent !== null) delete (parent as Tree)[path.at(-1)!];
}
