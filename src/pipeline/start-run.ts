// `ft run` up to the running trainer: survey -> (nothing changed?) -> prepare -> job folder -> lock -> store -> submit. The row stands in the store before the launcher is asked.
import { createHash } from "node:crypto";
import { existsSync, realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { carriedOf, snapshotData } from "../dataset/snapshot.js";
import { requireWritable } from "../ensure-dir.js";
import { FtError } from "../errors.js";
import { writeJobSuites } from "../eval/suites/job-suites.js";
import { withFileLock } from "../file-lock.js";
import { refuseNoRoom } from "../launchers/folder/room.js";
import { wrongTargets } from "../launchers/targets.js";
import { ftCacheDir, runsDir } from "../paths.js";
import { type Estimate, makeEstimate } from "../plan/calibration/estimate-file.js";
import { baseBytes } from "../plan/storage-plan.js";
import type { TimePlan } from "../plan/time/time-plan.js";
import type { LoadedRecipe } from "../recipes/load.js";
import { driftOf, driftText, refuseDrift } from "../recipes/lock-drift.js";
import { type LockEntry, writeLock } from "../recipes/lock-file.js";
import { newRunId } from "../runs/run-id.js";
import { createRun } from "../runs/run-store.js";
import type { Store } from "../store/open.js";
import { catchUp } from "./finish-run.js";
import { countedLengths, fitHere, type KnownHere, type PlanHere, planHere, refuseUnfit } from "./fit-here.js";
import { createJobFolder } from "./job-folder.js";
import { jobModel } from "./job-model.js";
import { type Prepared, prepare } from "./prepare.js";
import { probe, refuseProbeElsewhere } from "./probe.js";
import { estimateHere, type HardwareEstimate, limitsOf, refuseOverBudget } from "./run-estimate.js";
import { gpusOf, lockOf } from "./run-lock.js";
import { submitAttempt } from "./submit.js";
import { loadSuites } from "./suites/load-suites.js";
import { type PrepareContext, type Surveyed, survey } from "./survey.js";
import { refuseUnready } from "./target-there.js";
import { findUnchanged, fingerprint, liveRun, type UnchangedRun } from "./unchanged.js";

export interface StartContext extends PrepareContext {
  openStore(): Promise<Store>;
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** In place of handing the attempt to its launcher at once. */
  submit?: typeof submitAttempt;
  /** What the run is expected to take, as soon as that can be said. */
  onEstimate?(estimate: HardwareEstimate): void;
}

export interface StartOptions {
  /** Refuse when anything differs from ft.lock.json. */
  frozen: boolean;
  /** Train also when nothing changed since a run. */
  force: boolean;
  /** Train also what the estimate says does not fit. */
  ignoreFit: boolean;
  /** Measure the longest rows first, and take fewer of them at a time where they do not fit (pipeline/probe.ts). */
  probe: boolean;
  /** Leave compute.budget aside, before the run and while it goes on. */
  ignoreBudget: boolean;
  /** Bring ft.lock.json up to date. Not for what was changed for one run only. */
  writesLock: boolean;
}

export interface StartedRun {
  id: string;
  name: string;
  /** The job folder, absolute. */
  dir: string;
}

/** `atWork`: a run of the same recipe, data and device that is on its way. */
export type StartOutcome = { started: StartedRun } | { unchanged: UnchangedRun } | { atWork: StartedRun };

/**
 * Returns as soon as the trainer runs, or has nothing to do. What it throws before the job folder is in place leaves nothing in the project.
 * Of two at the same moment the second waits until the first has started its run, and finds it.
 */
export async function startRun(
  loaded: LoadedRecipe,
  context: StartContext,
  options: StartOptions,
): Promise<StartOutcome> {
  requireWritable(runsDir(loaded.dir));
  for (const problem of wrongTargets(context.env)) context.onNotice(problem);
  const start = async (): Promise<StartOutcome> => {
    const surveyed = await survey(loaded, context);
    if (options.frozen) refuseDrift(loaded.file, surveyed.locked, surveyed.entry);
    return (
      (options.force ? null : await sameRun(surveyed, context)) ?? {
        started: await startSurveyed(surveyed, context, options),
      }
    );
  };
  return options.force ? start() : inTurn(loaded, context, start);
}

/** One at a time: who looks whether a run is there already, and starts one. */
export function inTurn<T>(loaded: LoadedRecipe, context: StartContext, work: () => Promise<T>): Promise<T> {
  const onWait = (pid: number): void =>
    context.onNotice(`process ${pid} starts a run of ${loaded.recipe.name}; waiting`);
  return withFileLock(turnOf(loaded, context), work, { signal: context.signal, onWait });
}

/** In the person's cache, as what fails leaves nothing in the project. */
function turnOf({ dir, recipe }: LoadedRecipe, { env }: StartContext): string {
  const project = createHash("sha256").update(realpathSync(dir)).digest("hex").slice(0, 16);
  return join(ftCacheDir(env), "starting", `${project}-${recipe.name}.lock`);
}

/** The rest of `startRun`, for what is to be trained in any case. */
export async function startSurveyed(
  found: Surveyed,
  context: StartContext,
  options: Omit<StartOptions, "force">,
): Promise<StartedRun> {
  const { loaded } = found;
  let surveyed = found;
  refuseUnready(found.target, found.lacks);
  if (options.probe) refuseProbeElsewhere(surveyed);
  if (!options.ignoreFit) refuseUnfit(surveyed.memory);
  const suites = await loadSuites(loaded, surveyed.locked, context);
  const early = await expect(surveyed, surveyed, context, options);
  let prepared = await prepare(surveyed, context, options);
  if (!options.ignoreFit && !surveyed.memory) {
    // Only now the model's dimensions are known.
    refuseUnfit(fitHere(surveyed.loaded, await knownHere(surveyed, prepared, context)));
  }
  const probed = options.probe ? await probe(surveyed, prepared, context) : null;
  if (probed?.isSmaller) {
    context.onNotice(
      `train.micro_batch is ${probed.microBatch} for this run; \`ft plan --probe --apply\` writes it into the recipe`,
    );
    surveyed = { ...surveyed, loaded: withMicroBatch(surveyed.loaded, probed.microBatch) };
    prepared = await prepare(surveyed, context, { frozen: false });
  }
  const estimate = early ?? (await expect(surveyed, { ...prepared, report: prepared.data }, context, options));
  const limits = options.ignoreBudget ? null : limitsOf(surveyed.loaded, estimate);
  const { recipe, engine, environment, model, source, data, entry, rendering } = prepared;
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
    model: jobModel(model),
    gpus: gpusOf(prepared),
    target: surveyed.target,
    lock: await lockOf(loaded, prepared),
    estimate: estimateOf(planHere(surveyed.loaded, await knownHere(surveyed, prepared, context)), estimate),
    limits,
    writeData: async (outDir, layout) => {
      const written = await snapshotData({ recipe, source, layout, carries: carriedOf(data.facts), outDir });
      if (written.train.sha256 !== data.facts.train.sha256) throw dataChanged();
      await writeJobSuites(outDir, suites);
    },
  });
  if (options.writesLock && !probed?.isSmaller) await updateLock(surveyed, entry, context, dir);
  const store = await context.openStore();
  try {
    createRun(store, job);
    const python = environment?.python ?? null;
    await (context.submit ?? submitAttempt)(store, { job, dir, attempt: 1, resume: false, python }, context);
  } finally {
    store.close();
  }
  return { id, name: recipe.name, dir };
}

