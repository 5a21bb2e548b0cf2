// A trial before it runs: its values as `--set` takes them, and the recipe that they make.
import { FtError } from "../../errors.js";
import { type LoadedRecipe, type LoadOptions, loadRecipe } from "../../recipes/load.js";
import type { Budget } from "./halving.js";
import type { Value } from "./space.js";
import type { SweepSettings } from "./sweep-settings.js";
import type { Values } from "./trials.js";

type TriedKeys = Pick<SweepSettings, "recipe" | "keys" | "flagKeys">;

export interface PlannedTrial {
  /** Counts from 1; in halving a trial keeps it through the rungs. */
  number: number;
  /** Counts from 1; always 1 but in halving. */
  rung: number;
  values: Values;
  /** How long it trains, where that is not the recipe's own matter. */
  budget: Budget | null;
  /** What makes the sweep's recipe this trial's. */
  sets: string[];
  /** The recipe, or why its values cannot go together. */
  recipe: { loaded: LoadedRecipe } | { refused: FtError };
}

/** Throws FtError recipe.missing and the like, which no other trial would mend. */
export function plannedTrial(
  trial: Pick<PlannedTrial, "number" | "rung" | "values" | "budget">,
  { settings, options }: { settings: TriedKeys; options: LoadOptions },
): PlannedTrial {
  const sets = setsOf(trial.values, trial.budget);
  try {
    const loaded = loadRecipe(settings.recipe, { ...options, tried: { sets, show: shower(settings) } });
    return { ...trial, sets, recipe: { loaded } };
  } catch (error) {
    if (!(error instanceof FtError) || error.code !== "recipe.invalid") throw error;
    return { ...trial, sets, recipe: { refused: error } };
  }
}

export function setsOf(values: Values, budget: Budget | null): string[] {
  const sets = Object.entries(values).map(([key, value]) => setOf(key, value));
  return budget === null
    ? sets
    : [...sets, `train.${budget.unit === "steps" ? "max_steps" : "epochs"}=${budget.amount}`];
}

/** What messages call a value that is tried, by where the person wrote its key. */
export function shower({ keys, flagKeys }: TriedKeys): (set: string) => string {
  return (set) => {
    const key = set.slice(0, set.indexOf("="));
    if (flagKeys.includes(key)) return `--key ${set}`;
    return key in keys ? `keys: ${set}` : `a rung's ${set}`;
  };
}

/** JSON is YAML; no value leaves the key to ft. */
export function setOf(key: string, value: Value): string {
  return `${key}=${value === null ? "" : JSON.stringify(value)}`;
}

/** In one sentence, with what is wrong in it. */
export function reasonOf({ message, why, problems }: FtError): string {
  const details = problems.map((problem) => problem.message);
  if (details.length > 0) return details.join("; ");
  return why ? `${message} (${why})` : message;
}
