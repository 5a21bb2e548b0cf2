// How ft's engines train when nothing says otherwise: types, kernels, loss. One row an engine; the pinned versions' own code was read for each.
import type { EngineName } from "../recipes/schema.js";
import type { Bytes, Kernels, Loss, Method, Precision } from "./memory/setting.js";

export interface EngineDefaults {
  layer: Kernels["layer"];
  /** Of the sft objective. */
  loss: Loss;
  /** Of objectives that need each token's probability. */
  pairLoss: Loss;
  /** Full training keeps fp32 weights under autocast. */
  fullInFp32: boolean;
  /** Bytes of an adapter's numbers on a base in a short type, and on a 4-bit base. */
  adapterBytes: Record<"lora" | "qlora", Bytes>;
  /** Layer inputs of checkpointing go to CPU memory. */
  offloadsInputs: boolean;
  /** torch's AdamW over all parameters at once. */
  foreach: boolean;
}

/** bf16 logits, their fp32 copy or its gradient, the log-softmax (transformers 5.23's ForCausalLMLoss). */
const wholeLoss: Loss = { kind: "whole", bytesPerLogit: 2 + 4 + 4 };

/** TRL 1.16, kernels/chunked_logprob.py and trainer/utils.py. */
const tiledLoss: Loss = { kind: "tiled", tokens: 4096, vocab: 32_768 };

export const engineDefaults: Record<EngineName, EngineDefaults> = {
  trl: {
    layer: "eager",
    loss: tiledLoss,
    pairLoss: wholeLoss,
    fullInFp32: true,
    // PEFT raises adapters to fp32 (autocast_adapter_dtype); TRL lowers those of a 4-bit base to bf16 (trainer/sft_trainer.py).
    adapterBytes: { lora: 4, qlora: 2 },
    offloadsInputs: false,
    foreach: true,
  },
  axolotl: {
    layer: "eager",
    loss: wholeLoss,
    pairLoss: wholeLoss,
    fullInFp32: false,
    adapterBytes: { lora: 4, qlora: 4 },
    offloadsInputs: false,
    foreach: true,
  },
  unsloth: {
    layer: "fused",
    // Compiled: of a logit its two bytes and those of its gradient.
    loss: { kind: "budgeted", bytesPerLogit: 4 },
    pairLoss: { kind: "fused" },
    fullInFp32: false,
    adapterBytes: { lora: 4, qlora: 4 },
    // use_gradient_checkpointing: "unsloth" (unsloth_zoo/gradient_checkpointing.py).
    offloadsInputs: true,
    foreach: true,
  },
};

/** The types of a run; `short`: what the hardware computes in, 4 without a short type. */
export function precisionFor(engine: EngineName, method: Method, short: Bytes): Precision {
  const { fullInFp32, adapterBytes } = engineDefaults[engine];
  const weights = method === "full" && fullInFp32 ? 4 : short;
  return {
    weights,
    compute: short,
    // Layers add to what the embedding gave them, in its type.
    residual: weights,
    trained: method === "full" ? weights : short === 4 ? 4 : adapterBytes[method],
    masters: false,
  };
}
