// What the trials of a sweep are judged by: a figure of the run's own evaluation on the held-out rows.
import { FtError } from "../../errors.js";
import { nearest } from "../../nearest.js";
import type { Recipe } from "../../recipes/schema.js";

export type Goal = "minimize" | "maximize";

export interface SweepMetric {
  /** As in the comparison of a run (src/eval/comparison.ts). */
  name: string;
  goal: Goal;
  /** Where it comes from, for a person. */
  why: string;
}

const goals: Record<string, Goal> = {
  loss: "minimize",
  perplexity: "minimize",
  exact_match: "maximize",
  json_valid: "maximize",
  preference_accuracy: "maximize",
  reward: "maximize",
};

/** What trainers call the loss on held-out rows. */
const synonyms: Record<string, string> = { eval_loss: "loss" };

/** Without `asked`: the first of the recipe's eval.metrics. Throws FtError sweep.metric (usage), sweep.no-held-out (recipe). */
export function sweepMetric(
  recipe: Recipe,
  asked: { metric?: string | undefined; goal?: Goal | undefined },
): SweepMetric {
  if (!recipe.data.eval && recipe.data.eval_fraction === 0) throw nothingHeldOut();
  const name = asked.metric === undefined ? recipe.eval.metrics[0]! : (synonyms[asked.metric] ?? asked.metric);
  const usual = goals[name];
  if (usual === undefined) throw unknown(name, recipe);
  if (!isMeasured(recipe, name)) throw notMeasured(name, recipe);
  return {
    name,
    goal: asked.goal ?? usual,
    why: asked.metric === undefined ? "the first of the recipe's eval.metrics" : "as asked",
  };
}

export function isMeasured({ eval: { metrics } }: Pick<Recipe, "eval">, name: string): boolean {
  return (metrics as string[]).includes(name === "perplexity" ? "loss" : name);
}

function nothingHeldOut(): FtError {
  return new FtError({
    code: "sweep.no-held-out",
    exit: "recipe",
    message: "the recipe holds no rows out, so nothing says which trial is best",
    next: "name a file in data.eval, or set data.eval_fraction above 0",
  });
}

function unknown(name: string, { eval: { metrics } }: Recipe): FtError {
  const near = nearest(name, Object.keys(goals));
  return new FtError({
    code: "sweep.metric",
    exit: "usage",
    message: `there is no metric ${name}`,
    next: `${near ? `did you mean ${near}? ` : ""}the recipe measures ${metrics.join(", ")}`,
  });
}

function notMeasured(name: string, { eval: { metrics } }: Recipe): FtError {
  return new FtError({
    code: "sweep.metric",
    exit: "usage",
    message: `the recipe does not measure ${name}`,
    why: `its eval.metrics are ${metrics.join(", ")}`,
    next: "add it to eval.metrics, or choose one of these",
  });
}
