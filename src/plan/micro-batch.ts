// `train.micro_batch: auto`: as many rows in a forward pass as surely fit.
import type { Hardware } from "./hardware.js";
import { onHardware, type PlanInput, planMemory } from "./memory-plan.js";

/** More rows than this keep no GPU busier. */
const most = 64;

/** Of the divisors of each GPU's rows the largest with which it *fits*, else 1, which takes least. Pure. */
export function largestMicroBatch(input: PlanInput, hardware: Hardware): number {
  const { train, compute } = onHardware(input.recipe, hardware);
  const rows = Math.max(1, Math.floor(train.batch_size / Math.max(1, compute.gpus / compute.context_parallel)));
  const divisors = Array.from({ length: Math.min(most, rows) }, (_, index) => index + 1).filter((n) => rows % n === 0);
  const fits = (rowsEach: number): boolean => {
    const recipe = { ...input.recipe, train: { ...train, micro_batch: rowsEach } };
    return planMemory({ ...input, recipe }, hardware).verdict === "fits";
  };
  return divisors.findLast(fits) ?? 1;
}
