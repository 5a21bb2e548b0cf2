// From a loaded recipe to all that a job needs: data, environment, model, data once more with tokens, rendering. Writes nothing into the project.
import { requireHubToken } from "../adapters/push.js";
import type { CheckReport } from "../dataset/check-dataset.js";
import type { Engine, RenderInput, Rendering } from "../engines/contract.js";
import { type EngineEnvironment, ensureEnvironment } from "../engines/env/ensure-environment.js";
import { findUv } from "../engines/env/uv.js";
import { loadEngine } from "../engines/index.js";
import { detectDevice } from "../engines/machine.js";
import { FtError } from "../errors.js";
import { describeModel } from "../models/describe.js";
import type { ModelFacts } from "../models/facts.js";
import { fetchModel } from "../models/fetch.js";
import type { Env } from "../paths.js";
import type { OnProgress } from "../progress.js";
import { type LoadedRecipe, refineDefaults } from "../recipes/load.js";
import type { Recipe } from "../recipes/schema.js";
import { checkRecipeData, refuseBadData } from "./check-recipe-data.js";
import { choiceFacts, resolveRecipeModel } from "./refine.js";
import { trainingDevice } from "./training-device.js";

export interface PrepareContext {
  env: Env;
  signal: AbortSignal;
  onProgress: OnProgress;
  /** One sentence that the person should know. */
  onNotice(text: string): void;
}

export interface Prepared {
  /** Every key filled in by what is known now. */
  recipe: Recipe;
  engine: Engine;
  environment: EngineEnvironment;
  model: ModelFacts;
  device: RenderInput["device"];
  data: CheckReport;
  rendering: Rendering;
}

/** Throws FtError: recipe (a combination the engine lacks), data (error findings), environment, refused (hub). */
export async function prepare(written: LoadedRecipe, context: PrepareContext): Promise<Prepared> {
  const { env, signal, onProgress, onNotice } = context;
  if (written.recipe.hub) requireHubToken(env);
  const resolved = resolveRecipeModel(written, env);
  if (resolved.notice) onNotice(resolved.notice);

  // What is cheap to know comes first: nothing is downloaded for data that cannot be used, or a device that is not here.
  onProgress({ label: "checking the data" });
  const report = await checkRecipeData(written, null);
  refuseBadData(report);
  const here = await detectDevice(env);
  const device = trainingDevice(written.recipe, here);
  const described = await describeModel(resolved, { template: written.recipe.model.template, cwd: written.dir, env });
  const loaded = refineDefaults(written, choiceFacts(described, report.facts, device));
  const { recipe, dir } = loaded;
  const engine = await supportedEngine(loaded);
  const environment = await ensureEnvironment(recipe.engine, { env, signal, onProgress, device: here });
  if (environment.notice) onNotice(environment.notice);
  const model = await fetchModel(resolved, {
    env,
    signal,
    cwd: dir,
    template: recipe.model.template,
    refresh: loaded.ignoresLock,
    python: async () => environment.python,
    uv: () => findUv({ env, onProgress, signal }),
    onProgress,
  });
  onProgress({ label: "checking the data with the model's tokenizer" });
  const data = await checkRecipeData(loaded, model);
  refuseBadData(data);
  for (const notice of warningCounts(data)) onNotice(notice);
  const rendering = renderRecipe(engine, loaded, { model, dataset: data.facts, device });
  for (const note of rendering.notes) onNotice(note);
  return { recipe, engine, environment, model, device, data, rendering };
}

/** The rendering; a mistake in engine.overrides is told with its place in the recipe. */
export function renderRecipe(engine: Engine, loaded: LoadedRecipe, input: Omit<RenderInput, "recipe">): Rendering {
  try {
    return engine.render({ ...input, recipe: loaded.recipe });
  } catch (error) {
    if (!(error instanceof FtError) || error.code !== "recipe.overrides") throw error;
    const { message, next } = error;
    const problems = error.problems.map((problem) => {
      const [key = ""] = /^engine\.overrides[\w.]*/.exec(problem.message) ?? [];
      return { ...problem, where: loaded.whereIs(key.split(".")) };
    });
    throw new FtError({ code: error.code, exit: error.exit, message, problems, ...(next ? { next } : {}) });
  }
}

/** Throws FtError `recipe.unsupported`. */
export async function supportedEngine({ recipe, file }: LoadedRecipe): Promise<Engine> {
  const engine = await loadEngine(recipe.engine.name);
  const reason = engine.unsupported(recipe);
  if (reason === null) return engine;
  throw new FtError({
    code: "recipe.unsupported",
    exit: "recipe",
    message: `${engine.name} ${recipe.engine.version} cannot do this: ${reason}`,
    where: { file },
    next: "change the recipe",
  });
}

/** "data: 3 x DUP001 (duplicate row)", for findings that do not stop a run. */
function warningCounts({ findings }: CheckReport): string[] {
  const counts = new Map<string, { count: number; message: string; where: string }>();
  for (const { rule, severity, message, file, line } of findings) {
    if (severity !== "warning") continue;
    const seen = counts.get(rule) ?? { count: 0, message, where: `${file}:${line}` };
    counts.set(rule, { ...seen, count: seen.count + 1 });
  }
  return [...counts].map(
    ([rule, { count, message, where }]) =>
      `data: ${count} x ${rule}, first at ${where}: ${message} (ft data check shows all)`,
  );
}
