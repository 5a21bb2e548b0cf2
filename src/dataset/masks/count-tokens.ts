// How many tokens a row takes as it is trained: of several sequences (a pair, a turn each) the longest.
import { FtError } from "../../errors.js";
import type { CanonicalRow } from "../canonical.js";
import type { CheckModel } from "../check-dataset.js";
import type { DatasetSource } from "../dataset-facts.js";
import { asTrained } from "./as-trained.js";
import { loadMaskModel } from "./load-mask-model.js";
import { mostCostly } from "./mask-model.js";
import { rowPredictor } from "./predict-mask.js";

/** A row that the template refuses counts 0. @throws FtError model.*, template.*; the function template.too-costly, when it is for a few rows */
export async function tokenCounter(model: CheckModel, source: DatasetSource): Promise<(row: CanonicalRow) => number> {
  const masks = await loadMaskModel(await asTrained(model, source));
  const { predict, isGivenUp } = rowPredictor(masks, model.engine);
  return (row) => {
    const prediction = predict(row);
    if (isGivenUp()) throw tooCostly();
    return "lines" in prediction ? prediction.lines.reduce((most, { ids }) => Math.max(most, ids.length), 0) : 0;
  };
}

function tooCostly(): FtError {
  return new FtError({
    code: "template.too-costly",
    exit: "recipe",
    message: `the chat template was stopped for ${mostCostly} rows: it takes more than a chat can need`,
    next: "look for a loop that never ends in the template, or choose another one",
  });
}
