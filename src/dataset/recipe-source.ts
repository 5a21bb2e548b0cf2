// What a recipe says about its data, as the reader and the check want it. Loads none of the rules: `ft plan` reads rows too, and is to start at once.
import type { Recipe } from "../recipes/schema.js";
import type { CheckInput } from "./check-dataset.js";
import type { DatasetSource } from "./dataset-facts.js";

/** What else a recipe says about the check of its data: paths relative to the recipe's folder. */
export function checkSettings({
  data,
}: Pick<Recipe, "data">): Pick<CheckInput, "rules" | "benchmarks" | "contamination"> {
  const { rules, contamination, contamination_ngram: ngram, contamination_share: share } = data;
  return {
    ...(rules && { rules }),
    ...(contamination && {
      benchmarks: contamination.map((each) => (typeof each === "string" ? { path: each } : each)),
    }),
    contamination: { ...(ngram !== undefined && { ngram }), ...(share !== undefined && { share }) },
  };
}

/** A recipe's data as the reader wants it, once its paths are located (locate-files.ts). */
export function dataSource(
  { data, train, objective }: Pick<Recipe, "data" | "train" | "objective">,
  dir: string,
): DatasetSource {
  const { format, columns, roles } = data;
  const source = {
    dir,
    train: data.train,
    format,
    ...(columns && { columns }),
    ...(roles && { roles }),
    textRows: data.text_rows,
    seed: train.seed,
    objective: objective.type,
  };
  return data.eval === undefined ? { ...source, heldOutFraction: data.eval_fraction } : { ...source, eval: data.eval };
}
