// What of ft's is left on targets: found, judged by what the store knows of its run, and ended. Nothing is ended that another project may still need.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { registeredRuns } from "../adapters/registry.js";
import { FtError } from "../errors.js";
import type { Leftover } from "../launchers/contract.js";
import { loadLauncher } from "../launchers/index.js";
import { type NamedTarget, readTargets, resolveTarget } from "../launchers/targets.js";
import type { Env } from "../paths.js";
import { runsDir } from "../paths.js";
import { readJob } from "../runs/job-file.js";
import { listRuns } from "../runs/run-store.js";
import { isFinal } from "../runs/state.js";
import type { Store } from "../store/open.js";

export interface FoundLeftover extends Leftover {
  target: NamedTarget;
  /**
   * orphan: its run is over, or another attempt's, by what this project knows. at work: it is as it should be. unknown: no run of this
   * project; another one's, or a deleted project's.
   */
  verdict: "orphan" | "at work" | "unknown";
}

export interface Reaping {
  leftovers: FoundLeftover[];
  /** Targets that could not be asked, one sentence each. */
  problems: string[];
}

/** `on`: one target; else all of targets.yaml and all that this project's runs went to. The store must be up to date. */
export async function findLeftovers(store: Store | null, projectDir: string, env: Env, on?: string): Promise<Reaping> {
  const runs = store ? listRuns(store) : [];
  const atHome = new Set(store ? registeredRuns(store) : []);
  const used = on === undefined ? targetsOf(projectDir, runs) : { targets: [], problems: [] };
  const targets = on === undefined ? [...readTargets(env), ...used.targets] : [resolveTarget(on, env)];
  const seen = new Map(targets.map((target) => [JSON.stringify(target.settings), target]));
  const asked = await Promise.all(
    [...seen.values()].map(async (target): Promise<Reaping> => {
      try {
        const launcher = await loadLauncher(target.settings.launcher);
        const found = await launcher.leftovers(target.settings);
        return {
          leftovers: found.map((left) => ({ ...left, target, verdict: judge(left, runs, atHome) })),
          problems: [],
        };
      } catch (error) {
        if (!(error instanceof FtError)) throw error;
        return { leftovers: [], problems: [`${target.name}: ${error.message}${error.why ? ` (${error.why})` : ""}`] };
      }
    }),
  );
  return {
    leftovers: asked.flatMap(({ leftovers }) => leftovers),
    problems: [...used.problems, ...asked.flatMap(({ problems }) => problems)],
  };
}

/** Throws FtError launcher.*. */
export async function endLeftover({ target, verdict: _, ...leftover }: FoundLeftover): Promise<void> {
  const launcher = await loadLauncher(target.settings.launcher);
  await launcher.end(target.settings, leftover);
}

/** `atHome`: runs whose adapter was brought home and registered; of another one the target may have the only copy. */
function judge(
  { run: id, attempt, isAlive }: Leftover,
  runs: ReturnType<typeof listRuns>,
  atHome: ReadonlySet<string>,
): FoundLeftover["verdict"] {
  const run = runs.find((known) => known.id === id);
  if (run === undefined) return "unknown";
  if (!isFinal(run.state)) return isAlive && attempt < run.attempt ? "orphan" : "at work";
  // A run that ended early goes on from what lies there.
  return isAlive || atHome.has(id) ? "orphan" : "at work";
}

/** A folder that cannot be read must not hide what the others left. */
function targetsOf(
  projectDir: string,
  runs: ReturnType<typeof listRuns>,
): { targets: NamedTarget[]; problems: string[] } {
  const targets: NamedTarget[] = [];
  const problems: string[] = [];
  for (const { id, launcher, target } of runs) {
    const dir = join(runsDir(projectDir), id);
    if (launcher === "local" || !existsSync(join(dir, "job.json"))) continue;
    try {
      targets.push(readJob(dir).target);
    } catch (error) {
      if (!(error instanceof FtError)) throw error;
      problems.push(`run ${id} on ${target}: ${error.message}`);
    }
  }
  return { targets, problems };
}
