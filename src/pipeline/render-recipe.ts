// A recipe's rendering by its engine, with mistakes in engine.overrides at their place in the recipe.
import type { Engine, RenderInput, Rendering } from "../engines/contract.js";
import { FtError } from "../errors.js";
import type { LoadedRecipe } from "../recipes/load.js";

/** The rendering; a mistake in engine.overrides is told with its place in the recipe. */
export function renderRecipe(engine: Engine, loaded: LoadedRecipe, input: Omit<RenderInput, "recipe">): Rendering {
  try {
    return engine.render({ ...input, recipe: loaded.recipe });
  } catch (error) {
    if (!(error instanceof FtError) || error.code !== "recipe.overrides") throw error;
    const { message, next } = error;
    const problems = error.problems.map((problem) => {
      const [key = ""] = /^engine\.overrides[\w.]*/.exec(problem.message) ?? [];
      return { ...problem, where: loaded.whereIs(key.split(".")) };
    });
    throw new FtError({ code: error.code, exit: error.exit, message, problems, ...(next ? { next } : {}) });
  }
}
