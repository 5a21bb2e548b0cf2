// `ft sweep --dry-run`: what each trial would take, and all of them together. No network, nothing written.
import { FtError } from "../../errors.js";
import type { Env } from "../../paths.js";
import type { Band } from "../../plan/memory/allocator.js";
import { planRun } from "../plan-run.js";
import type { SweepPlan } from "./plan-sweep.js";
import { type PlannedTrial, reasonOf } from "./planned-trial.js";

interface EstimatedTrial extends Pick<PlannedTrial, "number" | "rung" | "values" | "budget"> {
  /** Null: it depends on tokens (packing), or the trial is left out. */
  steps: number | null;
  /** Null: not known before the base is here. */
  seconds: Band | null;
  usd: Band | null;
  /** Why it would be left out; null: it would not. */
  reason: string | null;
}

export interface EstimatedSweep {
  /** Of later rungs, whose trials are not known yet, one for each that stands in for all. */
  trials: (EstimatedTrial & { times: number })[];
  /** All trainings one after the other; null: not known. */
  seconds: Band | null;
  usd: Band | null;
}

/** Throws the first trial's failure when none can be, and at once what is no trial's own matter. */
export async function estimateSweep(
  plan: SweepPlan,
  context: { env: Env; now: number },
  options: { ignoreFit: boolean; ignoreBudget: boolean },
): Promise<EstimatedSweep> {
  const trials: EstimatedSweep["trials"] = [];
  let first: unknown = null;
  const add = async (trial: PlannedTrial, times: number): Promise<void> => {
    const { number, rung, values, budget } = trial;
    const row = { number, rung, values, budget, steps: null, seconds: null, usd: null, reason: null, times };
    try {
      if ("refused" in trial.recipe) throw trial.recipe.refused;
      const { steps, estimate } = await planRun(trial.recipe.loaded, context, options);
      trials.push({ ...row, steps, seconds: estimate?.time?.total ?? null, usd: estimate?.cost?.usd ?? null });
    } catch (error) {
      if (!(error instanceof FtError) || !["recipe", "data", "fit"].includes(error.exit)) throw error;
      first ??= error;
      trials.push({ ...row, reason: reasonOf(error) });
    }
  };
  for (const trial of plan.trials) await add(trial, 1);
  const usable = trials.find(({ reason }) => reason === null);
  if (!usable) throw first;
  for (const [index, { trials: times }] of (plan.rungs ?? []).entries())
    if (index > 0) await add(plan.trialOf({ ...usable, rung: index + 1 }), times);
  return { trials, seconds: sum(trials, "seconds"), usd: sum(trials, "usd") };
}

function sum(trials: EstimatedSweep["trials"], what: "seconds" | "usd"): Band | null {
  let total: Band = { low: 0, mid: 0, high: 0 };
  for (const { [what]: band, times, reason } of trials) {
    if (reason !== null) continue;
    if (band === null) return null;
    total = {
      low: total.low + times * band.low,
      mid: total.mid + times * band.mid,
      high: total.high + times * band.high,
    };
  }
  return total;
}
