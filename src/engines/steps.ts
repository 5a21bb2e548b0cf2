// How many optimizer steps a training has, as transformers' Trainer counts them; the same for every engine.
import type { DatasetFacts } from "../dataset/canonical.js";
import type { Recipe } from "../recipes/schema.js";
import type { DataLayout } from "./contract.js";

/** Null where it depends on tokens (packing). grpo takes whole groups of answers and leaves out what fills no batch. */
export function stepsOf(
  { train, objective, data }: Pick<Recipe, "train" | "objective" | "data">,
  { train: facts }: DatasetFacts,
  layout: DataLayout,
): number | null {
  if (train.max_steps !== undefined) return train.max_steps;
  if (data.packing) return null;
  if (objective.type === "grpo") {
    const perEpoch = Math.max(1, Math.floor((facts.rows * objective.generations) / train.batch_size));
    return Math.ceil(perEpoch * train.epochs);
  }
  const lines = layout === "prompt-completion" ? facts.assistantTurns : facts.rows;
  return Math.ceil(Math.ceil(lines / train.batch_size) * train.epochs);
}
