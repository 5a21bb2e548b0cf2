// A recipe that ft itself wrote or holds in memory: checked against the schema and closed, with no file to point at.
import { fillDefaults, nothingKnown } from "./defaults.js";
import { type Recipe, recipeSchema } from "./schema.js";

/** Throws ZodError: it is ft's own fault then. */
export function parseRecipe(values: unknown): Recipe {
  return fillDefaults(recipeSchema.parse(values), nothingKnown).recipe;
}
