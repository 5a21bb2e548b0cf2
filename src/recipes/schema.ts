// The recipe: the only file a person writes. Types, JSON Schema, defaults and docs all come from this schema.
import { z } from "zod";

export const methodNames = ["full", "lora", "qlora"] as const;
const objectives = ["sft"] as const;
const engineNames = ["trl"] as const;
const launcherNames = ["local"] as const;
export const dataFormats = ["auto", "messages", "alpaca", "sharegpt", "prompt-completion", "text"] as const;
export const evalMetrics = ["loss", "exact_match", "json_valid"] as const;

const positiveInt = z.int().positive();

/** `method: lora` is short for `method: { type: lora }`. */
const methodSchema = z.preprocess(
  (value) => (typeof value === "string" ? { type: value } : value),
  z.strictObject({
    type: z
      .enum(methodNames)
      .describe("what is trained: all weights, a LoRA adapter, or a LoRA adapter on a 4-bit base"),
    rank: positiveInt.max(1024).default(16).describe("LoRA rank r"),
    alpha: positiveInt.default(32).describe("LoRA alpha; the update is scaled by alpha / rank"),
    dropout: z.number().min(0).lt(1).default(0).describe("LoRA dropout"),
    target_modules: z
      .union([z.literal("all-linear"), z.array(z.string().min(1)).min(1)])
      .default("all-linear")
      .describe("layers that get an adapter: all-linear, or a list of module names"),
  }),
);

const modelSchema = z.strictObject({
  base: z.string().min(1).describe("alias (smollm2-135m), hub id (org/name), folder, or .gguf file"),
  revision: z
    .string()
    .min(1)
    .optional()
    .describe("branch, tag or commit of a hub model; default main, pinned at run time"),
  template: z
    .string()
    .min(1)
    .default("auto")
    .describe("chat template: auto (the model's own), a built-in name (chatml), or a .jinja file"),
});

const dataSchema = z.strictObject({
  train: z.string().min(1).describe("training rows: .jsonl or .json, relative to this file"),
  eval: z.string().min(1).optional().describe("held-out rows, never trained on"),
  eval_fraction: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.1)
    .describe("share of the rows held out when data.eval is not given"),
  format: z.enum(dataFormats).default("auto").describe("row format; auto recognises it"),
  max_length: positiveInt.min(8).default(1024).describe("tokens a row may have; longer rows are cut"),
  train_on: z
    .enum(["assistant", "all"])
    .default("assistant")
    .describe("tokens that carry loss: the assistant's turns, or every token"),
});

const trainSchema = z.strictObject({
  epochs: z.number().positive().default(1),
  max_steps: positiveInt.optional().describe("optimizer steps; overrides epochs"),
  learning_rate: z.number().positive().lt(1).optional().describe("default 2e-4 for lora and qlora, 2e-5 for full"),
  batch_size: positiveInt.default(16).describe("rows per optimizer step, over all GPUs"),
  micro_batch: positiveInt.optional().describe("rows per forward pass and GPU; must divide batch_size"),
  scheduler: z.enum(["linear", "cosine", "constant", "constant_with_warmup"]).default("cosine"),
  warmup_ratio: z.number().min(0).lt(1).default(0.03).describe("share of the steps over which the learning rate rises"),
  weight_decay: z.number().min(0).default(0),
  max_grad_norm: z.number().positive().default(1),
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

const engineSchema = z.preprocess(
  (value) => (typeof value === "string" ? { name: value } : value),
  z.strictObject({
    name: z.enum(engineNames).default("trl"),
    overrides: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("keys of the engine's own config, checked against the pinned version"),
  }),
);

const computeSchema = z.strictObject({
  launcher: z.enum(launcherNames).default("local"),
  device: z.enum(["auto", "cpu", "cuda", "mps"]).default("auto"),
});

const evalSchema = z.strictObject({
  metrics: z.array(z.enum(evalMetrics)).min(1).default(["loss", "exact_match", "json_valid"]),
  max_rows: positiveInt.default(200).describe("held-out rows evaluated, the first ones"),
  max_new_tokens: positiveInt.default(128).describe("longest answer generated, greedily"),
  batch_size: positiveInt.default(16).describe("rows generated at once"),
});

export const recipeSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "use lower-case letters, digits, '.', '_' and '-' (63 at most)")
    .describe("names the runs and the adapter line"),
  model: modelSchema,
  method: methodSchema,
  objective: z.enum(objectives).default("sft"),
  data: dataSchema,
  train: trainSchema.prefault({}),
  engine: engineSchema.prefault({}),
  compute: computeSchema.prefault({}),
  eval: evalSchema.prefault({}),
});

/** What a person writes. */
export type WrittenRecipe = z.input<typeof recipeSchema>;
/** What the rest of ft reads: every default filled in. */
export type Recipe = z.output<typeof recipeSchema>;
export type EngineName = Recipe["engine"]["name"];
