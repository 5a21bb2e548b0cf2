// Successive halving: many trials trained a little, the best 1/factor of them longer, and so on. Pure.

type BudgetUnit = "steps" | "epochs";

/** How long a trial of a rung trains; recipe key train.max_steps or train.epochs. */
export interface Budget {
  unit: BudgetUnit;
  amount: number;
}

export interface Rung {
  trials: number;
  budget: Budget;
}

export interface HalvingInput {
  /** Of the first rung: n. */
  trials: number;
  /** eta: 1/factor of a rung goes on, and trains factor times as long. */
  factor: number;
  unit: BudgetUnit;
  /** r: of a trial of the first rung. Null: so that the last rung trains as long as the recipe says. */
  first: number | null;
  /** R: as the recipe says. */
  whole: number;
}

/**
 * Rung i has floor(n / eta^i) trials of r eta^i each, until one is left: SuccessiveHalving of Jamieson and Talwalkar 2016
 * (arXiv 1502.07943), in the form with a factor of Li et al. 2018 (Hyperband, arXiv 1603.06560).
 *
 * Each rung trains its trials anew, from the base, with its own number of steps. The papers go on from where a trial was; here that would
 * be another training: schedules (cosine, linear) and the warm-up stretch over the steps of the whole training, so that a checkpoint from
 * the end of a short one has been trained down to a rate of zero, and going on would raise it again. So the last rung's result
 * is just what `ft run` gives with these values, at the price of the shorter trainings before it.
 */
export function rungsOf({ trials, factor, unit, first, whole }: HalvingInput): Rung[] {
  const counts = [trials];
  for (let left = Math.floor(trials / factor); left >= 1; left = Math.floor(left / factor)) counts.push(left);
  const last = counts.length - 1;
  return counts.map((count, index) => ({
    trials: count,
    budget: {
      unit,
      amount: amountOf(unit, first === null ? whole / factor ** (last - index) : first * factor ** index),
    },
  }));
}

function amountOf(unit: BudgetUnit, amount: number): number {
  return unit === "steps" ? Math.max(1, Math.round(amount)) : Number(amount.toPrecision(4));
}
