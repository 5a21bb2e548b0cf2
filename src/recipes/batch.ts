// How an optimizer step's rows are cut into forward passes; the same for every engine.
import type { Recipe } from "./schema.js";

/** Rows in one forward pass when the recipe does not say: small enough for a small machine. */
const defaultMicroBatch = 8;

export interface Batch {
  /** Rows per forward pass and GPU. */
  micro: number;
  /** Forward passes per step. micro x accumulation x GPUs that hold different rows = train.batch_size. */
  accumulation: number;
}

/** GPUs that share one sequence (context_parallel) hold the same rows. */
export function batchOf({ train, compute }: Pick<Recipe, "train" | "compute">): Batch {
  const replicas = Math.max(1, compute.gpus / compute.context_parallel);
  const rows = train.batch_size / replicas;
  const micro = givenMicroBatch(train) ?? largestDivisor(rows, defaultMicroBatch);
  return { micro, accumulation: rows / micro };
}

/** Undefined: left to ft; "auto" too, until the GPU is known (pipeline/auto-micro-batch.ts). */
export function givenMicroBatch({ micro_batch }: Pick<Recipe["train"], "micro_batch">): number | undefined {
  return micro_batch === "auto" ? undefined : micro_batch;
}

function largestDivisor(of: number, atMost: number): number {
  let divisor = Math.min(of, atMost);
  while (of % divisor !== 0) divisor--;
  return divisor;
}
