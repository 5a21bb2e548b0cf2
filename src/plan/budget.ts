// compute.budget against the estimate: what is within it, what may exceed it, and what a run is stopped at.
import type { Recipe } from "../recipes/schema.js";
import type { CostPlan } from "./cost-plan.js";
import type { Band } from "./memory/allocator.js";
import type { Rates } from "./prices.js";
import type { DiskPlan } from "./storage-plan.js";

export type Budget = NonNullable<Recipe["compute"]["budget"]>;

/** may exceed: within it by the estimate, not at its upper end; the run is stopped at the limit then. */
type BudgetVerdict = "within" | "may exceed" | "exceeds" | "unknown";

interface BudgetCheck {
  limit: keyof Budget;
  allowed: number;
  /** In the limit's unit; null: not known. */
  estimate: Band | null;
  verdict: BudgetVerdict;
}

export interface BudgetPlan {
  checks: BudgetCheck[];
  /** The worst of them; unknown is worse than "may exceed". */
  verdict: BudgetVerdict;
}

export interface BudgetFacts {
  seconds: Band | null;
  cost: CostPlan | null;
  disk: DiskPlan;
}

/** Null: the recipe has no budget. */
export function judgeBudget(budget: Budget | undefined, { seconds, cost, disk }: BudgetFacts): BudgetPlan | null {
  if (budget === undefined) return null;
  const total = disk.total / 1e9;
  const estimates: Record<keyof Budget, Band | null> = {
    hours: seconds && { low: seconds.low / 3600, mid: seconds.mid / 3600, high: seconds.high / 3600 },
    usd: cost?.usd ?? null,
    disk_gb: { low: total, mid: total, high: total },
  };
  const checks = (Object.entries(budget) as [keyof Budget, number | undefined][]).flatMap(([limit, allowed]) =>
    allowed === undefined
      ? []
      : [{ limit, allowed, estimate: estimates[limit], verdict: verdictOf(estimates[limit], allowed) }],
  );
  const worst = (["exceeds", "unknown", "may exceed"] as const).find((verdict) =>
    checks.some((check) => check.verdict === verdict),
  );
  return { checks, verdict: worst ?? "within" };
}

function verdictOf(estimate: Band | null, allowed: number): BudgetVerdict {
  if (estimate === null) return "unknown";
  if (estimate.mid > allowed) return "exceeds";
  return estimate.high > allowed ? "may exceed" : "within";
}

/** What the trainer's side holds itself to, whatever becomes of ft: seconds over all attempts, bytes of the run's folder. */
export interface RunLimits {
  seconds: number | null;
  /** The recipe's key that the seconds follow from, for the message. */
  secondsFrom: "compute.budget.hours" | "compute.budget.usd" | null;
  bytes: number | null;
}

/** Null: no limit. Dollars become hours at the middle price; without a price there is none. */
export function runLimits(budget: Budget | undefined, rates: Rates | null, gpus: number): RunLimits | null {
  if (budget === undefined) return null;
  const byHours = budget.hours === undefined ? null : budget.hours * 3600;
  const rate = rates ? rates.mid.usdHour * gpus : 0;
  const byUsd = budget.usd === undefined || rate === 0 ? null : (budget.usd / rate) * 3600;
  const isUsd = byUsd !== null && (byHours === null || byUsd < byHours);
  return {
    seconds: isUsd ? byUsd : byHours,
    secondsFrom: isUsd ? "compute.budget.usd" : byHours === null ? null : "compute.budget.hours",
    bytes: budget.disk_gb === undefined ? null : budget.disk_gb * 1e9,
  };
}
