// What of ft's is left on targets: found, judged by what the store knows of its run, and ended. Nothing is ended that a run, or another project, may still need.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { registeredRuns } from "../adapters/registry.js";
import { FtError } from "../errors.js";
import type { Leftover } from "../launchers/contract.js";
import { loadLauncher } from "../launchers/index.js";
import { isSameTarget, type NamedTarget, readTargets, resolveTarget, wrongTargets } from "../launchers/targets.js";
import type { Env } from "../paths.js";
import { runsDir } from "../paths.js";
import type { Job } from "../runs/job.js";
import { readJob } from "../runs/job-file.js";
import { listRuns, type Run } from "../runs/run-store.js";
import { isFinal } from "../runs/state.js";
import type { Store } from "../store/open.js";

export interface FoundLeftover extends Leftover {
  target: NamedTarget;
  /**
   * orphan: no run needs it any more, by what this project knows. kept: a run can go on from it, or it has what is not at home; ended only when
   * it is named. at work: it is as it should be. unknown: no run of this project; another one's, or a deleted project's.
   */
  verdict: "orphan" | "kept" | "at work" | "unknown";
  /** The verdict's reason, for a person. */
  why: string;
}

export interface Reaping {
  leftovers: FoundLeftover[];
  /** Targets that could not be asked, one sentence each. */
  problems: string[];
}

type Found = Leftover & { target: NamedTarget };

/** `on`: one target; else this machine, all of targets.yaml and all that this project's runs went to. The store must be up to date. */
export async function findLeftovers(store: Store | null, projectDir: string, env: Env, on?: string): Promise<Reaping> {
  const runs = store ? listRuns(store) : [];
  const used = jobsOf(projectDir, runs);
  const all = [resolveTarget("local", env), ...readTargets(env).targets, ...[...used.jobs.values()].flatMap(targetsOf)];
  const targets = on === undefined ? all : [resolveTarget(on, env)];
  const distinct = targets.filter((one, at) => targets.findIndex((other) => isSameTarget(one, other)) === at);
  const asked = await Promise.all(distinct.flatMap((target) => [ask(target, "leftovers"), ask(target, "folders")]));
  const found = asked.flatMap((answer) => answer.found);
  const registered = new Set(store ? registeredRuns(store) : []);
  const firsts = found.filter(({ identity }, at) => found.findIndex((one) => one.identity === identity) === at);
  const leftovers = firsts.map((first): FoundLeftover => {
    const same = found.filter(({ identity }) => identity === first.identity);
    const run = runs.find(({ id }) => id === first.run);
    const target = run && used.jobs.get(run.id)?.target;
    const isWhereItIs = target === undefined || same.some((one) => isSameTarget(one.target, target));
    return { ...first, ...judge(first, run, { isWhereItIs, isRegistered: registered.has(first.run) }) };
  });
  const unasked = on === undefined ? [...wrongTargets(env), ...used.problems] : [];
  const problems = new Set([...unasked, ...asked.flatMap((one) => one.problems)]);
  return { leftovers: leftovers.sort((one, other) => order(one) - order(other)), problems: [...problems] };
}

/** What is alive holds its folder. */
function order({ isAlive }: Leftover): number {
  return isAlive ? 0 : 1;
}

/** Folders are asked for apart, so that a disk which does not answer hides no machine that bills. */
async function ask(
  target: NamedTarget,
  what: "leftovers" | "folders",
): Promise<{ found: Found[]; problems: string[] }> {
  try {
    const launcher = await loadLauncher(target.settings.launcher);
    const found = (await launcher[what]?.(target.settings)) ?? [];
    return { found: found.map((left) => ({ ...left, target })), problems: [] };
  } catch (error) {
    if (!(error instanceof FtError)) throw error;
    return { found: [], problems: [`${target.name}: ${error.message}${error.why ? ` (${error.why})` : ""}`] };
  }
}

/** Throws FtError launcher.*. */
export async function endLeftover({ target, verdict: _, why: _why, ...leftover }: FoundLeftover): Promise<void> {
  const launcher = await loadLauncher(target.settings.launcher);
  await launcher.end(target.settings, leftover);
}

/** `isWhereItIs`: it was found where the run's present attempt is. `isRegistered`: its adapter was brought home. */
function judge(
  { attempt, handle }: Leftover,
  run: Run | undefined,
  { isWhereItIs, isRegistered }: { isWhereItIs: boolean; isRegistered: boolean },
): Pick<FoundLeftover, "verdict" | "why"> {
  if (run === undefined) return { verdict: "unknown", why: "no run of this project" };
  const { state } = run;
  const isOver = isFinal(state);
  const isFolder = handle === null;
  const submitted = submittedAttempt(run);
  if (!isFolder) {
    if (isOver) return { verdict: "orphan", why: `the run is ${state}` };
    if (attempt < submitted) {
      const why = attempt === 0 ? "a killed ft gave it to no run" : `attempt ${submitted} has taken its place`;
      return { verdict: "orphan", why };
    }
    return { verdict: "at work", why: `the run is ${state}` };
  }
  if (!isOver && state !== "lost") {
    if (isWhereItIs) return { verdict: "at work", why: `the run is ${state}` };
    return { verdict: "kept", why: `the run goes on on ${run.target}` };
  }
  if (state === "succeeded") {
    if (isRegistered) return { verdict: "orphan", why: "the run succeeded, and its adapter is at home" };
    return { verdict: "kept", why: "the run succeeded, and its adapter is not at home yet" };
  }
  return {
    verdict: "kept",
    why: `ft runs resume goes on from it; ${isAtHome(run) ? "a copy" : "not all of it"} is at home`,
  };
}

/** An attempt on this machine went on from what came home, unless that was given up. */
function isAtHome({ launcher, collected, attempt, givenUp }: Run): boolean {
  return launcher === "local" ? givenUp === null : collected === attempt;
}

const handleSchema = z.object({ attempt: z.int() });

/** Platforms count on by themselves: what is there is called by the attempt that ft handed over. */
function submittedAttempt({ handle, attempt }: Run): number {
  return handleSchema.safeParse(handle).data?.attempt ?? attempt;
}

function targetsOf({ target, formerTargets = [] }: Job): NamedTarget[] {
  return [target, ...formerTargets];
}

/** A folder that cannot be read must not hide what the others left. */
function jobsOf(projectDir: string, runs: Run[]): { jobs: Map<string, Job>; problems: string[] } {
  const jobs = new Map<string, Job>();
  const problems: string[] = [];
  for (const { id, launcher, target } of runs) {
    const dir = join(runsDir(projectDir), id);
    if (!existsSync(join(dir, "job.json"))) continue;
    try {
      jobs.set(id, readJob(dir));
    } catch (error) {
      if (!(error instanceof FtError)) throw error;
      if (launcher !== "local") problems.push(`run ${id} on ${target}: ${error.message}`);
    }
  }
  return { jobs, problems };
}
