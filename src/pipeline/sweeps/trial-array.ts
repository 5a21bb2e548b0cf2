// Trials that are prepared one after the other, and submitted together: Slurm's job array.

import { FtError } from "../../errors.js";
import type { Group } from "../../launchers/contract.js";
import { submitInTurn } from "../../launchers/in-turn.js";
import { loadLauncher } from "../../launchers/index.js";
import { resolveTarget } from "../../launchers/targets.js";
import type { Env } from "../../paths.js";
import type { Recipe } from "../../recipes/schema.js";
import { getRun } from "../../runs/run-store.js";
import { isOnItsWay } from "../../runs/state.js";
import type { Store } from "../../store/open.js";
import { type Attempt, type SubmitContext, type submitAttempt, submitTogether } from "../submit.js";

export interface TrialArray {
  /** In place of submitAttempt. The attempt's submit lock is held until `submit`, so that no other ft takes it for lost. */
  keep: typeof submitAttempt;
  keeps(run: string): boolean;
  /** All that are kept, but what was cancelled since; none is kept after it. Throws as submitTogether does. */
  submit(store: Store, context: SubmitContext, group: Group): Promise<void>;
}

export function trialArray(): TrialArray {
  let kept: { attempt: Attempt; letGo: () => void; ended: Promise<void> }[] = [];
  return {
    keep: (_store, attempt, { signal, onProgress }) =>
      new Promise((resolve, reject) => {
        const entry = { attempt, letGo: () => {}, ended: Promise.resolve() };
        const held = () =>
          new Promise<void>((letGo) => {
            entry.letGo = letGo;
            kept.push(entry);
            resolve();
          });
        entry.ended = submitInTurn({ dir: attempt.dir, signal, onProgress }, held);
        entry.ended.catch(reject);
      }),

    keeps: (run) => kept.some(({ attempt }) => attempt.job.id === run),

    async submit(store, context, group) {
      const all = kept;
      kept = [];
      const open = all.map(({ attempt }) => attempt).filter(({ job }) => isOnItsWay(getRun(store, job.id).state));
      try {
        if (open.length > 0) await submitTogether(store, open, context, group);
      } finally {
        for (const { letGo } of all) letGo();
        await Promise.all(all.map(({ ended }) => ended));
      }
    },
  };
}

/** Throws FtError usage.sweep where the recipe's target has no job arrays. */
export async function requireArrays({ compute }: Recipe, env: Env): Promise<void> {
  const { name, settings } = resolveTarget(compute.on, env);
  if ((await loadLauncher(settings.launcher)).submitTogether) return;
  throw new FtError({
    code: "usage.sweep",
    exit: "usage",
    message: `${name} has no job arrays`,
    why: `they are Slurm's, and ${name} is a target of launcher ${settings.launcher}`,
    next: "leave out --array (array: true): --concurrency says how many trials run at a time anywhere; or name a Slurm target: --on",
  });
}
