// Facts of any transformers model from its config.json: the dimensions, the parameters computed from them, context length.
import { z } from "zod";
import { attentionMatrices, elements, type ModelShape, mlpMatrices } from "./model-shape.js";

const count = z.int().nonnegative().nullish();

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
  intermediate_size: z.int().positive(),
  moe_intermediate_size: count,
  intermediate_size_mlp: count,
  num_local_experts: count,
  num_experts: count,
  n_routed_experts: count,
  n_shared_experts: count,
  first_k_dense_replace: count,
  interleave_moe_layer_step: count,
  num_experts_per_tok: count,
  vocab_size: z.int().positive(),
  tie_word_embeddings: z.boolean().nullish(),
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

/** Null when the config names its dimensions in a way that ft does not know (old GPT-2 likes, encoders, state-space models,
 * latent attention other than DeepSeek V3's). */
export function readConfig(json: unknown): ConfigShape | null {
  const outer = z.looseObject({ text_config: z.record(z.string(), z.unknown()).optional() }).safeParse(json);
  if (!outer.success) return null;
  const text = outer.data.text_config;
  const parsed = configSchema.safeParse(
    text ? { tie_word_embeddings: outer.data.tie_word_embeddings, model_type: outer.data.model_type, ...text } : json,
  );
  if (!parsed.success) return null;
  const config = parsed.data;
  if (config.kv_lora_rank && !(config.kv_lora_rank === 512 && config.q_lora_rank === 1536)) return null;
  const family = config.model_type.replace(/_text$/, "").replaceAll("_", "-");
  const shape: ModelShape = {
    family,
    paramsB: 0,
    layers: config.num_hidden_layers,
    hidden: config.hidden_size,
    heads: config.num_attention_heads,
    kvHeads: config.num_key_value_heads ?? config.num_attention_heads,
    headDim: config.kv_lora_rank ? null : (config.head_dim ?? config.hidden_size / config.num_attention_heads),
    intermediate: config.moe_intermediate_size ?? config.intermediate_size,
    experts: config.num_local_experts ?? config.num_experts ?? config.n_routed_experts ?? 0,
    expertsPerToken: config.num_experts_per_tok ?? 0,
    vocab: config.vocab_size,
    tiedEmbeddings: config.tie_word_embeddings ?? tiedByDefault.has(family),
  };
  const billions = (of: ModelShape): number => Math.round(parameters(of, config) / 1e3) / 1e6;
  return {
    ...shape,
    paramsB: billions(shape),
    activeParamsB: billions({ ...shape, experts: shape.expertsPerToken }),
    maxContext: config.max_position_embeddings ?? null,
    multimodal: text !== undefined,
  };
}

/** Architectures whose config.json leaves the key out and means true. */
const tiedByDefault = new Set(["gemma", "gemma2", "gemma3", "cohere", "cohere2"]);

/** Unique weights of the text model: embeddings, attention, MLPs or experts with router, norms; biases are too few to count. */
function parameters(shape: ModelShape, config: Config): number {
  const { hidden, layers, experts, vocab, tiedEmbeddings } = shape;
  const embeddings = vocab * hidden * (tiedEmbeddings ? 1 : 2);
  const perLayer = elements(attentionMatrices(shape)) + 2 * hidden;
  if (experts === 0) return embeddings + hidden + layers * (perLayer + elements(mlpMatrices(shape)));
  const dense = elements(
    mlpMatrices({ ...shape, intermediate: config.intermediate_size_mlp ?? config.intermediate_size }),
  );
  const expert = elements(mlpMatrices(shape));
  const shared = shape.family.startsWith("llama4") ? 1 : (config.n_shared_experts ?? 0);
  const denseLayers = shape.family.startsWith("llama4")
    ? layers - Math.floor(layers / (config.interleave_moe_layer_step ?? 1))
    : (config.first_k_dense_replace ?? 0);
  const sparse = (experts + shared) * expert + experts * hidden;
  return embeddings + hidden + layers * perLayer + denseLayers * dense + (layers - denseLayers) * sparse;
}
