// lock.json of a job folder, from what was prepared.
import { createHash } from "node:crypto";
import { gitState } from "../adapters/git-state.js";
import { readEngineLock } from "../engines/env/engine-lock.js";
import type { LoadedRecipe } from "../recipes/load.js";
import type { RunLock } from "../runs/lock.js";
import type { Prepared } from "./prepare.js";
import { fingerprint } from "./unchanged.js";

export async function lockOf({ dir }: LoadedRecipe, prepared: Prepared): Promise<RunLock> {
  const { recipe, engine, environment, model, data, entry } = prepared;
  return {
    version: 1,
    ...fingerprint(entry, prepared),
    recipe: createHash("sha256").update(JSON.stringify(recipe)).digest("hex"),
    base: { asked: model.asked, id: model.id, revision: model.revision! },
    template: model.template && { origin: model.template.origin, sha256: model.template.sha256 },
    data: { train: data.facts.train.sha256, eval: data.facts.eval?.sha256 ?? null, sources: entry.data },
    engine: {
      name: engine.name,
      version: recipe.engine.version,
      lock: environment?.lockHash ?? readEngineLock(recipe.engine).hash,
      accelerator: environment?.accelerator ?? prepared.device.kind,
    },
    git: await gitState(dir),
  };
}

/** GPUs that train together; 0: it trains on a CPU. */
export function gpusOf({ recipe, device }: Pick<Prepared, "recipe" | "device">): number {
  return device.kind === "cuda" ? recipe.compute.gpus : 0;
}
