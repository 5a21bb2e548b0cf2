// The least memory that a model trains in on one GPU: what `ft models` tells before there is a recipe.
import type { ModelShape } from "../models/model-shape.js";
import { engineDefaults, precisionFor } from "./engine-defaults.js";
import { estimateMemory, type MemoryEstimate } from "./memory/estimate.js";
import { type MemorySetting, type Method, plainHabits } from "./memory/setting.js";
import { targetTest } from "./recipe-setting.js";

/** One row of 1,024 tokens, checkpointing, rank 16 on all linear layers, TRL with AdamW in bf16: the recipe's defaults with the smallest batch. */
export function smallestSetting(shape: ModelShape, method: Method, sequenceLength = 1024): MemorySetting {
  const trl = engineDefaults.trl;
  return {
    ...{ shape, method, loss: trl.loss, habits: plainHabits },
    adapter: method === "full" ? null : allLinear(16),
    precision: precisionFor("trl", method, 2),
    quantisation: method === "qlora" ? "nf4-dq" : null,
    optimizer: { kind: "adamw", foreach: trl.foreach, inBackward: false },
    batch: { rows: 1, tokens: sequenceLength, accumulation: 16, meanShare: 0.5, sharedBy: 1 },
    checkpointing: { layers: true, offloaded: false },
    kernels: { attention: "sdpa", layer: trl.layer },
    sharding: { parallelism: "none", gpus: 1, offload: "none", gathersAll: false },
  };
}

/** Every layer that PEFT's "all-linear" finds. */
function allLinear(rank: number): NonNullable<MemorySetting["adapter"]> {
  return {
    rank,
    isTarget: targetTest("all-linear"),
    ...{ layers: null, dora: false, dropout: false, trainedModules: [] },
  };
}

/** GiB by term, as `ft models show` prints it. `total` is what nvidia-smi shows at the peak. */
export interface MemorySummary {
  weights: number;
  adapter: number;
  gradients: number;
  optimizer: number;
  activations: number;
  logits: number;
  optimizerStep: number;
  /** Of torch's allocator and of CUDA. */
  overhead: number;
  total: number;
}

export function smallestMemory(shape: ModelShape): Record<Method, MemorySummary> {
  const of = (method: Method): MemorySummary => summarise(estimateMemory(smallestSetting(shape, method)));
  return { qlora: of("qlora"), lora: of("lora"), full: of("full") };
}

/** GiB, as nvidia-smi shows it. */
export function smallestTotal(shape: ModelShape, method: Method): number {
  return summarise(estimateMemory(smallestSetting(shape, method))).total;
}

function summarise({ terms, device, phases, peak }: MemoryEstimate): MemorySummary {
  const gib = (bytes: number): number => Math.round((bytes / 2 ** 30) * 1000) / 1000;
  return {
    weights: gib(terms.weights + terms.quantisationConstants),
    adapter: gib(terms.adapters),
    gradients: gib(terms.gradients),
    optimizer: gib(terms.optimizer + terms.masters),
    activations: gib(terms.activations + terms.recomputed + terms.ends + terms.autocastCopies),
    logits: gib(terms.logits),
    optimizerStep: gib(terms.optimizerStep),
    overhead: gib(device.mid - phases[peak]),
    total: gib(device.mid),
  };
}
