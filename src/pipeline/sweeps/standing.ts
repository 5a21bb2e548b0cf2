// How the trials of a sweep stand: one row a trial, who is best, who goes on. Pure.
import { z } from "zod";
import { runStates } from "../../runs/state.js";
import type { Rung } from "./halving.js";
import type { Goal } from "./sweep-metric.js";

/** `waiting`: for its turn. `starting`: its job is prepared. `refused`: it cannot be trained (its values, the memory). Else its run's state. */
const trialStates = ["waiting", "starting", "refused", ...runStates] as const;

export const trialRowSchema = z.object({
  number: z.int().positive(),
  rung: z.int().positive(),
  values: z.record(z.string(), z.json()),
  budget: z.object({ unit: z.enum(["steps", "epochs"]), amount: z.number() }).nullable(),
  state: z.enum(trialStates),
  run: z.string().nullable(),
  /** Its run was there before this sweep asked for it. */
  wasThere: z.boolean(),
  phase: z.string().nullable(),
  step: z.int().nullable(),
  totalSteps: z.int().nullable(),
  /** Of the training, the latest. */
  loss: z.number().nullable(),
  /** The sweep's, of the adapter, and of the base on the same rows. */
  metric: z.number().nullable(),
  base: z.number().nullable(),
  adapter: z.string().nullable(),
  /** Hash of the held-out rows that it was measured on. */
  measuredOn: z.string().nullable(),
  /** Why it failed, was refused, or has no metric. */
  reason: z.string().nullable(),
});

export type TrialRow = z.output<typeof trialRowSchema>;

export function waitingRow({
  number,
  rung,
  values,
  budget,
}: Pick<TrialRow, "number" | "rung" | "values" | "budget">): TrialRow {
  return {
    ...{ number, rung, values, budget, state: "waiting", run: null, wasThere: false },
    ...{ phase: null, step: null, totalSteps: null, loss: null },
    ...{ metric: null, base: null, adapter: null, measuredOn: null, reason: null },
  };
}

/** Its run is on its way. */
export function isLive({ state }: TrialRow): boolean {
  return state === "queued" || state === "preparing" || state === "running" || state === "stopping";
}

/** Nothing more will happen to it by itself. */
export function isOver({ state }: TrialRow): boolean {
  return ["refused", "succeeded", "failed", "cancelled", "lost"].includes(state);
}

/** The highest rung first, as longer trainings are the better judges; in it the best first; then those without a result by number. */
export function ranked(rows: readonly TrialRow[], goal: Goal): TrialRow[] {
  const sign = goal === "minimize" ? 1 : -1;
  return rows.toSorted((a, b) => {
    if (a.metric === null || b.metric === null)
      return Number(a.metric === null) - Number(b.metric === null) || b.rung - a.rung || a.number - b.number;
    return b.rung - a.rung || sign * (a.metric - b.metric) || a.number - b.number;
  });
}

/** Null: no trial has a result. */
export function bestOf(rows: readonly TrialRow[], goal: Goal): TrialRow | null {
  const [first] = ranked(rows, goal);
  return first && first.metric !== null ? first : null;
}

/** The trials of the next rung, best first, once every trial of the last one is over; null: none is to come, or not yet. */
export function goingOn(rows: readonly TrialRow[], rungs: readonly Rung[] | null, goal: Goal): TrialRow[] | null {
  const reached = Math.max(...rows.map(({ rung }) => rung));
  const next = rungs?.[reached];
  const last = rows.filter(({ rung }) => rung === reached);
  if (!next || !last.every(isOver)) return null;
  const chosen = ranked(last, goal)
    .filter(({ metric }) => metric !== null)
    .slice(0, next.trials);
  return chosen.length === 0 ? null : chosen;
}
