// recipe key `model`: the base, and what is done to it before training.
import { z } from "zod";

const attentionKernels = ["auto", "eager", "sdpa", "flash_attention_2", "flash_attention_3", "flex_attention"] as const;

export const modelSchema = z.strictObject({
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
  attention: z
    .enum(attentionKernels)
    .default("auto")
    .describe("attention kernel; auto: what the engine and the machine choose"),
  new_tokens: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("special tokens to add; an adapter then also trains and saves the embeddings and the output head"),
});
