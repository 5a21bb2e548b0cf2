// `ft run` up to the running trainer: prepare -> job folder -> store -> submit. The row stands in the store before the launcher is asked.
import { gitState } from "../adapters/git-state.js";
import { snapshotData } from "../dataset/snapshot.js";
import { loadLauncher } from "../launchers/index.js";
import type { Env } from "../paths.js";
import type { LoadedRecipe } from "../recipes/load.js";
import type { RunLock } from "../runs/lock.js";
import { newRunId } from "../runs/run-id.js";
import { createRun } from "../runs/run-store.js";
import type { Store } from "../store/open.js";
import { createJobFolder } from "./job-folder.js";
import { type PrepareContext, type Prepared, prepare } from "./prepare.js";
import { type LockEntry, lockEntry, refuseDrift, requireLockEntry, writeLockEntry } from "./project-lock.js";
import { refineRecipe } from "./refine.js";
import { submitAttempt } from "./submit.js";
import { ftVersion, runKey } from "./unchanged.js";

export interface StartContext extends PrepareContext {
  openStore(): Promise<Store>;
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** Refuse what ft.lock.json does not hold, and leave it as it is. */
  frozen?: boolean;
}

export interface StartedRun {
  id: string;
  name: string;
  /** The job folder, absolute. */
  dir: string;
}

/** Returns as soon as the trainer runs. What it throws before the job folder is in place leaves nothing in the project. */
export async function startRun(loaded: LoadedRecipe, context: StartContext): Promise<StartedRun> {
  if (context.frozen) await refuseKnownDrift(loaded, context.env);
  const prepared = await prepare(loaded, context);
  const entry = lockEntry(prepared.recipe, prepared.model, prepared.data.facts);
  if (context.frozen) refuseDrift(loaded, entry);
  const { recipe, engine, environment, model, rendering } = prepared;
  const createdAt = context.now();
  const id = newRunId(createdAt, context.random());
  context.onProgress({ label: "writing the job" });
  const { job, dir } = await createJobFolder({
    id,
    createdAt,
    projectDir: loaded.dir,
    recipe,
    rendering,
    engine: { name: engine.name, version: recipe.engine.version },
    model: { asked: model.asked, id: model.id, revision: model.revision!, path: model.dir! },
    lock: await lockOf(loaded, prepared, entry),
    writeData: async (outDir, layout) => {
      await snapshotData({ recipe, dir: loaded.dir, layout, outDir });
    },
  });
  if (!context.frozen) writeLockEntry(loaded, entry);
  const store = await context.openStore();
  try {
    createRun(store, job, recipe.compute.launcher);
    const launcher = await loadLauncher(recipe.compute.launcher);
    await submitAttempt(store, launcher, {
      submission: { job, dir, attempt: 1, resume: false, python: environment.python, env: trainerEnv(context.env) },
      now: context.now,
    });
  } finally {
    store.close();
  }
  return { id, name: recipe.name, dir };
}

/** What is known to differ from the lock without any request, before anything is fetched. */
async function refuseKnownDrift(loaded: LoadedRecipe, env: Env): Promise<void> {
  const locked = requireLockEntry(loaded);
  const { loaded: known, model, dataset } = await refineRecipe(loaded, env);
  if (!dataset) return;
  const now = lockEntry(known.recipe, model, dataset);
  refuseDrift(loaded, model.dir === null ? { ...now, base: locked.base, template: locked.template } : now);
}

/** The person's environment: the trainer needs their proxies, caches and CUDA settings. Secrets reach it this way and no other. */
export function trainerEnv(env: Env): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

async function lockOf(
  { dir }: LoadedRecipe,
  { recipe, environment, model, rendering }: Prepared,
  entry: LockEntry,
): Promise<RunLock> {
  return {
    version: 1,
    ft: ftVersion(),
    recipe: entry.recipe,
    base: { asked: model.asked, id: model.id, revision: model.revision! },
    template: entry.template,
    data: entry.data,
    engine: { ...entry.engine, lock: environment.lockHash, accelerator: environment.accelerator },
    key: runKey(recipe.name, rendering, entry, dir),
    git: await gitState(dir),
  };
}
