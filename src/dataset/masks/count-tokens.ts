// How many tokens a row takes as it is trained: of several sequences (a pair, a turn each) the longest.
import type { CanonicalRow } from "../canonical.js";
import type { CheckModel } from "../check-dataset.js";
import { TemplateRefusal } from "../template/compile.js";
import { loadMaskModel } from "./load-mask-model.js";
import { maskRow } from "./mask-row.js";

/** A row that the template refuses, or that needs a template where there is none, counts 0. @throws FtError model.*, template.* */
export async function tokenCounter(model: CheckModel): Promise<(row: CanonicalRow) => number> {
  const masks = await loadMaskModel(model);
  return (row) => {
    if (row.kind !== "text" && !masks.render) return 0;
    try {
      return maskRow(row, masks).reduce((most, { ids }) => Math.max(most, ids.length), 0);
    } catch (error) {
      if (error instanceof TemplateRefusal) return 0;
      throw error;
    }
  };
}
