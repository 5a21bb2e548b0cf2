// Whether the keys of a sweep are keys of a recipe, and may differ between trials that are compared; and whether their values can be.
import { FtError, type Problem } from "../../errors.js";
import { type LoadOptions, schemaProblems } from "../../recipes/load.js";
import { isRecipeKey, nearestRecipeKey } from "../../recipes/recipe-keys.js";
import { setOf, shower } from "./planned-trial.js";
import { isRange, type Space, type Value } from "./space.js";
import type { SweepMethod, SweepSettings } from "./sweep-settings.js";

const sameForAll: Record<string, string> = {
  name: "all trials are versions of one adapter line",
  hub: "a sweep pushes nothing; `ft adapters push` pushes its best",
  eval: "trials that are measured in different ways cannot be compared",
  "data.eval": "trials that are measured on different rows cannot be compared",
  "data.eval_fraction": "trials that are measured on different rows cannot be compared",
  gate: "it is no part of what is trained",
  alerts: "it is no part of what is trained",
  "compute.on": "a sweep runs in one place: --on",
  "compute.budget": "it is no part of what is trained",
};

const lengths = ["train.max_steps", "train.epochs"];

/** Throws FtError sweep.invalid (exit recipe) with everything that is wrong. */
export function checkKeys(space: Space, method: SweepMethod, isArray: boolean): void {
  const problems = Object.keys(space).flatMap((key): Problem[] => {
    if (!isRecipeKey(key)) {
      const near = nearestRecipeKey(key);
      return [
        {
          message: `unknown key ${key}`,
          fix: near ? `did you mean ${near}?` : "`ft recipe show --resolved` shows them",
        },
      ];
    }
    const fixed = Object.entries(sameForAll).find(([name]) => key === name || key.startsWith(`${name}.`));
    if (fixed) return [{ message: `${key} must be the same for all trials`, fix: fixed[1] }];
    if (method === "halving" && lengths.includes(key))
      return [{ message: `${key} is what method halving changes`, fix: "leave it out, or use method grid or random" }];
    if (isArray && key.startsWith("compute."))
      return [
        { message: `${key} must be the same for all tasks of a job array`, fix: "leave it out, or leave out --array" },
      ];
    return [];
  });
  if (problems.length > 0) throw invalid(problems);
}

/**
 * Each value of a list and both ends of a range by themselves, in place of what the first trial has. What only a combination
 * makes wrong is a matter of that trial. Throws FtError sweep.invalid, and as loadRecipe does.
 */
export function checkValues(settings: SweepSettings, options: LoadOptions, first: readonly string[]): void {
  const show = shower(settings);
  const problems = Object.entries(settings.keys).flatMap(([key, choices]) => {
    const values: Value[] = isRange(choices) ? [choices.min, choices.max] : choices;
    return values.flatMap((value) => {
      const set = setOf(key, value);
      return schemaProblems(settings.recipe, { ...options, tried: { sets: [...first, set], show } }).filter(
        ({ where }) => where?.file === show(set),
      );
    });
  });
  if (problems.length > 0) throw invalid(problems);
}

function invalid(problems: Problem[]): FtError {
  return new FtError({
    code: "sweep.invalid",
    exit: "recipe",
    message: `the sweep's keys have ${problems.length === 1 ? "a mistake" : `${problems.length} mistakes`}`,
    problems: problems.slice(0, 20),
    next: "mend them and repeat; nothing was started",
  });
}
