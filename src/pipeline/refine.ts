// A recipe's open keys, chosen by what is known of its model, data and machine without any network.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { DatasetFacts } from "../dataset/canonical.js";
import { datasetFacts } from "../dataset/dataset-facts.js";
import { dataSource } from "../dataset/snapshot.js";
import type { RenderInput } from "../engines/contract.js";
import { detectDevice } from "../engines/machine.js";
import { describeModel } from "../models/describe.js";
import type { ModelFacts } from "../models/facts.js";
import { type ResolvedModel, resolveModel } from "../models/resolve.js";
import type { Env } from "../paths.js";
import type { ChoiceFacts } from "../recipes/defaults.js";
import { type LoadedRecipe, refineDefaults } from "../recipes/load.js";
import { readLockEntry } from "./project-lock.js";
import { renderingDevice } from "./training-device.js";

export interface KnownRecipe {
  loaded: LoadedRecipe;
  resolved: ResolvedModel;
  model: ModelFacts;
  device: RenderInput["device"];
  /** Null when a training file is not here. */
  dataset: DatasetFacts | null;
}

/** Throws FtError recipe.*, model.*, env.no-device, data.* (a data file that is there but cannot be used). */
export async function refineRecipe(loaded: LoadedRecipe, env: Env): Promise<KnownRecipe> {
  const { recipe, dir } = loaded;
  const resolved = resolveRecipeModel(loaded, env);
  const model = await describeModel(resolved, { template: recipe.model.template, cwd: dir, env });
  const device = renderingDevice(recipe, await detectDevice(env));
  const isHere = recipe.data.train.every(({ path }) => existsSync(resolve(dir, path)));
  const dataset = isHere ? await datasetFacts(dataSource(recipe, dir)) : null;
  return { loaded: refineDefaults(loaded, choiceFacts(model, dataset, device)), resolved, model, device, dataset };
}

/** A hub model is taken at the revision that the recipe names, else at the locked one, else at the newest. */
export function resolveRecipeModel(loaded: LoadedRecipe, env: Env): ResolvedModel {
  const { recipe, dir } = loaded;
  const { base, revision } = recipe.model;
  const resolved = resolveModel(base, { cwd: dir, env, revision });
  if (resolved.source !== "hub" || revision !== undefined || loaded.ignoresLock) return resolved;
  const locked = readLockEntry(loaded)?.base;
  return locked?.asked === base ? { ...resolved, revision: locked.revision } : resolved;
}

export function choiceFacts(
  model: Pick<ModelFacts, "paramsB" | "maxContext">,
  dataset: DatasetFacts | null,
  device: RenderInput["device"] | null,
): ChoiceFacts {
  return {
    paramsB: model.paramsB,
    maxContext: model.maxContext,
    device: device?.kind ?? null,
    rows: dataset?.train.rows ?? null,
    longestChars: dataset?.train.longestChars ?? null,
  };
}
