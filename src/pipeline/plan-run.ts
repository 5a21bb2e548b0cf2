// `ft run --dry-run`: what a run would do, as one serialisable object. No network, nothing written.

import type { CheckReport } from "../dataset/check-dataset.js";
import type { RenderInput, Rendering } from "../engines/contract.js";
import { listEnvironments } from "../engines/env/list-environments.js";
import { requirePackages } from "../engines/env/needs.js";
import { loadEngine } from "../engines/index.js";
import { stepsOf } from "../engines/steps.js";
import { resolveTarget } from "../launchers/targets.js";
import { findHubId } from "../models/catalogue.js";
import type { Env } from "../paths.js";
import type { MemoryPlan } from "../plan/memory-plan.js";
import type { LoadedRecipe } from "../recipes/load.js";
import { readLock } from "../recipes/lock-file.js";
import type { Recipe } from "../recipes/schema.js";
import { checkRecipeData, refuseBadData } from "./check-recipe-data.js";
import { countedLengths, fitHere, refuseUnfit } from "./fit-here.js";
import { locateData } from "./locate-data.js";
import { refineRecipe } from "./refine.js";
import { renderKnown } from "./render-only.js";
import { estimateHere, type HardwareEstimate, refuseOverBudget } from "./run-estimate.js";
import type { Surveyed } from "./survey.js";
import { targetThere } from "./target-there.js";
import { trainingDevice } from "./training-device.js";

export interface RunPlan {
  name: string;
  recipe: Recipe;
  model: { asked: string; id: string; revision: string | null; here: boolean; gated: boolean; notice: string | null };
  engine: { name: string; version: string; environmentHere: boolean };
  device: RenderInput["device"];
  data: { trainRows: number; evalRows: number; formats: CheckReport["formats"]; counts: CheckReport["counts"] };
  /** Optimizer steps; null where they depend on tokens (packing). */
  steps: number | null;
  /** Null: not known without a request. */
  memory: MemoryPlan | null;
  /** What it takes besides, on the hardware here; null: likewise. */
  estimate: HardwareEstimate | null;
  rendering: Rendering;
}

/** `there`: what its target answered, where it was asked already. Throws what `ft run` would throw before it fetches anything. */
export async function planRun(
  written: LoadedRecipe,
  { env, now, there = null }: { env: Env; now: number; there?: Surveyed | null },
  { ignoreFit = false, ignoreBudget = false } = {},
): Promise<RunPlan> {
  resolveTarget(written.recipe.compute.on, env); // a name that is no target is told before the data is read
  const locked = await readLock(written.file);
  const source = await locateData(written, { env, locked, offline: true, onProgress: () => undefined });
  refuseBadData(await checkRecipeData(written, source, null));
  const askTarget = there ? async () => ({ ...there, silence: null }) : targetThere;
  const known = await refineRecipe(written, env, { deviceOf: trainingDevice, askTarget });
  const { loaded, model, device } = known;
  const { recipe } = loaded;
  requirePackages(recipe);
  const rendering = await renderKnown(known);
  const engine = await loadEngine(recipe.engine.name);
  const report = await checkRecipeData(loaded, source, model);
  refuseBadData(report);
  const memory = fitHere(loaded, { ...known, lengths: await countedLengths(known.rows), env });
  if (!ignoreFit) refuseUnfit(memory);
  const estimate = await estimateHere(known, { env, now });
  if (estimate && !ignoreBudget) refuseOverBudget(estimate);
  const environments = await listEnvironments(env);
  const { train, eval: heldOut } = report.facts;
  return {
    name: recipe.name,
    recipe,
    model: {
      asked: model.asked,
      id: model.id,
      revision: model.revision,
      here: model.dir !== null,
      gated: findHubId(model.id)?.gated ?? false,
      notice: model.notice,
    },
    engine: {
      name: engine.name,
      version: recipe.engine.version,
      environmentHere: environments.some(
        ({ marker }) => marker?.engine === engine.name && marker.engineVersion === recipe.engine.version,
      ),
    },
    device,
    data: { trainRows: train.rows, evalRows: heldOut?.rows ?? 0, formats: report.formats, counts: report.counts },
    steps: stepsOf(recipe, report.facts, rendering.layout),
    memory,
    estimate,
    rendering,
  };
}
