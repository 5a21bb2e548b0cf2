// Whether a run would only repeat one: everything that decides the result as one key, compared with those of the runs that succeeded.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { adapterOfRun, type RegisteredAdapter } from "../adapters/registry.js";
import type { Rendering } from "../engines/contract.js";
import { loadEngine } from "../engines/index.js";
import { type Env, packageRoot, runsDir } from "../paths.js";
import type { LoadedRecipe } from "../recipes/load.js";
import { runLockSchema } from "../runs/lock.js";
import { listRuns } from "../runs/run-store.js";
import type { Store } from "../store/open.js";
import { renderRecipe } from "./prepare.js";
import { canonicalJson, type LockEntry, lockEntry, sha256 } from "./project-lock.js";
import { refineRecipe } from "./refine.js";

/**
 * sha256, hex, over what the engine and the evaluator are given (files, copied files, environment), the base's weights, the data, the engine's
 * packages, ft's own version and the adapter's name. The rendering holds the recipe and the device it is for.
 */
export function runKey(name: string, rendering: Rendering, entry: LockEntry, dir: string): string {
  const copies = Object.keys(rendering.copies).map((path) => [path, sha256File(resolve(dir, path))]);
  const { files, env, layout } = rendering;
  const { recipe: _, ...locked } = entry;
  return sha256(canonicalJson({ ft: ftVersion(), name, files, env, layout, copies, ...locked }));
}

/** The newest run that did the same and whose adapter is still registered; null also when the model or the data is not here. */
export async function findUnchanged(
  loaded: LoadedRecipe,
  { env, store }: { env: Env; store: Store },
): Promise<{ run: string; adapter: RegisteredAdapter } | null> {
  const { loaded: known, model, device, dataset } = await refineRecipe(loaded, env);
  if (model.dir === null || dataset === null) return null;
  const { recipe } = known;
  const engine = await loadEngine(recipe.engine.name);
  if (engine.unsupported(recipe) !== null) return null;
  const rendering = renderRecipe(engine, known, { model, dataset, device });
  const key = runKey(recipe.name, rendering, lockEntry(recipe, model, dataset), loaded.dir);
  for (const { id } of listRuns(store, { state: "succeeded" })) {
    if (keyOfRun(loaded.dir, id) !== key) continue;
    const adapter = adapterOfRun(store, loaded.dir, id);
    if (adapter && existsSync(adapter.dir)) return { run: id, adapter };
  }
  return null;
}

/** Null: a run of an older ft, or its folder is gone. */
function keyOfRun(projectDir: string, id: string): string | null {
  try {
    const lock = readFileSync(join(runsDir(projectDir), id, "lock.json"), "utf8");
    return runLockSchema.parse(JSON.parse(lock)).key ?? null;
  } catch {
    return null;
  }
}

export function ftVersion(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string };
  return manifest.version;
}

function sha256File(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
