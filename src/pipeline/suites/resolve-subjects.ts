// What `base`, `support-bot`, `support-bot@7` or `support-bot@champion` means to `ft eval run`: the subject, its files here, and how it is to answer.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { baseFolder } from "../../adapters/project-adapters.js";
import { findAdapter, listAdapters, type RegisteredAdapter } from "../../adapters/registry.js";
import { type EngineEnvironment, ensureEnvironment } from "../../engines/env/ensure-environment.js";
import { findUv } from "../../engines/env/uv.js";
import { evaluateJson } from "../../engines/evaluate-config.js";
import { detectDevice } from "../../engines/machine.js";
import { FtError } from "../../errors.js";
import type { Subject } from "../../eval/record.js";
import type { ModelFacts } from "../../models/facts.js";
import { fetchModel } from "../../models/fetch.js";
import { type ResolvedModel, resolveModel } from "../../models/resolve.js";
import { runsDir } from "../../paths.js";
import type { LoadedRecipe } from "../../recipes/load.js";
import type { LockEntry } from "../../recipes/lock-file.js";
import type { Store } from "../../store/open.js";
import { readSettings, settingsFile } from "../evaluator-settings.js";
import { pinnedByLock, resolveRecipeModel } from "../refine.js";
import type { PrepareContext } from "../survey.js";
import { renderingDevice } from "../training-device.js";
import { adapterSubject, baseSubject } from "./subject.js";

export interface SubjectHere {
  subject: Subject;
  /** Null: the base. */
  adapter: RegisteredAdapter | null;
  engine: { name: string; version: string };
  settings: { method: string; dtype: string; batchSize: number; maxLength: number };
  /** Brings the base's files here. */
  base(): Promise<{ modelDir: string; chatTemplate: string | null }>;
  environment(): Promise<EngineEnvironment>;
}

export interface SubjectContext extends Pick<PrepareContext, "env" | "signal" | "onProgress"> {
  store: Store;
  locked: LockEntry | null;
}

/** Default: the newest version of the recipe's line. Throws FtError adapter.unknown (usage), model.*. */
export async function resolveSubjects(
  references: readonly string[],
  loaded: LoadedRecipe,
  context: SubjectContext,
): Promise<SubjectHere[]> {
  const adapters = listAdapters(context.store, loaded.dir);
  const subjects: SubjectHere[] = [];
  for (const reference of references.length > 0 ? references : [loaded.recipe.name]) {
    const isBase = reference === "base" && !adapters.some(({ name }) => name === "base");
    subjects.push(
      isBase
        ? await theBase(adapters, loaded, context)
        : await theAdapter(findAdapter(adapters, reference), loaded, context),
    );
  }
  return subjects;
}

async function theAdapter(
  adapter: RegisteredAdapter,
  loaded: LoadedRecipe,
  context: SubjectContext,
): Promise<SubjectHere> {
  if (adapter.removed !== null) throw removedWeights(adapter);
  const settings = { ...(await settingsOf(adapter, loaded, context)), method: adapter.method };
  return {
    ...{ subject: adapterSubject(adapter), adapter, engine: adapter.engine, settings },
    base: async () => {
      const here = baseFolder(loaded.dir, adapter, context.env);
      if (here !== null) return { modelDir: here, chatTemplate: null };
      const { id, revision } = adapter.base;
      const resolved = resolveModel(id, { cwd: loaded.dir, env: context.env, revision });
      return { modelDir: (await fetched(resolved, loaded, context)).dir!, chatTemplate: null };
    },
    environment: () => ensureEnvironment(adapter.engine, context),
  };
}

/** As the newest version of the recipe's line has it, so that the two compare; else as the recipe says. */
async function theBase(
  adapters: RegisteredAdapter[],
  loaded: LoadedRecipe,
  context: SubjectContext,
): Promise<SubjectHere> {
  const { recipe } = loaded;
  const newest = adapters.find(({ name }) => name === recipe.name) ?? null;
  const settings = await settingsOf(newest, loaded, context);
  const resolved = pinnedByLock(resolveRecipeModel(loaded, context.env), loaded, context.locked);
  const model = await fetched(resolved, loaded, context);
  const templateSha256 = model.template?.sha256 ?? null;
  const base = { id: model.id, revision: model.revision! };
  const chatTemplate = model.template && model.template.origin !== "model" ? model.template.source : null;
  const { name, version } = recipe.engine;
  return {
    ...{ subject: baseSubject({ base, templateSha256 }), adapter: null, engine: { name, version }, settings },
    base: async () => ({ modelDir: model.dir!, chatTemplate }),
    environment: () => ensureEnvironment(recipe.engine, context),
  };
}

function fetched(
  resolved: ResolvedModel,
  loaded: LoadedRecipe,
  { env, signal, onProgress }: SubjectContext,
): Promise<ModelFacts> {
  const { recipe, dir } = loaded;
  return fetchModel(resolved, {
    ...{ env, signal, onProgress, cwd: dir, template: recipe.model.template },
    python: async () => (await ensureEnvironment(recipe.engine, { env, signal, onProgress })).python,
    uv: () => findUv({ env, onProgress, signal }),
  });
}

/** Those of the adapter's own run, while its folder is here; else what the recipe comes to on this machine. */
async function settingsOf(
  adapter: RegisteredAdapter | null,
  { recipe, dir }: LoadedRecipe,
  { env }: SubjectContext,
): Promise<SubjectHere["settings"]> {
  const jobDir = adapter && join(runsDir(dir), adapter.run);
  const here = await detectDevice(env);
  const known =
    jobDir !== null && existsSync(settingsFile(jobDir))
      ? readSettings(jobDir)
      : (JSON.parse(evaluateJson({ recipe, device: renderingDevice(recipe, here) })) as SubjectHere["settings"]);
  const { method, dtype } = known;
  return { method, dtype, batchSize: recipe.eval.batch_size, maxLength: recipe.data.max_length };
}

function removedWeights({ name, version }: RegisteredAdapter): FtError {
  return new FtError({
    code: "adapter.removed",
    exit: "data",
    message: `the weights of ${name}@${version} were removed, so it cannot be evaluated any more`,
    next: "its stored evaluations are still there: ft eval show",
  });
}
