// The recipe of a run, as its folder keeps it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { parseRecipe } from "../recipes/parse.js";
import type { Recipe } from "../recipes/schema.js";

/** Throws FtError recipe.* for one that this ft does not read. */
export function storedRecipe(jobDir: string): Recipe {
  const stored = parse(readFileSync(join(jobDir, "recipe.yaml"), "utf8")) as { compute?: { launcher?: unknown } };
  delete stored.compute?.launcher; // of the first ft, which knew this machine alone
  return parseRecipe(stored);
}
