// Does it fit: what a training needs of a GPU, against what the GPU has.
import type { Band, PeakParts } from "./memory/allocator.js";
import { contextBand } from "./memory/allocator.js";
import type { MemoryEstimate } from "./memory/estimate.js";

export type Verdict = "fits" | "tight" | "does not fit";

/**
 * Bytes without which the training runs out of memory. Less than nvidia-smi will show: the allocator gives cached blocks back before it fails,
 * but for the share that is in use here and there.
 */
export function neededBand({ allocated, parts }: MemoryEstimate): Band {
  const context = contextBand(parts.gpus);
  return {
    low: allocated.low + context.low,
    mid: allocated.mid + stuckBytes(parts) + context.mid,
    high: allocated.high + stuck.high * parts.passing + context.high,
  };
}

/** Of `neededBand`'s mid: unused between blocks that are in use. */
export function stuckBytes({ passing }: Pick<PeakParts, "passing">): number {
  return stuck.mid * passing;
}

/** Share of what comes and goes that fragmentation keeps from being used, with the GPU full. Assumed: the least that fms-acceleration's pairs show, and their median. */
const stuck = { mid: 0.05, high: 0.25 };

/** tight: it runs by the estimate, and not if the estimate is at the upper end of its band. */
export function verdictOn(needed: Band, capacityBytes: number): Verdict {
  if (needed.mid > capacityBytes) return "does not fit";
  return needed.high <= capacityBytes ? "fits" : "tight";
}
