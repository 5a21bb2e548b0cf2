// `ft recipe`: looking at recipes without running them.
import type { Command } from "commander";
import type { CommandContext } from "./program.js";
import { registerDiff } from "./recipe/diff.js";
import { registerExplain } from "./recipe/explain.js";
import { registerLs } from "./recipe/ls.js";
import { registerShow } from "./recipe/show.js";

export function registerRecipe(program: Command, context: CommandContext): void {
  const recipe = program
    .command("recipe")
    .description("look at recipes: what they resolve to, why, and how two differ");
  registerShow(recipe, context);
  registerExplain(recipe, context);
  registerDiff(recipe, context);
  registerLs(recipe, context);
}
