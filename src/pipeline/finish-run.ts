// What follows a run that succeeded: its evaluation into the store, its adapter into the registry. Idempotent, so any command may catch up on it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type RegisteredAdapter, registerAdapter, registeredRuns } from "../adapters/registry.js";
import { compare } from "../eval/comparison.js";
import { runsDir } from "../paths.js";
import { readJob } from "../runs/job-file.js";
import { runLockSchema } from "../runs/lock.js";
import { listRuns, type Run } from "../runs/run-store.js";
import { isFinal } from "../runs/state.js";
import type { Store } from "../store/open.js";
import { collectEnded, collectRun, isToCollect } from "./collect-run.js";
import { heldOutEvaluation, importEvaluations } from "./import-evaluations.js";
import { reconcileAll } from "./reconcile.js";
import { recordMeasurement } from "./record-measurement.js";
import { takeOverNew } from "./reindex-runs.js";
import { storedRecipe } from "./stored-recipe.js";

/** Registers the run's adapter with its lineage; a run that is registered already gives its version back. */
export async function finishRun(store: Store, projectDir: string, id: string): Promise<RegisteredAdapter> {
  const dir = join(runsDir(projectDir), id);
  await collectRun(store, projectDir, id);
  const job = readJob(dir);
  const recipe = storedRecipe(dir);
  const lock = runLockSchema.parse(JSON.parse(readFileSync(join(dir, "lock.json"), "utf8")));
  recordMeasurement(store, projectDir, id);
  const evaluation = heldOutEvaluation(dir);
  const adapter = await registerAdapter(store, projectDir, {
    dir: join(dir, job.adapterDir),
    name: recipe.name,
    run: id,
    createdAt: job.createdAt,
    method: recipe.method.type,
    base: { id: lock.base.id, revision: lock.base.revision },
    templateSha256: lock.template?.sha256 ?? null,
    dataSha256: lock.data.train,
    ...(lock.data.sources ? { sources: lock.data.sources } : {}),
    engine: { name: lock.engine.name, version: lock.engine.version },
    git: lock.git,
    comparison: evaluation && compare(evaluation, { metrics: recipe.eval.metrics }).rows,
  });
  await importEvaluations(store, { projectDir, run: id, jobDir: dir, lineage: adapter });
  return adapter;
}

/**
 * Brings everything up to date: runs from their launchers, what succeeded while no ft was there into the registry, what another one left
 * elsewhere home. A run that cannot be finished stops no other; what was wrong comes back as sentences. `onCollect`: before what may take long.
 */
export async function catchUp(
  store: Store,
  projectDir: string,
  now: number,
  onCollect: (run: Run) => void = () => {},
): Promise<string[]> {
  await takeOverNew(store, projectDir);
  const problems = await reconcileAll(store, projectDir, now);
  const registered = registeredRuns(store);
  for (const run of listRuns(store)) {
    const { id, state } = run;
    if (!isFinal(state) || registered.includes(id) || !existsSync(join(runsDir(projectDir), id, "job.json"))) continue;
    if (isToCollect(run)) onCollect(run);
    if (state !== "succeeded") {
      const problem = await collectEnded(store, projectDir, id); // its log and last checkpoint, from which it can go on anywhere
      if (problem !== null) problems.push(problem);
      continue;
    }
    try {
      await finishRun(store, projectDir, id);
    } catch (error) {
      problems.push(`run ${id} succeeded, but its adapter could not be registered: ${(error as Error).message}`);
    }
  }
  return problems;
}
