// What the memory of one training process follows from: the model, what is trained, in which types, on which batch, over how many GPUs, by which kernels.
import type { ModelShape } from "../../models/model-shape.js";
import type { WeightGroup } from "../../models/weight-groups.js";

export type Method = "full" | "lora" | "qlora";

/** Bytes of one number. */
export type Bytes = 2 | 4;

export type Parallelism = "none" | "ddp" | "fsdp1" | "fsdp2" | "zero1" | "zero2" | "zero3";

export interface MemorySetting {
  shape: ModelShape;
  method: Method;
  /** Null with method full. */
  adapter: AdapterSetting | null;
  precision: Precision;
  /** How the frozen base is packed with method qlora; else null. */
  quantisation: Quantisation | null;
  optimizer: OptimizerSetting;
  batch: Batch;
  checkpointing: Checkpointing;
  kernels: Kernels;
  loss: Loss;
  sharding: Sharding;
  habits: Habits;
}

export interface AdapterSetting {
  rank: number;
  /** Which weight groups get an adapter. */
  isTarget(group: WeightGroup): boolean;
  /** How many layers get one; null: all. */
  layers: number | null;
  /** Weight-decomposed adapters (DoRA). */
  dora: boolean;
  dropout: boolean;
  /** Modules that are trained whole beside the adapter (PEFT's modules_to_save): "embed_tokens", "lm_head". */
  trainedModules: readonly string[];
}

export interface Precision {
  /** Of the base's weights as they lie in memory. */
  weights: Bytes;
  /** Of matrix products and what is kept of them. */
  compute: Bytes;
  /** Of the residual stream: what each layer hands to the next. */
  residual: Bytes;
  /** Of trained parameters, their gradients and their moments. */
  trained: Bytes;
  /** An fp32 copy of trained parameters beside them (DeepSpeed's bf16 engine), with gradients copied to fp32 for the step. */
  masters: boolean;
}

export type Quantisation = "nf4" | "nf4-dq" | "int4" | "int8";

export interface OptimizerSetting {
  kind: OptimizerKind;
  /** One pass over all parameters at once, with a temporary as large as the largest state (torch's foreach). */
  foreach: boolean;
  /** Steps each parameter as its gradient appears, so that gradients are never all there. */
  inBackward: boolean;
}

export type OptimizerKind =
  | "adamw"
  | "adamw_8bit"
  | "paged_adamw_32bit"
  | "paged_adamw_8bit"
  | "adafactor"
  | "lion"
  | "lion_8bit"
  | "muon"
  | "sgd";

export interface Batch {
  /** Rows in one forward pass and GPU. */
  rows: number;
  /** Tokens of the longest row, padding included, or of a packed sequence. */
  tokens: number;
  /** Forward passes an optimizer step; from the second on the gradients of those before are there too. */
  accumulation: number;
  /** Mean length over the longest, where lengths differ from batch to batch and the allocator's blocks seldom fit again; null: all alike. */
  meanShare: number | null;
  /** GPUs that share one sequence (context parallelism). */
  sharedBy: number;
  /** A pass over held-out rows between steps, without gradients; left out: there is none. */
  heldOut?: { rows: number; tokens: number };
}

interface Checkpointing {
  /** Keep only each layer's input and compute the layer again in the backward pass (Chen et al., arXiv 1604.06174). */
  layers: boolean;
  /** What layers keep lies in CPU memory meanwhile (Unsloth; torchtune's activation offloading). */
  offloaded: boolean;
}

export interface Kernels {
  attention: "flash" | "sdpa" | "eager";
  /** eager: transformers' own modules; fused: norms, rotation and the gated product as one kernel each (Liger, Unsloth); compiled: torch.compile. */
  layer: "eager" | "fused" | "compiled";
}

/** How the loss over the vocabulary is computed. */
export type Loss =
  /** All logits at once; `bytesPerLogit`: everything that exists of one logit at the worst moment. */
  | { kind: "whole"; bytesPerLogit: number }
  /** In tiles of so many tokens and vocabulary rows (TRL); only a tile exists. `bytesPerLogit`: all that exists of one of its logits; left out: the logit itself. */
  | { kind: "tiled"; tokens: number; vocab: number; bytesPerLogit?: number }
  /** Head and loss in one kernel, in chunks as wide as the hidden states (Liger, arXiv 2410.10989, section 3.2). */
  | { kind: "fused" }
  /** In as few chunks of tokens as stay within a budget of bytes (Unsloth). `bytesPerLogit`: all that exists of one of a chunk's logits. */
  | { kind: "budgeted"; bytesPerLogit: number }
  /** The logits never leave the chip (Cut Cross-Entropy, arXiv 2411.09009). */
  | { kind: "cut" };

export interface Sharding {
  parallelism: Parallelism;
  gpus: number;
  offload: "none" | "optimizer" | "params";
  /** FSDP1 without limit_all_gathers: the CPU runs ahead and gathers every layer. */
  gathersAll: boolean;
}

/** What an engine does besides, each with its term. */
export interface Habits {
  /** q, k and v are views of one tensor, which lives as long as they do. */
  keepsFusedQkv: boolean;
  /** Keys and values are copied for each query head before the attention kernel. */
  repeatsKeys: boolean;
  /** The quantised product keeps its input (bitsandbytes before 0.44: MatMul4Bit). */
  keepsQuantisedInputs: boolean;
  /** Copies of the embedding beside the model's own. */
  embeddingCopies: number;
  /** Frozen copies of the whole model to compare with (DPO without an adapter). */
  referenceCopies: number;
  /** Under FSDP the whole model lies on each GPU for a moment: before it is sharded, or to save it. */
  loadsWhole: boolean;
  /** The caller holds the fp32 logits through the backward pass. */
  holdsLogits: boolean;
  /** The head is quantised too. */
  quantisesHead: boolean;
  /** Embeddings, head and norms of a quantised model are raised to fp32 (PEFT's prepare_model_for_kbit_training). */
  raisesUnquantised: boolean;
  /** Tensors lie in the C library's heap (a CPU), not in blocks of torch's own. */
  usesHeap: boolean;
}

export const plainHabits: Habits = {
  keepsFusedQkv: false,
  repeatsKeys: false,
  keepsQuantisedInputs: false,
  embeddingCopies: 0,
  referenceCopies: 0,
  loadsWhole: false,
  holdsLogits: false,
  quantisesHead: false,
  raisesUnquantised: false,
  usesHeap: false,
};
