// The engine of a recipe, or why it cannot do what the recipe asks.
import type { Engine } from "../engines/contract.js";
import { loadEngine } from "../engines/index.js";
import { FtError } from "../errors.js";
import type { LoadedRecipe } from "../recipes/load.js";

/** Throws FtError `recipe.unsupported`. */
export async function supportedEngine({ recipe, file }: LoadedRecipe): Promise<Engine> {
  const engine = await loadEngine(recipe.engine.name);
  const reason = engine.unsupported(recipe);
  if (reason === null) return engine;
  throw new FtError({
    code: "recipe.unsupported",
    exit: "recipe",
    message: `${engine.name} ${recipe.engine.version} cannot do this: ${reason}`,
    where: { file },
    next: "change the recipe",
  });
}
