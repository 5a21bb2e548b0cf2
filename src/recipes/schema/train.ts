// recipe key `train`: how the weights move.
import { z } from "zod";

const positiveInt = z.int().positive();

const optimizers = [
  "adamw",
  "adamw_8bit",
  "paged_adamw_32bit",
  "paged_adamw_8bit",
  "adafactor",
  "lion",
  "lion_8bit",
  "muon",
  "sgd",
] as const;
const schedulers = [
  "linear",
  "cosine",
  "cosine_with_min_lr",
  "constant",
  "constant_with_warmup",
  "inverse_sqrt",
] as const;

export const trainSchema = z.strictObject({
  epochs: z
    .number()
    .positive()
    .optional()
    .describe("times each row is seen; default by the objective and the number of rows"),
  max_steps: positiveInt.optional().describe("optimizer steps; in place of epochs"),
  learning_rate: z.number().positive().lt(1).optional().describe("peak; default by method, objective and model size"),
  batch_size: positiveInt
    .optional()
    .describe("rows per optimizer step, over all GPUs; default by the objective and the number of rows"),
  micro_batch: z
    .union([positiveInt, z.literal("auto")])
    .optional()
    .describe(
      "rows per forward pass and GPU, of which batch_size must be a multiple for each GPU; auto: as many as the estimate fits into the GPU",
    ),
  optimizer: z
    .enum(optimizers)
    .default("adamw")
    .describe("8-bit and paged ones need a CUDA GPU and save optimizer memory"),
  scheduler: z.enum(schedulers).default("cosine").describe("how the learning rate falls"),
  min_lr_ratio: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe("lowest learning rate over the peak, for cosine_with_min_lr (default 0.1)"),
  warmup_ratio: z.number().min(0).lt(1).optional().describe("share of the steps over which the learning rate rises"),
  weight_decay: z.number().min(0).default(0),
  max_grad_norm: z.number().nonnegative().default(1).describe("gradients are clipped to this norm; 0: not at all"),
  neftune_alpha: z.number().positive().optional().describe("noise on the embeddings (NEFTune); 5 is usual"),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(42),
  precision: z
    .enum(["auto", "fp32", "bf16", "fp16"])
    .default("auto")
    .describe("auto: bf16 on a GPU that has it, else fp32"),
  gradient_checkpointing: z
    .boolean()
    .default(false)
    .describe("recompute activations: less memory, about a third slower"),
  liger: z.boolean().default(false).describe("Liger's fused kernels: less memory and faster, on a CUDA GPU"),
  early_stopping: z
    .strictObject({
      patience: positiveInt.default(3).describe("evaluations without a better held-out loss before training stops"),
    })
    .optional()
    .describe("stop when the held-out loss no longer falls, and keep the best checkpoint; needs eval_every"),
  log_every: positiveInt.default(1).describe("steps between metrics"),
  eval_every: positiveInt
    .optional()
    .describe("steps between losses on the held-out rows; default: never during training"),
  save_every: positiveInt.default(50).describe("steps between checkpoints"),
  keep_checkpoints: positiveInt
    .min(2)
    .default(2)
    .describe("older ones are deleted; two at least, so that one is whole at any time"),
});
