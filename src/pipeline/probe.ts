// `ft plan --probe`, `ft run --probe`: two steps of the longest rows in the real engine, to see what they take; halves the micro-batch while memory runs out.
import { readdir, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { FtError } from "../errors.js";
import { localLauncher } from "../launchers/local/index.js";
import { ftDir } from "../paths.js";
import { makeEstimate } from "../plan/calibration/estimate-file.js";
import { batchOf } from "../recipes/batch.js";
import type { Recipe } from "../recipes/schema.js";
import type { TrainingMeasure } from "../runs/measure.js";
import type { MeasuredMemory } from "../runs/measurement-store.js";
import { newRunId } from "../runs/run-id.js";
import { isAlive } from "../start-time.js";
import { countedLengths, planHere } from "./fit-here.js";
import type { Prepared } from "./prepare.js";
import { probesDir, tryProbe } from "./probe-trial.js";
import { addProbe } from "./probes-file.js";
import { measuredMemory } from "./record-measurement.js";
import type { PrepareContext, Surveyed } from "./survey.js";

export interface ProbeContext extends PrepareContext {
  now(): number;
  /** In [0, 1). */
  random(): number;
}

export interface Probe {
  /** What was tried, in order; the last one fits. */
  tries: { microBatch: number; outcome: "fits" | "out of memory"; why: string | null }[];
  /** What fits: rows in a forward pass, and passes a step; their product is that of the recipe. */
  microBatch: number;
  accumulation: number;
  /** The recipe's own micro-batch did not fit. */
  isSmaller: boolean;
  /** Tokens of the longest row. */
  longestTokens: number | null;
  /** Measured beside estimated; [] where nothing can be measured. */
  memory: MeasuredMemory[];
}

/**
 * The batch of a step stays as the recipe says. Leaves nothing in the project but a line in .ft/probes.jsonl.
 * Throws FtError probe.does-not-fit (fit), probe.failed (training).
 */
export async function probe(surveyed: Surveyed, prepared: Prepared, context: ProbeContext): Promise<Probe> {
  const { loaded, target } = surveyed;
  const { recipe } = loaded;
  await removeStale(probesDir(loaded.dir), context.now());
  try {
    const tries: Probe["tries"] = [];
    for (let { micro, accumulation } = batchOf(recipe); ; ) {
      const [createdAt, id] = [context.now(), newRunId(context.now(), context.random())];
      context.onProgress({ label: `probing: the longest rows, ${micro} in a forward pass` });
      const result = await tryProbe({ id, createdAt, loaded, prepared, target, micro, accumulation }, context);
      if (result.outcome === "fits") {
        tries.push({ microBatch: micro, outcome: "fits", why: null });
        const memory = await memoryOf(surveyed, prepared, { micro, measure: result.measure, context });
        addProbe(loaded.dir, {
          ...{ version: 1, id, at: createdAt, name: recipe.name, engine: recipe.engine.name, microBatch: micro },
          ...{ machine: memory.machine, longestTokens: result.measure.longestTokens, memory: memory.measured },
        });
        const isSmaller = tries.length > 1;
        const { longestTokens } = result.measure;
        return { tries, microBatch: micro, accumulation, isSmaller, longestTokens, memory: memory.measured };
      }
      tries.push({ microBatch: micro, outcome: "out of memory", why: result.why });
      const next = halved(recipe, micro);
      if (next === null) throw doesNotFit(micro, result.why);
      context.onNotice(`out of memory with ${micro} rows in a forward pass; trying ${next}, the same batch`);
      accumulation *= micro / next;
      micro = next;
    }
  } finally {
    // Where nothing else is: another probe may be at work, and the project may have runs.
    await rmdir(probesDir(loaded.dir)).catch(() => undefined);
    await rmdir(ftDir(loaded.dir)).catch(() => undefined);
  }
}

/** The largest divisor of each GPU's rows up to the half; null: there is none. KTO compares the rows of a pass, so it needs two. */
function halved(recipe: Recipe, micro: number): number | null {
  const { accumulation } = batchOf({ ...recipe, train: { ...recipe.train, micro_batch: micro } });
  const rows = micro * accumulation;
  const least = recipe.objective.type === "kto" ? 2 : 1;
  for (let next = Math.floor(micro / 2); next >= least; next--) if (rows % next === 0) return next;
  return null;
}

async function memoryOf(
  { loaded, here }: Surveyed,
  { model, rows, device }: Prepared,
  { micro, measure, context }: { micro: number; measure: TrainingMeasure; context: ProbeContext },
): Promise<{ machine: string | null; measured: MeasuredMemory[] }> {
  const lengths = await countedLengths(rows);
  const planned = planHere(loaded, { model, lengths, device, here, env: context.env });
  if (planned === null) return { machine: null, measured: [] };
  const { input, hardware, machine } = planned;
  const recipe = { ...loaded.recipe, train: { ...loaded.recipe.train, micro_batch: micro } };
  const estimate = makeEstimate({ ...input, recipe }, hardware, { machine, speed: null, cost: null, disk: null });
  const { longestTokens: longest } = measure;
  // All rows of a probe are of the longest.
  const real = longest === null ? input.lengths : { longest, mean: longest };
  return { machine, measured: measuredMemory(estimate, recipe, measure, real) };
}

/** Folders of probes whose ft was killed: their supervisor has ended, or never began. */
async function removeStale(parent: string, now: number): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const dir = join(parent, name);
    const handle = await localLauncher.find(dir);
    const isAtWork = handle ? await isAlive(handle) : now - (await stat(dir)).mtimeMs < buildingMs;
    if (!isAtWork) await rm(dir, { recursive: true, force: true });
  }
}

/** A probe's folder is built and started within this time. */
const buildingMs = 60 * 60_000;

/** Throws FtError probe.elsewhere (usage). */
export function refuseProbeElsewhere({ target }: Surveyed): void {
  if (target.settings.launcher === "local") return;
  throw new FtError({
    code: "probe.elsewhere",
    exit: "usage",
    message: `a probe trains on this machine, and the run goes to ${target.name}`,
    next: "leave --probe out: `ft plan --on` estimates for that target, and a run's measured peak corrects the estimate",
  });
}

function doesNotFit(micro: number, why: string): FtError {
  return new FtError({
    code: "probe.does-not-fit",
    exit: "fit",
    message: `the training runs out of memory with ${micro === 1 ? "one row" : `${micro} rows`} in a forward pass`,
    why,
    next: "`ft plan` says what else to change: checkpointing, a 4-bit base, shorter rows, or a larger GPU",
  });
}
