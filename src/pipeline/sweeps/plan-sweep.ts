// What a sweep will do, before anything is started: its trials, its rungs, and what they are judged by.
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { FtError } from "../../errors.js";
import type { LoadedRecipe, LoadOptions } from "../../recipes/load.js";
import { canonicalJson } from "../../recipes/lock-file.js";
import { refineRecipe } from "../refine.js";
import { checkKeys, checkValues } from "./check-space.js";
import { type Rung, rungsOf } from "./halving.js";
import { type PlannedTrial, plannedTrial, setsOf } from "./planned-trial.js";
import { isRange } from "./space.js";
import { isMeasured, type SweepMetric, sweepMetric } from "./sweep-metric.js";
import type { SweepMethod, SweepSettings } from "./sweep-settings.js";
import { requireArrays } from "./trial-array.js";
import { gridTrials, randomTrials, type Values } from "./trials.js";

export interface SweepPlan {
  /** The recipe's name and a hash of what the sweep is: the same command goes on with the same sweep. */
  id: string;
  /** As `loadRecipe` takes it. */
  recipe: string;
  /** Of the recipe: .ft lies in it. */
  projectDir: string;
  method: SweepMethod;
  settings: SweepSettings;
  metric: SweepMetric;
  /** Of halving; null: every trial trains as its recipe says. */
  rungs: Rung[] | null;
  /** All of them, or the first rung's. */
  trials: PlannedTrial[];
  /** For later rungs. Values that went together once do so again. */
  trialOf(trial: Pick<PlannedTrial, "number" | "rung" | "values">): PlannedTrial;
}

const defaultTrials = 10;
const mostOfGrid = 256;

/**
 * No network, nothing written. Throws FtError: sweep.* and usage.* for a sweep that cannot be, recipe.* when no trial's recipe can be.
 */
export async function planSweep(settings: SweepSettings, options: LoadOptions): Promise<SweepPlan> {
  const { recipe, keys } = settings;
  const method = settings.method ?? (Object.values(keys).some(isRange) ? "random" : "grid");
  checkKeys(keys, method, settings.array);
  const all = valuesOf(method, settings);
  checkValues(settings, options, setsOf(all[0]!, null));
  const given = { settings, options };
  const usable = firstUsable(
    all.map((values, index) => plannedTrial({ number: index + 1, rung: 1, values, budget: null }, given)),
  );
  if (settings.array) await requireArrays(usable.recipe, options.env);
  const metric = sweepMetric(usable.recipe, settings);
  const rungs = method === "halving" ? await rungsFor(all.length, settings, usable, options) : null;
  const trialOf: SweepPlan["trialOf"] = (trial) =>
    measured(plannedTrial({ ...trial, budget: rungs?.[trial.rung - 1]?.budget ?? null }, given), metric);
  const what = {
    recipe: basename(recipe),
    sets: options.sets ?? [],
    keys,
    method,
    metric,
    seed: settings.seed,
    trials: all.length,
    rungs,
  };
  return {
    id: `${usable.recipe.name}-${createHash("sha256").update(canonicalJson(what)).digest("hex").slice(0, 8)}`,
    ...{ recipe, projectDir: usable.dir, method, settings, metric, rungs },
    trials: all.map((values, index) => trialOf({ number: index + 1, rung: 1, values })),
    trialOf,
  };
}

function valuesOf(method: SweepMethod, { keys, trials, seed, halving }: SweepSettings): Values[] {
  if (method === "grid") return gridTrials(keys, trials ?? mostOfGrid);
  const usual = method === "halving" ? (halving?.factor ?? 3) ** 2 : defaultTrials;
  return randomTrials(keys, { count: trials ?? usual, seed });
}

/** Throws the first trial's failure when none can be. */
function firstUsable(trials: PlannedTrial[]): LoadedRecipe {
  for (const { recipe } of trials) if ("loaded" in recipe) return recipe.loaded;
  throw (trials[0]!.recipe as { refused: FtError }).refused;
}

async function rungsFor(
  trials: number,
  { halving }: SweepSettings,
  loaded: LoadedRecipe,
  { env }: LoadOptions,
): Promise<Rung[]> {
  const { steps, epochs, factor = 3 } = halving ?? {};
  const { max_steps: ownSteps } = loaded.recipe.train;
  const unit = steps !== undefined || (epochs === undefined && ownSteps !== undefined) ? "steps" : "epochs";
  const first = steps ?? epochs ?? null;
  const whole = first === null ? (ownSteps ?? (await epochsOf(loaded, env))) : 0;
  return rungsOf({ trials, factor, unit, first, whole });
}

/** ft chooses open epochs by the number of rows. */
async function epochsOf(loaded: LoadedRecipe, env: LoadOptions["env"]): Promise<number> {
  const known = await refineRecipe(loaded, env);
  if (known.dataset !== null || loaded.isWritten(["train", "epochs"])) return known.loaded.recipe.train.epochs;
  throw new FtError({
    code: "sweep.no-length",
    exit: "recipe",
    message: "how long a trial trains is not known before the data is here",
    next: "set train.epochs or train.max_steps in the recipe, or the first rung's: --rung-epochs, --rung-steps",
  });
}

/** A trial whose recipe measures something else (another objective) cannot be ranked. */
function measured(trial: PlannedTrial, { name }: SweepMetric): PlannedTrial {
  if ("refused" in trial.recipe || isMeasured(trial.recipe.loaded.recipe, name)) return trial;
  const refused = new FtError({ code: "sweep.metric", exit: "recipe", message: `its recipe does not measure ${name}` });
  return { ...trial, recipe: { refused } };
}
