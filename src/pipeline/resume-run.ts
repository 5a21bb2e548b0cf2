// Goes on with a run that failed, was cancelled or got lost: the next attempt, from the last complete checkpoint.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ensureEnvironment } from "../engines/env/ensure-environment.js";
import { FtError } from "../errors.js";
import { loadLauncher } from "../launchers/index.js";
import { isSameTarget, resolveTarget } from "../launchers/targets.js";
import { runsDir } from "../paths.js";
import type { Target } from "../recipes/schema/targets.js";
import { unmarkCancelled } from "../runs/cancel-mark.js";
import { writeGivenUp } from "../runs/given-up.js";
import type { Job } from "../runs/job.js";
import { readJob } from "../runs/job-file.js";
import { lastAttempt } from "../runs/last-attempt.js";
import { getRun, resumeAttempt } from "../runs/run-store.js";
import { isResumable } from "../runs/state.js";
import type { Store } from "../store/open.js";
import { collectRun } from "./collect-run.js";
import type { StartContext } from "./start-run.js";
import { submitAttempt } from "./submit.js";
import type { PrepareContext } from "./survey.js";

/** Returns as soon as the trainer runs. Throws FtError `run.not-resumable` (usage), `run.budget` (exit fit). */
export async function resumeRun(
  store: Store,
  projectDir: string,
  id: string,
  context: PrepareContext & Pick<StartContext, "now" | "submit">,
  { ignoreBudget = false, on }: { ignoreBudget?: boolean; on?: string | Target | undefined } = {},
): Promise<void> {
  const { env, onProgress, onNotice, signal, now } = context;
  const run = getRun(store, id);
  if (!isResumable(run.state)) throw notResumable(id, run.state);
  const dir = join(runsDir(projectDir), id);
  const before = readJob(dir);
  const target = on === undefined ? before.target : resolveTarget(on, env);
  const isMoved = !isSameTarget(before.target, target);
  await collectRun(store, projectDir, id, signal).catch((error: FtError) => {
    if (!canGoOnWithout(error, isMoved)) throw error;
    const from = isMoved ? "the newest checkpoint that is here" : `the newest checkpoint that ${run.target} has`;
    onNotice(
      `what it made on ${run.target} is not all here (${error.why ?? error.message}): the run goes on from ${from}`,
    );
  });
  const known = before.formerTargets ?? [];
  const isKnown = !isMoved || known.some((former) => isSameTarget(former, before.target));
  const formerTargets = isKnown ? known : [...known, before.target];
  const job = { ...before, target, formerTargets, ...(ignoreBudget ? { limits: null } : {}) };
  refuseSpent(id, dir, job);
  const { settings } = job.target;
  const { environment } = (await loadLauncher(settings.launcher)).uses(settings);
  const python = environment ? (await ensureEnvironment(job.engine, { env, onProgress, signal })).python : null;
  const attempt = Math.max(run.attempt, lastAttempt(dir)) + 1;
  if (!resumeAttempt(store, id, attempt, now(), target)) throw notResumable(id, getRun(store, id).state);
  writeJob(dir, job);
  unmarkCancelled(dir);
  if (run.givenUp !== null) writeGivenUp(dir, { attempt: run.givenUp, ending: null });
  await (context.submit ?? submitAttempt)(store, { job, dir, attempt, resume: true, python }, context);
}

/**
 * What it goes on from comes home first, to be taken elsewhere if need be. A machine that is gone for good must not hold the run back, and
 * where it stays the results lie in a store that the next attempt reads by itself: of that one this machine needs no program.
 */
function canGoOnWithout({ code }: Partial<FtError>, isMoved: boolean): boolean {
  return code === "env.no-bucket-tool" || code === "launcher.bucket" || (isMoved && code === "launcher.unreachable");
}

/** The supervisor reads its limits there, the launcher where it runs. */
function writeJob(dir: string, job: Job): void {
  const file = join(dir, "job.json");
  writeFileSync(`${file}.tmp`, `${JSON.stringify(job, null, 2)}\n`);
  renameSync(`${file}.tmp`, file);
}

/** Throws FtError run.budget (exit fit): the attempts so far took what compute.budget allows, so that it would end at once. */
function refuseSpent(id: string, dir: string, { limits }: Job): void {
  const spent = spentSeconds(dir);
  if (!limits?.seconds || spent < limits.seconds) return;
  throw new FtError({
    code: "run.budget",
    exit: "fit",
    message: `run ${id} has used up ${limits.secondsFrom}`,
    why: `its attempts took ${(spent / 3600).toFixed(2)} of ${(limits.seconds / 3600).toFixed(2)} hours`,
    next: `ft runs resume ${id} --ignore-budget goes on without a limit`,
  });
}

/** Of all attempts, as the supervisor wrote it down (trainer/ft_trainer/budget.py). */
function spentSeconds(dir: string): number {
  try {
    const spent = z.record(z.string(), z.number()).parse(JSON.parse(readFileSync(join(dir, "spent.json"), "utf8")));
    return Object.values(spent).reduce((sum, seconds) => sum + seconds, 0);
  } catch {
    return 0;
  }
}

function notResumable(id: string, state: string): FtError {
  return new FtError({
    code: "run.not-resumable",
    exit: "usage",
    message: `run ${id} is ${state}`,
    why: "only a run that failed, was cancelled or is lost can be resumed",
    next: state === "succeeded" ? "start a new one: ft run" : `watch it: ft runs watch ${id}`,
  });
}
