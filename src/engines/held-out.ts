// Whether an engine evaluates while it trains; the same for every engine.
import type { RenderInput } from "./contract.js";

/** True also while the data was not read. */
export function hasHeldOut({ dataset }: Pick<RenderInput, "dataset">): boolean {
  return dataset === null || (dataset.eval?.rows ?? 0) > 0;
}

export function heldOutNotes(input: Pick<RenderInput, "recipe" | "dataset">): string[] {
  const isIdle = input.recipe.train.eval_every !== undefined && !hasHeldOut(input);
  return isIdle ? ["no rows are held out, so train.eval_every computes nothing"] : [];
}
