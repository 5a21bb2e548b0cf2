// What the optimizer holds of each trained parameter, and what it takes for a moment while it steps.
import type { Trained } from "./adapters.js";
import type { OptimizerKind, OptimizerSetting } from "./setting.js";

interface States {
  /** Moments in the parameter's own type. */
  moments: number;
  /** Bytes a parameter of moments that have a type of their own. */
  bytes: number;
  /** Held in pages that move to CPU memory when the GPU is full. */
  paged: boolean;
}

/** Two blockwise 8-bit moments, and an fp32 constant for each 256 of them (Dettmers et al., arXiv 2110.02861). */
const eightBit = 1 + 4 / 256;

const states: Record<OptimizerKind, States> = {
  // Loshchilov & Hutter, arXiv 1711.05101; torch keeps the moments in the parameter's type.
  adamw: { moments: 2, bytes: 0, paged: false },
  adamw_8bit: { moments: 0, bytes: 2 * eightBit, paged: false },
  paged_adamw_32bit: { moments: 0, bytes: 8, paged: true },
  paged_adamw_8bit: { moments: 0, bytes: 2 * eightBit, paged: true },
  // Row and column sums instead of the second moment, no first one (Shazeer & Stern, arXiv 1804.04235): thousandths of a byte.
  adafactor: { moments: 0, bytes: 0.01, paged: false },
  // Chen et al., arXiv 2302.06675: one moment.
  lion: { moments: 1, bytes: 0, paged: false },
  lion_8bit: { moments: 0, bytes: eightBit, paged: false },
  // Jordan et al. 2024: one momentum for matrices; embeddings and vectors go to AdamW, which this leaves out.
  muon: { moments: 1, bytes: 0, paged: false },
  // ft trains SGD without momentum.
  sgd: { moments: 0, bytes: 0, paged: false },
};

/** Bytes of the optimizer's states before sharding. transformers lets 8-bit optimizers hold those of embeddings in 32 bits (its Trainer's override). */
export function stateBytes({ parameters, embeddings, bytes }: Trained, kind: OptimizerKind): number {
  const { moments, bytes: own } = states[kind];
  const raised = kind.endsWith("8bit") ? embeddings : 0;
  const raisedBytes = kind.startsWith("lion") ? 4 : 8;
  return (parameters - raised) * (moments * bytes + own) + raised * raisedBytes;
}

/**
 * The states lie in memory that CUDA moves to the CPU when the GPU is full (cudaMallocManaged): never in torch's allocator, and never why
 * memory runs out.
 */
export function isPaged(kind: OptimizerKind): boolean {
  return states[kind].paged;
}

/**
 * Bytes a trained parameter of temporaries in the step: torch's foreach AdamW makes one tensor as large as all parameters (the
 * denominator: `torch._foreach_sqrt`); fused and 8-bit kernels make none; Adafactor the update itself, one matrix at a time.
 */
export function stepTemporaryBytes(trainedBytes: number, { kind, foreach, inBackward }: OptimizerSetting): number {
  if (inBackward || !foreach) return 0;
  return kind === "adamw" || kind === "lion" || kind === "muon" ? trainedBytes : 0;
}
