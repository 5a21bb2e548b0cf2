// Why a run ended without an evaluation, in words for its summary.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { runsDir } from "../paths.js";
import { parseRecipe } from "../recipes/parse.js";

/** Null when the run was to be evaluated: its job has items. */
export function whyNotEvaluated(projectDir: string, run: string): string | null {
  const dir = join(runsDir(projectDir), run);
  const recipeFile = join(dir, "recipe.yaml");
  if (!existsSync(recipeFile) || existsSync(join(dir, "eval/items.jsonl"))) return null;
  const { data } = parseRecipe(parse(readFileSync(recipeFile, "utf8")));
  if (data.eval !== undefined) return "data.eval has no rows";
  if (data.eval_fraction === 0) return "data.eval_fraction is 0 and there is no data.eval, so no rows are held out";
  return "the rows are too few, or too like each other, to hold any out: name a file in data.eval";
}
