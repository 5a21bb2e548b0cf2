// The second half of a run's way to its job: model, environment, data once more with tokens, rendering. Writes nothing into the project.
import type { CheckReport } from "../dataset/check-dataset.js";
import type { LocatedSource } from "../dataset/locate-files.js";
import type { Engine, RenderInput, Rendering } from "../engines/contract.js";
import { type EngineEnvironment, ensureEnvironment } from "../engines/env/ensure-environment.js";
import { findUv } from "../engines/env/uv.js";
import type { ModelFacts } from "../models/facts.js";
import { fetchModel } from "../models/fetch.js";
import { refuseDrift } from "../recipes/lock-drift.js";
import type { LockEntry } from "../recipes/lock-file.js";
import type { Recipe } from "../recipes/schema.js";
import { checkRecipeData, refuseBadData } from "./check-recipe-data.js";
import { lockEntry } from "./lock-entry.js";
import { placed } from "./refine.js";
import { renderRecipe } from "./render-recipe.js";
import { type CountedRows, countedRows } from "./sample-recipe.js";
import type { PrepareContext, Surveyed } from "./survey.js";

export interface Prepared {
  /** Every key filled in by what is known now. */
  recipe: Recipe;
  engine: Engine;
  /** On this machine; null: the run does not use it. */
  environment: EngineEnvironment | null;
  model: ModelFacts;
  device: RenderInput["device"];
  /** Where the rows are. */
  source: LocatedSource;
  data: CheckReport;
  /** The training rows, counted by the model's tokenizer. */
  rows: CountedRows;
  /** For ft.lock.json. */
  entry: LockEntry;
  rendering: Rendering;
}

/** Throws FtError: data (error findings), environment, refused (hub), lock.drift (with `frozen`). */
export async function prepare(
  surveyed: Surveyed,
  { env, signal, onProgress, onNotice }: PrepareContext,
  { frozen }: { frozen: boolean },
): Promise<Prepared> {
  const { loaded, base, here, device, engine, source, locked } = surveyed;
  const { recipe, dir, file } = loaded;
  // The model first: what does not exist is known at once. Some models are converted, by the environment's Python.
  let making: Promise<EngineEnvironment> | undefined;
  const ready = () => (making ??= ensureEnvironment(recipe.engine, { env, signal, onProgress, device: here }));
  const model = await fetchModel(base, {
    env,
    signal,
    cwd: dir,
    template: recipe.model.template,
    weights: surveyed.uses.base,
    python: async () => (await ready()).python,
    uv: () => findUv({ env, onProgress, signal }),
    onProgress,
  }).catch((error) => {
    throw placed(loaded, error);
  });
  const environment = surveyed.uses.environment ? await ready() : null;
  if (environment?.notice) onNotice(environment.notice);
  onProgress({ label: "checking the data with the model's tokenizer" });
  const data = await checkRecipeData(loaded, source, model);
  refuseBadData(data);
  for (const notice of warningCounts(data)) onNotice(notice);
  // Made anew: only now the base's revision is sure, and the data may have been edited meanwhile.
  const entry = await lockEntry(loaded, { base, revision: model.revision!, source, report: data });
  if (frozen) refuseDrift(file, locked, entry);
  const rendering = renderRecipe(engine, loaded, { model, dataset: data.facts, device });
  for (const note of rendering.notes) onNotice(note);
  // Where the base was here before, its tokenizer has counted them.
  const rows =
    surveyed.model.dir === null ? countedRows({ loaded, model, device, dataset: data.facts, source }) : surveyed.rows;
  return { recipe, engine, environment, model, device, source, data, rows, entry, rendering };
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
