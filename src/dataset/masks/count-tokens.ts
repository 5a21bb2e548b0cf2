// How many tokens a row takes as it is trained: of several sequences (a pair, a turn each) the longest.
import type { CanonicalRow } from "../canonical.js";
import type { CheckModel } from "../check-dataset.js";
import { loadMaskModel } from "./load-mask-model.js";
import { predictMask } from "./predict-mask.js";

/** A row that the template refuses counts 0. @throws FtError model.*, template.* */
export async function tokenCounter(model: CheckModel): Promise<(row: CanonicalRow) => number> {
  const masks = await loadMaskModel(model);
  return (row) => {
    const prediction = predictMask(row, masks, model.engine);
    return "lines" in prediction ? prediction.lines.reduce((most, { ids }) => Math.max(most, ids.length), 0) : 0;
  };
}
