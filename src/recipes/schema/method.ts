// recipe key `method`: which weights are trained, and how an adapter is shaped.
import { z } from "zod";

export const methodNames = ["full", "lora", "qlora"] as const;
export const adapterInits = ["default", "gaussian", "pissa", "loftq"] as const;

/** `method: lora` is short for `method: { type: lora }`. */
export const methodSchema = z.preprocess(
  (value) => (typeof value === "string" ? { type: value } : value),
  z.strictObject({
    type: z
      .enum(methodNames)
      .describe("what is trained: all weights, a LoRA adapter, or a LoRA adapter on a 4-bit base"),
    rank: z.int().positive().max(1024).optional().describe("LoRA rank r; default by the objective"),
    alpha: z
      .int()
      .positive()
      .optional()
      .describe("LoRA alpha; the update is scaled by alpha / rank (rslora: alpha / sqrt(rank)); default 32"),
    dropout: z.number().min(0).lt(1).default(0).describe("LoRA dropout"),
    target_modules: z
      .union([
        z.literal("all-linear"),
        z.array(z.string().min(1)).min(1),
        z.strictObject({ regex: z.string().min(1).refine(isRegex, "not a regular expression") }),
      ])
      .optional()
      .describe(
        "layers that get an adapter: all-linear (default), a list of module names, or { regex: ... } on full names",
      ),
    layers: z
      .array(z.int().min(0))
      .min(1)
      .optional()
      .describe("indices of the transformer layers that get an adapter; default all"),
    modules_to_save: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe("modules trained whole and saved with the adapter, such as embed_tokens and lm_head"),
    rslora: z.boolean().default(false).describe("scale by alpha / sqrt(rank): steadier at high ranks"),
    dora: z
      .boolean()
      .default(false)
      .describe("train magnitude and direction apart (DoRA): slower, often better at low rank"),
    init: z
      .enum(adapterInits)
      .default("default")
      .describe(
        "where the adapter starts: default (no change), gaussian, pissa (principal directions) or loftq (what 4 bits lost)",
      ),
    lora_plus_ratio: z
      .number()
      .min(1)
      .optional()
      .describe("LoRA+: learning rate of B over that of A; 16 is the paper's advice"),
  }),
);

function isRegex(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
