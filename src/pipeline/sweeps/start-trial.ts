// One trial: the run that did it or is doing it already, or a new one.

import { requireWritable } from "../../ensure-dir.js";
import { FtError } from "../../errors.js";
import { runsDir } from "../../paths.js";
import type { LoadedRecipe } from "../../recipes/load.js";
import type { Run } from "../../runs/run-store.js";
import { isFinal } from "../../runs/state.js";
import type { Store } from "../../store/open.js";
import { reconcile } from "../reconcile.js";
import { resumeRun } from "../resume-run.js";
import { type StartContext, startSurveyed } from "../start-run.js";
import { type Surveyed, survey } from "../survey.js";
import { findUnchanged, fingerprint, runsOf } from "../unchanged.js";

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
 * rule of "nothing changed"), whatever started it. Throws as startRun does, and FtError sweep.no-held-out (data).
 */
export async function startTrial(
  loaded: LoadedRecipe,
  store: Store,
  context: StartContext,
  { retry, ignoreFit, ignoreBudget, concurrency }: TrialOptions,
): Promise<StartedTrial> {
  requireWritable(runsDir(loaded.dir));
  const surveyed = await survey(loaded, context);
  if (surveyed.report.facts.eval === null || surveyed.report.facts.eval.rows === 0) throw noneHeldOut();
  if (concurrency > 1 && sharesGpu(surveyed))
    context.onNotice("trials at the same time share a GPU of this machine, and its memory must hold them all");
  const known = surveyed.entry && knownRun(store, loaded.dir, fingerprint(surveyed.entry, surveyed));
  if (known) {
    const run = known.state === "lost" ? await lookedFor(store, loaded.dir, known, context.now()) : known;
    if (neverBegan(run) || (retry && isToRetry(run)))
      await resumeRun(store, loaded.dir, run.id, context, { ignoreBudget });
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

/** One that succeeded and whose adapter is there; else one on its way; else the newest that ended otherwise. */
function knownRun(store: Store, projectDir: string, wanted: ReturnType<typeof fingerprint>): Run | null {
  const done = findUnchanged(store, projectDir, wanted);
  if (done) return done.run;
  const others = runsOf(store, projectDir, wanted).filter(({ state }) => state !== "succeeded");
  return others.find(({ state }) => !isFinal(state) && state !== "lost") ?? others[0] ?? null;
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

/** The ft that started it was killed before its launcher had it, or the launcher did not answer: nothing of it was ever trained. */
function neverBegan({ handle, state }: Run): boolean {
  return handle === null && (state === "lost" || state === "failed");
}

function isToRetry({ state }: Run): boolean {
  return state === "failed" || state === "cancelled" || state === "lost";
}

function noneHeldOut(): FtError {
  return new FtError({
    code: "sweep.no-held-out",
    exit: "data",
    message: "no row is held out, so nothing says which trial is best",
    next: "name a file with rows in data.eval, or raise data.eval_fraction",
  });
}
