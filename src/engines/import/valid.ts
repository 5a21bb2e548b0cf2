// What was translated, made a valid recipe: a key that contradicts others, or has no value a recipe takes, is taken out and told.
import { checkRecipe } from "../../recipes/check-recipe.js";
import { fillDefaults, nothingKnown } from "../../recipes/defaults.js";
import { recipeSchema } from "../../recipes/schema.js";
import { nest, type Values } from "./dialect.js";

export interface TakenOut {
  path: string;
  value: unknown;
  why: string;
}

/** By dotted path. What cannot be mended by leaving keys out (no base, no method) stays as it is. */
export function takeOutInvalid(assigned: Values): { kept: Values; takenOut: TakenOut[] } {
  const kept = { ...assigned };
  const takenOut: TakenOut[] = [];
  for (;;) {
    const found = firstMistake(kept);
    const path = found && writtenPath(found.path, kept);
    if (!found || !path) return { kept, takenOut };
    takenOut.push({ path, value: kept[path], why: found.why });
    delete kept[path];
  }
}

function firstMistake(values: Values): { path: string; why: string } | null {
  const parsed = recipeSchema.safeParse({ name: "imported", ...nest(values) });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const keys = issue!.code === "unrecognized_keys" ? [...issue!.path, issue!.keys[0]!] : issue!.path;
    return { path: keys.map(String).join("."), why: issue!.message };
  }
  const isWritten = (path: string[]) => writtenPath(path.join("."), values) !== null;
  const [contradiction] = checkRecipe(fillDefaults(parsed.data, nothingKnown).recipe, isWritten, nothingKnown);
  return contradiction ? { path: contradiction.path.join("."), why: contradiction.message } : null;
}

/** The assigned key that this path is, or lies in. */
function writtenPath(path: string, values: Values): string | null {
  const at = Object.keys(values).filter(
    (key) => path === key || path.startsWith(`${key}.`) || key.startsWith(`${path}.`),
  );
  return at[0] ?? null;
}
