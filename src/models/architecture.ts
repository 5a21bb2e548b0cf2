// What an architecture has besides its dimensions: biases, norms, gates, latent attention, shared experts. By family, where config.json or the catalogue leaves it open.
import type { ModelShape } from "./model-shape.js";

/** Facts that the parameter count and the activations follow from, beside the dimensions. */
export interface Architecture {
  /** MLP of three matrices (SwiGLU, GeGLU), else of two. */
  gated: boolean;
  /** Which attention matrices carry a bias. */
  attentionBias: "none" | "qkv" | "all";
  mlpBias: boolean;
  /** One matrix for q, k and v (Phi, GPT-NeoX); transformers' name of it, null: three. */
  fusedQkv: "qkv_proj" | "query_key_value" | null;
  /** Gate and up in one matrix (Phi). */
  fusedGateUp: boolean;
  /** LayerNorm (with bias) or RMSNorm. */
  norm: "rms" | "layer";
  /** Norms over the hidden width in one layer. */
  normsPerLayer: number;
  /** Norms on queries and keys: over each head, or over the whole width (OLMo 2). */
  headNorms: "none" | "head" | "width";
  /** Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1); null: grouped-query attention. */
  latent: LatentAttention | null;
  /** Null: no experts. */
  mixture: Mixture | null;
  /** Learnt attention sinks, one a head (gpt-oss). */
  sinks: boolean;
  /** Attention and MLP read the same residual (GPT-NeoX, Phi, Falcon), so that it is kept once. */
  parallelResidual: boolean;
}

export interface LatentAttention {
  /** Rank of the queries; null: not compressed. */
  q: number | null;
  kv: number;
  /** Widths of one head: with rotary positions, without, and of its values. */
  rope: number;
  nope: number;
  value: number;
}

export interface Mixture {
  /** Layers with a plain MLP instead of experts. */
  denseLayers: number;
  /** Width of that MLP. */
  denseIntermediate: number;
  /** Width of the expert that every token passes; 0: none. */
  sharedIntermediate: number;
  /** A router's bias is a parameter. */
  routerBias: boolean;
  /** Each expert's matrices carry a bias. */
  expertBias: boolean;
  /**
   * PEFT translates target_modules for the families whose experts transformers 5 put into 3D tensors: they and the router get adapters then,
   * and plain MLPs with the same names (dense layers, shared experts) get none (PEFT 0.21, transformers_weight_conversion.py).
   */
  adaptsExperts: boolean;
  /** The router is adapted: translated with the experts, or (Llama 4) a torch.nn.Linear. */
  adaptsRouter: boolean;
}

const plain: Architecture = {
  ...{ gated: true, attentionBias: "none", mlpBias: false, fusedQkv: null, fusedGateUp: false },
  ...{ norm: "rms", normsPerLayer: 2, headNorms: "none", latent: null, mixture: null },
  ...{ sinks: false, parallelResidual: false },
};

/** DeepSeek V3's own ranks (deepseek-ai/DeepSeek-V3 config_671B.json). */
const deepseekV3: LatentAttention = { q: 1536, kv: 512, rope: 64, nope: 128, value: 128 };

/** What the family implies; what the shape's own `details` say goes over it. */
export function architectureOf(shape: ModelShape): Architecture {
  const known = families.find(({ name }) => name.test(shape.family))?.has ?? {};
  const mixture = shape.experts > 0 ? { ...mixtureOf(shape), ...shape.details?.mixture } : null;
  return {
    ...plain,
    ...known,
    latent: shape.headDim === null ? deepseekV3 : null,
    ...shape.details,
    mixture,
  };
}

/**
 * Families whose details are in `families`, or that have none beyond Llama's; the parameters of most are held to transformers' own by
 * test/parameters.test.ts. Any other is counted like Llama, which may be wrong.
 */
export function isKnownFamily(family: string): boolean {
  return likeLlama.test(family) || families.some(({ name }) => name.test(family)) || mixtures.test(family);
}

const likeLlama = /^(llama|mistral|ministral|gemma$|smollm|falcon3|granite$|deepseek|qwen|yi$)/;
const mixtures = /^(mixtral|qwen[23]-moe|qwen3-next|olmoe|flex-olmo|glm4-moe|ernie4-5-moe|dots1|minimax|gpt-oss)/;

/** transformers 5.23's modelling files, the first that matches. */
const families: { name: RegExp; has: Partial<Architecture> }[] = [
  { name: /^qwen2/, has: { attentionBias: "qkv" } },
  { name: /^qwen3/, has: { headNorms: "head" } },
  { name: /^gemma3/, has: { headNorms: "head", normsPerLayer: 4 } },
  { name: /^gemma2/, has: { normsPerLayer: 4 } },
  { name: /^olmo2/, has: { headNorms: "width" } },
  { name: /^(phi3|phi4)/, has: { fusedQkv: "qkv_proj", fusedGateUp: true } },
  { name: /^gpt-oss/, has: { attentionBias: "all", sinks: true } },
  {
    name: /^phi$/,
    has: { gated: false, attentionBias: "all", mlpBias: true, norm: "layer", normsPerLayer: 1, parallelResidual: true },
  },
  {
    name: /^gpt-neox/,
    has: {
      ...{ gated: false, attentionBias: "all", mlpBias: true, norm: "layer", parallelResidual: true },
      fusedQkv: "query_key_value",
    },
  },
  {
    name: /^falcon$/,
    has: { gated: false, norm: "layer", normsPerLayer: 1, parallelResidual: true, fusedQkv: "query_key_value" },
  },
  {
    name: /^(starcoder2|gpt-bigcode|gpt2|opt)/,
    has: { gated: false, attentionBias: "all", mlpBias: true, norm: "layer" },
  },
];

function mixtureOf({ family, layers, intermediate }: ModelShape): Mixture {
  const none: Mixture = {
    ...{ denseLayers: 0, denseIntermediate: 0, sharedIntermediate: 0 },
    ...{ routerBias: false, expertBias: false, adaptsExperts: false, adaptsRouter: false },
  };
  const translated = { ...none, adaptsExperts: true, adaptsRouter: true };
  if (family.startsWith("llama4")) return { ...none, sharedIntermediate: intermediate, adaptsRouter: true };
  if (family.startsWith("deepseek")) {
    // Three dense layers of width 18432 and one shared expert (deepseek-ai/DeepSeek-V3 config_671B.json).
    const dense = { denseLayers: Math.min(3, layers), denseIntermediate: 18_432 };
    return { ...translated, ...dense, sharedIntermediate: intermediate };
  }
  if (/^(mixtral|qwen[23]-moe|qwen3-next|olmoe|flex-olmo|glm4-moe|ernie4-5-moe|dots1|minimax)/.test(family))
    return translated;
  if (family.startsWith("gpt-oss")) return { ...none, routerBias: true, expertBias: true };
  return none;
}
