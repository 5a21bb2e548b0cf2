// The lengths of a recipe's rows, as its engine takes them: by the model's tokenizer where it is here. One way for memory, time and micro_batch: auto.
import type { DatasetFacts } from "../dataset/canonical.js";
import type { DatasetSource } from "../dataset/dataset-facts.js";
import { maskSettings } from "../dataset/masks/mask-settings.js";
import type { DataLayout, RenderInput } from "../engines/contract.js";
import { loadEngine } from "../engines/index.js";
import { FtError } from "../errors.js";
import type { ModelFacts } from "../models/facts.js";
import type { CountTokens, RowSample } from "../plan/time/row-sample.js";
import type { LoadedRecipe } from "../recipes/load.js";
import type { Recipe } from "../recipes/schema.js";
import { renderRecipe } from "./render-recipe.js";

export interface KnownRows {
  loaded: LoadedRecipe;
  model: ModelFacts;
  device: RenderInput["device"];
  dataset: DatasetFacts | null;
  /** Null: the data is not here. */
  source: DatasetSource | null;
}

/** Counts when it is first asked, and keeps what it counted. Null: there are no rows. */
export type CountedRows = () => Promise<RowSample | null>;

export function countedRows(known: KnownRows): CountedRows {
  let counted: Promise<RowSample | null> | undefined;
  return () => (counted ??= sampleRecipe(known));
}

/** As the engine's rendering has it, which refuses overrides that the recipe decides (FtError recipe.overrides). Without rows and overrides it does not matter. */
export async function layoutOf({ loaded, model, dataset, device }: Omit<KnownRows, "source">): Promise<DataLayout> {
  const { name, overrides } = loaded.recipe.engine;
  if (dataset === null && Object.keys(overrides).length === 0) return "messages";
  return renderRecipe(await loadEngine(name), loaded, { model, dataset, device }).layout;
}

/** Throws FtError recipe.overrides, data.*. */
async function sampleRecipe(known: KnownRows): Promise<RowSample | null> {
  const { loaded, model, source, dataset } = known;
  if (source === null || dataset === null || dataset.train.rows === 0) return null;
  const { sampleRows } = await import("../plan/time/row-sample.js");
  const layout = await layoutOf(known);
  const count = model.dir === null ? null : await tokenCounts(loaded.recipe, { ...model, dir: model.dir }, layout);
  return sampleRows(source, { facts: dataset, layout, count });
}

/** Null: the tokenizer cannot be read; the check of the data says what is wrong with it. */
async function tokenCounts(
  recipe: Recipe,
  { dir, template }: ModelFacts & { dir: string },
  layout: DataLayout,
): Promise<CountTokens | null> {
  const { data, engine } = recipe;
  const { loadMaskModel } = await import("../dataset/masks/load-mask-model.js");
  const { rowPredictor } = await import("../dataset/masks/predict-mask.js");
  const turnByTurn = layout === "prompt-completion";
  const settings = { trainOn: data.train_on, maxLength: data.max_length, turnByTurn, ...maskSettings(recipe) };
  try {
    const masks = await loadMaskModel({ dir, template, ...settings });
    const { predict, isGivenUp } = rowPredictor(masks, engine.name);
    return (row) => {
      if (isGivenUp()) return null;
      const prediction = predict(row);
      return "lines" in prediction ? prediction.lines.map(({ ids }) => ids.length) : null;
    };
  } catch (error) {
    if (error instanceof FtError) return null;
    throw error;
  }
}
