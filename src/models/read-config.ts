// Facts of any transformers model from its config.json: the dimensions, what the architecture has besides, the parameters counted from them.
import { z } from "zod";
import type { Architecture, LatentAttention, Mixture } from "./architecture.js";
import type { ModelShape } from "./model-shape.js";
import { countParameters, weightGroups } from "./weight-groups.js";

const count = z.int().nonnegative().nullish();
const flag = z.boolean().nullish();

/** The keys that the architectures share, in their spellings; others are ignored. */
const configSchema = z.looseObject({
  model_type: z.string(),
  hidden_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: count,
  head_dim: count,
  kv_lora_rank: count,
  q_lora_rank: count,
  qk_rope_head_dim: count,
  qk_nope_head_dim: count,
  v_head_dim: count,
  attention_bias: flag,
  mlp_bias: flag,
  intermediate_size: z.int().positive(),
  moe_intermediate_size: count,
  intermediate_size_mlp: count,
  shared_expert_intermediate_size: count,
  num_local_experts: count,
  num_experts: count,
  n_routed_experts: count,
  n_shared_experts: count,
  first_k_dense_replace: count,
  interleave_moe_layer_step: count,
  decoder_sparse_step: count,
  mlp_only_layers: z.array(z.int()).nullish(),
  num_experts_per_tok: count,
  vocab_size: z.int().positive(),
  tie_word_embeddings: flag,
  max_position_embeddings: count,
});

type Config = z.output<typeof configSchema>;

export interface ConfigShape extends ModelShape {
  /** Billions of parameters that one token passes through. */
  activeParamsB: number;
  /** Tokens; null: not in the file. */
  maxContext: number | null;
  /** Has a part besides the text model (images, audio), which paramsB leaves out. */
  multimodal: boolean;
}

/** What keeps ft from knowing the dimensions, in words: "config.json has no hidden_size, vocab_size". */
export interface UnknownConfig {
  problem: string;
}

/** A config that names its dimensions otherwise (old GPT-2 likes, encoders, state-space models) is a problem that says which keys are missing. */
export function readConfig(json: unknown): ConfigShape | UnknownConfig {
  const outer = z.looseObject({ text_config: z.record(z.string(), z.unknown()).optional() }).safeParse(json);
  if (!outer.success) return { problem: "it is no JSON object" };
  const text = outer.data.text_config;
  const parsed = configSchema.safeParse(
    text ? { tie_word_embeddings: outer.data.tie_word_embeddings, model_type: outer.data.model_type, ...text } : json,
  );
  if (!parsed.success) return { problem: describeIssues(outer.data.model_type, text ?? outer.data, parsed.error) };
  const config = parsed.data;
  const latent = latentOf(config);
  if (latent !== null && "problem" in latent) return latent;
  const impossible = impossibleIn(config, latent !== null);
  if (impossible !== null) return { problem: `config.json of a ${config.model_type} has ${impossible}` };
  const shape = shapeOf(config, latent);
  const billions = (of: ModelShape): number => Math.round(countParameters(weightGroups(of)) / 1e3) / 1e6;
  return {
    ...shape,
    paramsB: billions(shape),
    activeParamsB: billions({ ...shape, experts: shape.expertsPerToken }),
    maxContext: config.max_position_embeddings ?? null,
    multimodal: text !== undefined,
  };
}

/** What no model can have; null: nothing of the kind. */
function impossibleIn(config: Config, isLatent: boolean): string | null {
  const { hidden_size, num_attention_heads: heads, num_key_value_heads: kvHeads, head_dim } = config;
  const tooMany = Object.entries(largest).find(([key, most]) => Number(config[key]) > most);
  if (tooMany) return `${tooMany[0]}: ${config[tooMany[0]]}, which no model has`;
  if (!isLatent && head_dim == null && hidden_size % heads !== 0)
    return `num_attention_heads: ${heads}, which do not divide its hidden_size ${hidden_size}, and no head_dim`;
  if (!isLatent && kvHeads && heads % kvHeads !== 0)
    return `num_key_value_heads: ${kvHeads}, which do not divide its num_attention_heads ${heads}`;
  return null;
}

