// `ft run` up to the running trainer: prepare -> job folder -> store -> submit. The row stands in the store before the launcher is asked.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gitState } from "../adapters/git-state.js";
import { snapshotData } from "../dataset/snapshot.js";
import { loadLauncher } from "../launchers/index.js";
import { type Env, packageRoot } from "../paths.js";
import type { LoadedRecipe } from "../recipes/load.js";
import type { RunLock } from "../runs/lock.js";
import { newRunId } from "../runs/run-id.js";
import { createRun } from "../runs/run-store.js";
import type { Store } from "../store/open.js";
import { createJobFolder } from "./job-folder.js";
import { type PrepareContext, type Prepared, prepare } from "./prepare.js";
import { submitAttempt } from "./submit.js";

export interface StartContext extends PrepareContext {
  openStore(): Promise<Store>;
  now(): number;
  /** In [0, 1). */
  random(): number;
}

export interface StartedRun {
  id: string;
  name: string;
  /** The job folder, absolute. */
  dir: string;
}

/** Returns as soon as the trainer runs. What it throws before the job folder is in place leaves nothing in the project. */
export async function startRun(loaded: LoadedRecipe, context: StartContext): Promise<StartedRun> {
  const prepared = await prepare(loaded, context);
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
    lock: await lockOf(loaded, prepared),
    writeData: async (outDir, layout) => {
      await snapshotData({ recipe, dir: loaded.dir, layout, outDir });
    },
  });
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

/** The person's environment: the trainer needs their proxies, caches and CUDA settings. Secrets reach it this way and no other. */
export function trainerEnv(env: Env): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

async function lockOf({ dir }: LoadedRecipe, { recipe, engine, environment, model, data }: Prepared): Promise<RunLock> {
  const manifest = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string };
  return {
    version: 1,
    ft: manifest.version,
    recipe: createHash("sha256").update(JSON.stringify(recipe)).digest("hex"),
    base: { asked: model.asked, id: model.id, revision: model.revision! },
    template: model.template && { origin: model.template.origin, sha256: model.template.sha256 },
    data: { train: data.facts.train.sha256, eval: data.facts.eval?.sha256 ?? null },
    engine: {
      name: engine.name,
      version: recipe.engine.version,
      lock: environment.lockHash,
      accelerator: environment.accelerator,
    },
    git: await gitState(dir),
  };
}
