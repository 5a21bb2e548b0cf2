// A recipe as the recipe commands want it: loaded, or with everything that is known here filled in.
import type { KnownRecipe } from "../../pipeline/refine.js";
import type { Io } from "../io.js";

/** `file` is relative to where the person stands, or the name of a built-in recipe. */
export async function knownRecipe(io: Io, file: string, sets: string[] = []): Promise<KnownRecipe> {
  const { loadRecipe } = await import("../../recipes/load.js");
  const { refineRecipe } = await import("../../pipeline/refine.js");
  const { targetOrHere } = await import("../../pipeline/target-there.js");
  const { builtInRecipes } = await import("../../recipes/built-in.js");
  const builtIn = builtInRecipes().find(({ name }) => name === file);
  return refineRecipe(loadRecipe(builtIn?.file ?? file, { cwd: io.cwd, env: io.env, sets }), io.env, {
    askTarget: targetOrHere,
  });
}
