// From a loaded recipe to all that a job needs: data, environment, model, data once more with tokens, rendering. Writes nothing into the project.
import type { CheckReport } from "../dataset/check-dataset.js";
import type { Engine, Rendering } from "../engines/contract.js";
import { type EngineEnvironment, ensureEnvironment } from "../engines/env/ensure.js";
import { loadEngine } from "../engines/index.js";
import { detectDevice } from "../engines/machine.js";
import { FtError } from "../errors.js";
import type { ModelFacts } from "../models/facts.js";
import { fetchModel } from "../models/fetch.js";
import { resolveModel } from "../models/resolve.js";
import type { Env } from "../paths.js";
import type { LoadedRecipe } from "../recipes/load.js";
import { checkRecipeData, refuseBadData } from "./check-recipe-data.js";

/** What the person hears meanwhile. */
export interface Listener {
  progress(event: { label: string; doneBytes?: number; totalBytes?: number }): void;
  notice(text: string): void;
}

export interface Prepared {
  engine: Engine;
  environment: EngineEnvironment;
  model: ModelFacts & { dir: string; revision: string };
  data: CheckReport;
  rendering: Rendering;
}

/** Throws FtError: recipe (a combination the engine lacks), data (error findings), environment, refused (hub). */
export async function prepare(
  loaded: LoadedRecipe,
  { env, signal, listener }: { env: Env; signal: AbortSignal; listener: Listener },
): Promise<Prepared> {
  const { recipe, dir } = loaded;
  const engine = await loadEngine(recipe.engine.name);
  refuseUnsupported(engine, loaded);
  const resolved = resolveModel(recipe.model.base, { cwd: dir, env, revision: recipe.model.revision });
  if (resolved.notice) listener.notice(resolved.notice);

  // What is cheap to know comes first: nothing is downloaded for data that cannot be used.
  listener.progress({ label: "checking the data" });
  refuseBadData(await checkRecipeData(loaded, null));
  const environment = await ensureEnvironment(engine.name, { env, signal, onProgress: listener.progress });
  const model = await fetchModel(resolved, {
    env,
    signal,
    cwd: dir,
    template: recipe.model.template,
    python: async () => environment.python,
    onProgress: listener.progress,
  });
  listener.progress({ label: "checking the data with the model's tokenizer" });
  const data = await checkRecipeData(loaded, model);
  refuseBadData(data);
  for (const [rule, count] of Object.entries(warnings(data))) listener.notice(`data: ${count} x ${rule}`);
  const device = await detectDevice(env);
  const rendering = engine.render({ recipe, model, dataset: data.facts, device });
  for (const note of rendering.notes) listener.notice(note);
  return { engine, environment, model, data, rendering };
}
