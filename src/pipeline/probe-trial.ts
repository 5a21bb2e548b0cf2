// One try of a probe: a job folder with the longest rows, run by the job's own supervisor in the engine's environment, and taken away again.
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { keepLongestLines } from "../dataset/keep-longest.js";
import { carriedOf, snapshotData } from "../dataset/snapshot.js";
import { FtError } from "../errors.js";
import { gpuArgs, reportGpuWaits } from "../launchers/local/gpus.js";
import { logTail } from "../launchers/local/index.js";
import { ftDir } from "../paths.js";
import type { LoadedRecipe } from "../recipes/load.js";
import type { Recipe } from "../recipes/schema.js";
import type { RunEvent } from "../runs/events.js";
import { parseEvent } from "../runs/ingest.js";
import type { Job } from "../runs/job.js";
import { measureTraining, type TrainingMeasure } from "../runs/measure.js";
import { createJobFolder } from "./job-folder.js";
import { jobModel } from "./job-model.js";
import type { Prepared } from "./prepare.js";
import { renderRecipe } from "./render-recipe.js";
import { gpusOf, lockOf } from "./run-lock.js";
import { trainerEnv } from "./submit.js";
import type { PrepareContext } from "./survey.js";

export interface Trial {
  id: string;
  createdAt: number;
  loaded: LoadedRecipe;
  prepared: Prepared;
  target: Job["target"];
  /** Rows in a forward pass. */
  micro: number;
  /** Forward passes a step, in the run. */
  accumulation: number;
}

export type TrialResult = { outcome: "fits"; measure: TrainingMeasure } | { outcome: "out of memory"; why: string };

/** Beside the runs: what is here is a probe at work, or one whose ft was killed. */
export function probesDir(projectDir: string): string {
  return join(ftDir(projectDir), "probes");
}

/** Throws FtError probe.failed (training): the training ended for another reason than memory. */
export async function tryProbe(trial: Trial, { env, signal, onProgress }: PrepareContext): Promise<TrialResult> {
  const { id, createdAt, loaded, prepared, target, micro } = trial;
  const { engine, environment, model, source, data, device } = prepared;
  const recipe = probeRecipe(loaded.recipe, trial);
  const input = { model, dataset: data.facts, device };
  const rendering = renderRecipe(engine, { ...loaded, recipe }, input);
  const rows = recipe.train.batch_size;
  const { job, dir } = await createJobFolder({
    ...{ id, createdAt, projectDir: loaded.dir, parent: probesDir(loaded.dir), recipe, estimate: null, limits: null },
    rendering: { ...rendering, env: { ...rendering.env, FT_PROBE_ROWS: String(rows) } },
    engine: { name: engine.name, version: recipe.engine.version },
    model: jobModel(model),
    gpus: gpusOf(prepared),
    target,
    lock: await lockOf(loaded, prepared),
    writeData: async (outDir, layout) => {
      await snapshotData({ recipe, source, layout, carries: carriedOf(data.facts), outDir });
      await keepLongestLines(join(outDir, "data/train.jsonl"), candidates(recipe));
    },
  });
  const endReport = reportGpuWaits(dir, (label) => onProgress({ label }));
  try {
    const { failed, exitCode } = await execa(
      environment!.python,
      ["trainer/run.py", "--only", "train", ...gpuArgs(job, env)],
      {
        cwd: dir,
        env: trainerEnv(env),
        extendEnv: false,
        stdin: "ignore",
        stdout: { file: join(dir, "stdout.log"), append: true },
        stderr: { file: join(dir, "stdout.log"), append: true },
        reject: false,
        cancelSignal: signal,
      },
    );
    signal.throwIfAborted();
    const events = readEvents(dir);
    if (!failed) return { outcome: "fits", measure: measureTraining(events) };
    const told = events.findLast((event) => event.kind === "error");
    if (told?.class === "out-of-memory") return { outcome: "out of memory", why: told.message };
    throw failedProbe(dir, micro, told?.message ?? `the trainer ended with exit code ${exitCode}`);
  } finally {
    endReport();
    await rm(dir, { recursive: true, force: true });
  }
}

/** As the run, with two forward passes a step at most: from the second on the gradients of the first are there too, and more change nothing. */
function probeRecipe(recipe: Recipe, { micro, accumulation }: Pick<Trial, "micro" | "accumulation">): Recipe {
  const { eval_every: _, early_stopping: __, ...train } = recipe.train;
  const perPass = train.batch_size / accumulationOf(recipe, micro);
  // grpo counts answers by the batch.
  const passes = recipe.objective.type === "grpo" ? accumulation : Math.min(2, accumulation);
  return { ...recipe, train: { ...train, micro_batch: micro, batch_size: perPass * passes } };
}

function accumulationOf({ train, compute }: Recipe, micro: number): number {
  return train.batch_size / (micro * Math.max(1, compute.gpus / compute.context_parallel));
}

/** More than two steps need: the trainer takes those that are the longest in tokens. Packed rows must fill whole batches. */
function candidates({ data, train }: Recipe): number {
  return Math.max(1000, (data.packing ? 16 : 2) * train.batch_size);
}

function readEvents(dir: string): RunEvent[] {
  const text = readFileSync(join(dir, "events.jsonl"), "utf8");
  return text.split("\n").flatMap((line) => parseEvent(line) ?? []);
}

function failedProbe(dir: string, micro: number, message: string): FtError {
  return new FtError({
    code: "probe.failed",
    exit: "training",
    message: `the probe with micro_batch ${micro} failed: ${message}`,
    why: logTail(dir, 3) || "the trainer printed nothing",
    next: "mend that first: the run would fail in the same way",
  });
}
