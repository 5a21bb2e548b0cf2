// The catalogue's data: whole, consistent with itself, its licences and the parameter formula, and with the families people ask for.
import { expect, test } from "vitest";
import { z } from "zod";
import { catalogue, findAlias } from "./catalogue.js";
import { allLicences, hasEuClause, licenceOf } from "./licences.js";
import { type ConfigShape, readConfig } from "./read-config.js";

const count = z.int().nonnegative();
const entrySchema = z.strictObject({
  alias: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
  hubId: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  family: z.string().min(1),
  ...{ paramsB: z.number().positive(), activeParamsB: z.number().positive() },
  ...{ layers: count.min(1), hidden: count.min(1), heads: count.min(1), kvHeads: count.min(1) },
  headDim: count.min(1).nullable(),
  ...{ intermediate: count.min(1), experts: count, expertsPerToken: count, vocab: count.min(1) },
  tiedEmbeddings: z.boolean(),
  details: z.strictObject({ mixture: z.strictObject({ denseLayers: count, denseIntermediate: count }) }).optional(),
  maxContext: count.min(1024),
  ...{ templateFamily: z.string().min(1), eosToken: z.string().min(1), endOfTurnToken: z.string() },
  ...{ licenceId: z.string(), licenceNote: z.string().nullable() },
  ...{ gated: z.boolean(), origin: z.string().regex(/^[A-Z]{2}$/), released: z.string().regex(/^20\d\d-\d\d$/) },
  ...{ multimodal: z.boolean(), source: z.string().min(1) },
});

test("every row is whole, and instruct models alone have a template and an end of turn", () => {
  for (const entry of catalogue()) {
    expect(() => entrySchema.parse(entry), entry.alias).not.toThrow();
    expect(entry.templateFamily === "none", entry.alias).toBe(entry.endOfTurnToken === "");
    expect(entry.activeParamsB, entry.alias).toBeLessThanOrEqual(entry.paramsB);
  }
  expect(new Set(catalogue().map(({ hubId }) => hubId)).size).toBe(catalogue().length);
});

test("every model's licence is described, and no licence is described in vain", () => {
  const used = new Set(catalogue().map((entry) => licenceOf(entry).id));
  expect([...allLicences().keys()].sort()).toEqual([...used].sort());
});

test.each([
  ["Llama 3.1", ["llama3.1-8b", "llama3.1-70b", "llama3.1-405b"]],
  ["Llama 3.2", ["llama3.2-1b", "llama3.2-3b", "llama3.2-11b-vision"]],
  ["Llama 3.3", ["llama3.3-70b"]],
  ["Llama 4", ["llama4-scout", "llama4-maverick"]],
  ["Qwen 2.5", ["qwen2.5-0.5b", "qwen2.5-7b", "qwen2.5-72b"]],
  ["Qwen 3", ["qwen3-0.6b", "qwen3-8b", "qwen3-32b", "qwen3-30b-a3b", "qwen3-235b-a22b"]],
  ["Mistral", ["mistral-7b", "mistral-nemo-12b", "mistral-small-24b-2501", "mistral-large-2-2411"]],
  ["Mixtral", ["mixtral-8x7b", "mixtral-8x22b"]],
  ["DeepSeek", ["deepseek-v3", "deepseek-r1", "deepseek-r1-distill-qwen-7b", "deepseek-r1-distill-llama-8b"]],
  ["Gemma 3", ["gemma3-1b", "gemma3-4b", "gemma3-27b"]],
  ["gpt-oss", ["gpt-oss-20b", "gpt-oss-120b"]],
  ["Phi-4", ["phi-4", "phi-4-mini"]],
])("%s is there", (_, aliases) => {
  expect(aliases.filter((alias) => !findAlias(alias))).toEqual([]);
});

test("the EU clause of the Llama licences meets the multimodal models only", () => {
  const barred = catalogue()
    .filter(hasEuClause)
    .map(({ alias }) => alias);
  expect(barred).toEqual(expect.arrayContaining(["llama3.2-11b-vision", "llama4-scout", "llama4-maverick"]));
  expect(barred.filter((alias) => /llama3\.[13]|llama3\.2-[13]b|distill/.test(alias))).toEqual([]);
  expect(licenceOf({ licenceId: "mit+llama3.1" })).toMatchObject({ commercial: "conditions", user_cap: 700_000_000 });
  expect(licenceOf({ licenceId: "qwen-research" }).commercial).toBe("no");
});

const latent = {
  ...{ kv_lora_rank: 512, q_lora_rank: 1536 },
  ...{ qk_rope_head_dim: 64, qk_nope_head_dim: 128, v_head_dim: 128 },
};

/** Vision towers, rounded totals and DeepSeek's multi-token head are in the catalogue's figure but not in the formula's. */
test("the parameters that a config.json amounts to are the catalogue's", () => {
  const counted = catalogue().filter(({ multimodal }) => !multimodal);
  for (const entry of counted) {
    const isLatent = entry.headDim === null;
    const config = {
      model_type: entry.family.replaceAll("-", "_"),
      ...{ hidden_size: entry.hidden, num_hidden_layers: entry.layers, vocab_size: entry.vocab },
      ...{ num_attention_heads: entry.heads, num_key_value_heads: entry.kvHeads, head_dim: entry.headDim },
      ...(isLatent ? { ...latent, n_shared_experts: 1, first_k_dense_replace: 3 } : {}),
      ...{ intermediate_size: isLatent ? 18432 : entry.intermediate, moe_intermediate_size: entry.intermediate },
      ...{ num_experts: entry.experts, num_experts_per_tok: entry.expertsPerToken },
      ...{ tie_word_embeddings: entry.tiedEmbeddings, max_position_embeddings: entry.maxContext },
    };
    const { paramsB, maxContext } = readConfig(config) as ConfigShape;
    expect(Math.abs(paramsB / entry.paramsB - 1), `${entry.alias}: ${paramsB}`).toBeLessThan(0.01);
    expect(maxContext).toBe(entry.maxContext);
  }
});
