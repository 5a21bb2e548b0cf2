// The data of a recipe, checked with what is known of its model; used by `ft run`, `ft data check` and `ft render`.
import { type CheckModel, type CheckProgress, type CheckReport, checkDataset } from "../dataset/check-dataset.js";
import type { DatasetSource } from "../dataset/dataset-facts.js";
import { maskSettings } from "../dataset/masks/mask-settings.js";
import { checkSettings } from "../dataset/recipe-source.js";
import { FtError } from "../errors.js";
import type { ModelFacts } from "../models/facts.js";
import type { LoadedRecipe } from "../recipes/load.js";

/** `source`: located. `model.dir` null: the rules that need a tokenizer are left out, and the report says so. */
export function checkRecipeData(
  { recipe }: LoadedRecipe,
  source: DatasetSource,
  model: ModelFacts | null,
  onProgress?: (progress: CheckProgress) => void,
): Promise<CheckReport> {
  const checkModel: CheckModel | null = model?.dir
    ? {
        dir: model.dir,
        template: model.template,
        maxLength: recipe.data.max_length,
        trainOn: recipe.data.train_on,
        engine: recipe.engine.name,
        ...maskSettings(recipe),
      }
    : null;
  return checkDataset({
    ...source,
    ...checkSettings(recipe),
    model: checkModel,
    whyNoModel: "the recipe's model is not on this machine yet; `ft run` fetches it and checks again",
    ...(onProgress ? { onProgress } : {}),
  });
}

/** Throws FtError `data.invalid` (exit data) with the first findings when any of them is an error. */
export function refuseBadData(report: CheckReport): void {
  if (report.ok) return;
  const errors = report.findings.filter(({ severity }) => severity === "error");
  throw new FtError({
    code: "data.invalid",
    exit: "data",
    message: `the data has ${errors.length} ${errors.length === 1 ? "error" : "errors"}`,
    problems: errors.slice(0, shownProblems).map(({ rule, file, line, message, fix }) => ({
      message: `${rule} ${message}`,
      where: { file, line },
      ...(fix === undefined ? {} : { fix }),
    })),
    next: "`ft data check` shows them all",
  });
}

const shownProblems = 5;
