import { join } from "node:path";
import { runsDir } from "../paths.js";
import { memoryKinds } from "../plan/calibration/correct.js";
import { type Estimate, estimateAgain, estimatedAs, readEstimate } from "../plan/calibration/estimate-file.js";
import type { RowLengths } from "../plan/recipe-setting.js";
import type { Recipe } from "../recipes/schema.js";
import { eventsAfter } from "../runs/ingest.js";
import { measureTraining, type TrainingMeasure } from "../runs/measure.js";
import { type MeasuredMemory, storeMeasurement } from "../runs/measurement-store.js";
import { getRun } from "../runs/run-store.js";
import type { Store } from "../store/open.js";
import { storedRecipe } from "./stored-recipe.js";

/** Nothing happens for a run that has not succeeded, or kept no estimate. May be repeated. */
export function recordMeasurement(store: Store, projectDir: string, id: string): void {
  const dir = join(runsDir(projectDir), id);
  const run = getRun(store, id);
  const estimate = readEstimate(dir);
  if (run.state !== "succeeded" || estimate === null) return;
  const recipe = storedRecipe(dir);
  const measure = measureTraining(eventsAfter(store, id, { attempt: 0, seq: 0 }));
  storeMeasurement(store, {
    ...{ run: id, machine: estimate.machine, engine: run.engine.name },
    longestTokens: measure.longestTokens,
    // Packed rows are all as long as the longest.
    sawLongest: recipe.data.packing || (measure.epochs ?? 0) >= 1,
    ...{ trainingMs: measure.trainingMs, tokensPerSecond: measure.tokensPerSecond },
    estimatedTrainingMs: estimate.speed && 1000 * estimate.speed.trainingSeconds,
    estimatedTokensPerSecond: estimate.speed?.tokensPerSecond ?? null,
    usd: estimate.cost && run.endedAt && (estimate.cost.usdHour * (run.endedAt - run.createdAt)) / 3_600_000,
    estimatedUsd: estimate.cost?.usd ?? null,
    memory: measuredMemory(estimate, recipe, measure, realLengths(estimate, measure)),
  });
}

/** As long as they really were, where the trainer told; the mean stays as it was thought. */
function realLengths({ lengths }: Estimate, { longestTokens: longest }: TrainingMeasure): RowLengths | null {
  if (longest === null) return lengths;
  return { longest, mean: Math.min(longest, lengths?.mean ?? longest / 2), heldOut: lengths?.heldOut };
}

/** Of a GPU's training what the GPU held, else the process's memory; [] where nothing was measured. Pure. */
export function measuredMemory(
  estimate: Estimate,
  recipe: Recipe,
  { peaks }: TrainingMeasure,
  lengths: RowLengths | null,
): MeasuredMemory[] {
  const plan = estimateAgain(estimate, recipe, lengths);
  return memoryKinds.flatMap((kind) => {
    const bytes = peaks[kind];
    if (bytes === null || (kind === "rss") !== plan.isCpu) return [];
    const said = estimatedAs(kind, estimate.memory);
    return [{ kind, said, estimated: estimatedAs(kind, plan).mid, counted: plan.counted, measured: toGiB(bytes) }];
  });
}

function toGiB(bytes: number): number {
  return Math.round((bytes / 2 ** 30) * 1000) / 1000;
}