/** Ten times and more of what the largest models have. */
const largest = {
  hidden_size: 1e6,
  num_hidden_layers: 1e4,
  num_attention_heads: 1e5,
  intermediate_size: 1e7,
  vocab_size: 1e7,
};

function describeIssues(type: unknown, config: Record<string, unknown>, error: z.ZodError): string {
  const keys = [...new Set(error.issues.map(({ path }) => String(path[0])))];
  const [missing, wrong] = [keys.filter((key) => config[key] == null), keys.filter((key) => config[key] != null)];
  const parts = [
    missing.length > 0 ? `has no ${missing.join(", ")}` : "",
    ...wrong.map((key) => `has ${key}: ${JSON.stringify(config[key])}, which is no such number`),
  ];
  return `config.json${typeof type === "string" ? ` of a ${type}` : ""} ${parts.filter(Boolean).join(" and ")}`;
}

/** Null: grouped-query attention. */
function latentOf(config: Config): LatentAttention | UnknownConfig | null {
  if (!config.kv_lora_rank) return null;
  const needed = { rope: "qk_rope_head_dim", nope: "qk_nope_head_dim", value: "v_head_dim" } as const;
  const missing = Object.values(needed).filter((key) => !config[key]);
  if (missing.length > 0) return { problem: `config.json of a ${config.model_type} has no ${missing.join(", ")}` };
  return {
    ...{ q: config.q_lora_rank ?? null, kv: config.kv_lora_rank },
    ...{ rope: config.qk_rope_head_dim!, nope: config.qk_nope_head_dim!, value: config.v_head_dim! },
  };
}

function shapeOf(config: Config, latent: LatentAttention | null): ModelShape {
  const family = config.model_type.replace(/_text$/, "").replaceAll("_", "-");
  const experts = config.num_local_experts ?? config.num_experts ?? config.n_routed_experts ?? 0;
  return {
    family,
    paramsB: 0,
    layers: config.num_hidden_layers,
    hidden: config.hidden_size,
    heads: config.num_attention_heads,
    kvHeads: config.num_key_value_heads ?? config.num_attention_heads,
    headDim: latent ? null : (config.head_dim ?? config.hidden_size / config.num_attention_heads),
    intermediate: experts > 0 ? (config.moe_intermediate_size ?? config.intermediate_size) : config.intermediate_size,
    experts,
    expertsPerToken: config.num_experts_per_tok ?? 0,
    vocab: config.vocab_size,
    tiedEmbeddings: config.tie_word_embeddings ?? tiedByDefault.has(family),
    details: {
      ...biasesOf(config),
      ...(latent ? { latent } : {}),
      ...(experts > 0 ? { mixture: mixtureOf(config) } : {}),
    },
  };
}

/** Architectures whose config.json leaves the key out and means true. */
const tiedByDefault = new Set(["gemma", "gemma2", "gemma3", "cohere", "cohere2"]);

/** attention_bias means q, k, v and o; left out, the family decides. */
function biasesOf({ attention_bias, mlp_bias }: Config): Partial<Pick<Architecture, "attentionBias" | "mlpBias">> {
  return {
    ...(attention_bias ? { attentionBias: "all" as const } : {}),
    ...(mlp_bias ? { mlpBias: true } : {}),
  };
}

function mixtureOf(config: Config): Partial<Mixture> {
  const { num_hidden_layers: layers, mlp_only_layers, first_k_dense_replace } = config;
  const expert = config.moe_intermediate_size ?? config.intermediate_size;
  const isLlama4 = config.model_type.startsWith("llama4");
  const step = config.interleave_moe_layer_step ?? config.decoder_sparse_step ?? 1;
  const interleaved = layers - Math.floor(layers / Math.max(1, step));
  const shared = config.shared_expert_intermediate_size ?? (config.n_shared_experts ?? (isLlama4 ? 1 : 0)) * expert;
  return {
    denseLayers: first_k_dense_replace ?? Math.max(interleaved, mlp_only_layers?.length ?? 0),
    denseIntermediate: config.intermediate_size_mlp ?? config.intermediate_size,
    sharedIntermediate: shared,
  };
}