function withMicroBatch(loaded: LoadedRecipe, micro: number): LoadedRecipe {
  return { ...loaded, recipe: { ...loaded.recipe, train: { ...loaded.recipe.train, micro_batch: micro } } };
}

function estimateOf(planned: PlanHere | null, estimate: HardwareEstimate | null): Estimate | null {
  if (planned === null) return null;
  const { input, hardware, machine } = planned;
  const { time = null, cost = null, disk = null } = estimate ?? {};
  return makeEstimate(input, hardware, {
    machine,
    speed: time && saidSpeed(time),
    cost: cost && { usd: cost.usd.mid, usdHour: cost.rates.mid.usdHour * cost.gpus },
    disk: disk && { base: baseBytes(input.shape), run: disk.runPeak, checkpoint: disk.run.checkpoint },
  });
}

function saidSpeed({ parts, tokensPerSecond, corrected }: TimePlan): Estimate["speed"] {
  const training = parts.find(({ part }) => part === "training");
  return training
    ? { tokensPerSecond: tokensPerSecond / (corrected?.factor ?? 1), trainingSeconds: training.mid }
    : null;
}

async function knownHere(
  { here }: Surveyed,
  { model, rows, device }: Prepared,
  { env }: StartContext,
): Promise<KnownHere> {
  return { model, lengths: await countedLengths(rows), device, here, env };
}

/** Null: the base's dimensions or the hardware's are not known (yet). Throws FtError plan.over-budget (exit fit), env.disk-full (environment). */
async function expect(
  { loaded, here, device }: Surveyed,
  { model, rows, report }: Pick<Surveyed, "model" | "rows" | "report">,
  { env, now, onEstimate }: StartContext,
  { ignoreBudget }: Pick<StartOptions, "ignoreBudget">,
): Promise<HardwareEstimate | null> {
  const known = { loaded, here, device, model, rows, dataset: report.facts };
  const estimate = await estimateHere(known, { env, now: now() });
  if (estimate === null) return null;
  if (!ignoreBudget) refuseOverBudget(estimate);
  const { disk } = estimate;
  if (here.elsewhere?.room)
    refuseNoRoom(here.elsewhere.label, here.elsewhere.room, { base: disk.cache.base, run: disk.runPeak });
  onEstimate?.(estimate);
  return estimate;
}

/** Null also where the base's revision is not known yet: then it is not here either. */
async function sameRun(
  surveyed: Surveyed,
  context: StartContext,
): Promise<Exclude<StartOutcome, { started: unknown }> | null> {
  const { entry, loaded } = surveyed;
  if (entry === null || !existsSync(runsDir(loaded.dir))) return null;
  const store = await context.openStore();
  try {
    await catchUp(store, loaded.dir, context.now());
    const wanted = fingerprint(entry, surveyed);
    const unchanged = findUnchanged(store, loaded.dir, wanted);
    if (unchanged) return { unchanged };
    const live = await liveRun(store, loaded.dir, wanted);
    return live ? { atWork: { id: live.id, name: live.name, dir: join(runsDir(loaded.dir), live.id) } } : null;
  } finally {
    store.close();
  }
}

/** A lock that cannot be written leaves no run behind either. */
async function updateLock(
  { loaded, locked }: Surveyed,
  entry: LockEntry,
  { onNotice }: StartContext,
  jobDir: string,
): Promise<void> {
  const drift = locked ? driftOf(locked, entry) : [];
  const isWritten = await writeLock(loaded.file, entry).catch(async (error) => {
    await rm(jobDir, { recursive: true, force: true });
    throw error;
  });
  if (isWritten && drift.length > 0) onNotice(`ft.lock.json updated: ${drift.map(driftText).join("; ")}`);
}

function dataChanged(): FtError {
  return new FtError({
    code: "data.changed",
    exit: "data",
    message: "the data was changed while the run was prepared",
    next: "repeat when nothing writes to it",
  });
}
