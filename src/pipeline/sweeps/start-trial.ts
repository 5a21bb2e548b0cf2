// One trial: the run that did it or is doing it already, or a new one.

import { requireWritable } from "../../ensure-dir.js";
import { FtError } from "../../errors.js";
import { runsDir } from "../../paths.js";
import type { LoadedRecipe } from "../../recipes/load.js";
import type { Run } from "../../runs/run-store.js";
import { isResumable } from "../../runs/state.js";
import type { Store } from "../../store/open.js";
import { reconcile } from "../reconcile.js";
import { resumeRun } from "../resume-run.js";
import { inTurn, type StartContext, startSurveyed } from "../start-run.js";
import { type Surveyed, survey } from "../survey.js";
import { findUnchanged, fingerprint, isEvaluatedAs, liveRun, neverBegan, runsOf } from "../unchanged.js";

export interface TrialOptions {
  /** Go on with one that failed, was cancelled or is lost. */
  retry: boolean;
  ignoreFit: boolean;
  ignoreBudget: boolean;
  /** Trials that run at the same time. */
  concurrency: number;
}

export interface StartedTrial {
  run: string;
  wasThere: boolean;
}

/**
 * Returns as soon as its trainer runs, or with the run that is there: of the same recipe, base, data, engine, trainer code and device (the
 * rule of "nothing changed"), whatever started it; it takes the turn that `ft run` takes. A run that is gone on with moves to where the sweep
 * trains. Throws as startRun does, and FtError sweep.no-held-out (data).
 */
export async function startTrial(
  loaded: LoadedRecipe,
  store: Store,
  context: StartContext,
  options: TrialOptions,
): Promise<StartedTrial> {
  requireWritable(runsDir(loaded.dir));
  return inTurn(loaded, context, () => findOrStart(loaded, store, context, options));
}

async function findOrStart(
  loaded: LoadedRecipe,
  store: Store,
  context: StartContext,
  { retry, ignoreFit, ignoreBudget, concurrency }: TrialOptions,
): Promise<StartedTrial> {
  const surveyed = await survey(loaded, context);
  if (surveyed.report.facts.eval === null || surveyed.report.facts.eval.rows === 0) throw noneHeldOut();
  if (concurrency > 1 && sharesGpu(surveyed))
    context.onNotice("trials at the same time share a GPU of this machine, and its memory must hold them all");
  const known = surveyed.entry && (await knownRun(store, surveyed, fingerprint(surveyed.entry, surveyed)));
  if (known) {
    const run = known.state === "lost" ? await lookedFor(store, loaded.dir, known, context.now()) : known;
    if (isResumable(run.state) && (retry || neverBegan(run)))
      await resumeRun(store, loaded.dir, run.id, context, { ignoreBudget, on: loaded.recipe.compute.on });
    return { run: run.id, wasThere: true };
  }
  const options = { frozen: false, ignoreFit, ignoreBudget, probe: false, writesLock: false };
  const { id } = await startSurveyed(surveyed, context, options);
  return { run: id, wasThere: false };
}

/** As the target asks for it; and Apple's only GPU has no leases. */
function sharesGpu({ device, target: { settings } }: Surveyed): boolean {
  if (settings.launcher !== "local") return false;
  return device.kind === "mps" || (device.kind === "cuda" && settings.share_gpus === true);
}

/**
 * One that succeeded and whose adapter is there; else one on its way; else the newest other. All evaluated as the recipe says, which trials are
 * compared by.
 */
async function knownRun(
  store: Store,
  { loaded: { dir, recipe } }: Surveyed,
  wanted: ReturnType<typeof fingerprint>,
): Promise<Run | null> {
  const isAlike = (run: Run): boolean => isEvaluatedAs(dir, run, recipe);
  const done = findUnchanged(store, dir, wanted, isAlike);
  if (done) return done.run;
  const live = await liveRun(store, dir, wanted);
  if (live && isAlike(live)) return live;
  return runsOf(store, dir, wanted).find((run) => run.state !== "succeeded" && isAlike(run)) ?? null;
}

/** It may have begun all the same. Throws FtError launcher.unreachable when that cannot be asked. */
async function lookedFor(store: Store, projectDir: string, { id, target }: Run, now: number): Promise<Run> {
  return reconcile(store, projectDir, id, now, (why) => {
    throw new FtError({
      code: "launcher.unreachable",
      exit: "environment",
      message: `${target} does not answer`,
      why: `${why}, and run ${id} may be there`,
      next: "repeat the command when it answers",
    });
  });
}

function noneHeldOut(): FtError {
  return new FtError({
    code: "sweep.no-held-out",
    exit: "data",
    message: "no row is held out, so nothing says which trial is best",
    next: "name a file with rows in data.eval, or raise data.eval_fraction",
  });
}
