// A first estimate of the GPU memory that training takes, term by term. Peak of one GPU without sharding or offload; each term says where it comes from.
import {
  attentionMatrices,
  elements,
  type Matrix,
  type ModelShape,
  mlpMatrices,
  type Projection,
} from "./model-shape.js";

export interface TrainingSetting {
  method: "full" | "lora" | "qlora";
  /** Tokens a row, padding included. */
  sequenceLength: number;
  /** Rows in one forward pass. */
  microBatch: number;
  gradientCheckpointing: boolean;
  /** Micro batches an optimizer step; from the second on the gradients of those before are there too. */
  accumulation: number;
  /** LoRA rank. */
  rank: number;
  /** Matrices with an adapter. */
  targets: "all-linear" | readonly Projection[];
  /** Bytes of one trained or frozen weight before quantisation: ft keeps fp32 for full training, bf16 otherwise. */
  weightBytes: 2 | 4;
  /** The loss is computed in tiles (TRL since 1.x, Liger), or the logits exist as a whole. */
  tiledLoss: boolean;
}

/** GiB. `total` is the peak: what stays, and the larger of backward pass (activations, logits) and optimizer step. */
export interface MemoryEstimate {
  weights: number;
  adapter: number;
  gradients: number;
  /** AdamW's two moments. */
  optimizer: number;
  activations: number;
  logits: number;
  /** The optimizer's temporaries, when activations are gone. */
  optimizerStep: number;
  /** CUDA context. */
  context: number;
  total: number;
}

const gib = 2 ** 30;

/**
 * What ft would train with: the recipe's defaults for precision and adapter, and the smallest practical batch. `sequenceLength`
 * defaults to the recipe's `data.max_length`.
 */
export function smallestSetting(method: TrainingSetting["method"], sequenceLength = 1024): TrainingSetting {
  return {
    method,
    sequenceLength,
    microBatch: 1,
    gradientCheckpointing: true,
    accumulation: 16,
    rank: 16,
    targets: "all-linear",
    weightBytes: method === "full" ? 4 : 2,
    tiledLoss: true,
  };
}

/** Pure. What the allocator holds beyond what is in use (fragmentation) is not in it. */
export function estimateMemory(shape: ModelShape, setting: TrainingSetting): MemoryEstimate {
  const trained = setting.method === "full" ? shape.paramsB * 1e9 : loraParameters(shape, setting);
  const trainedBytes = trainedBytesEach(setting);
  const weights = weightBytes(shape, setting);
  const adapter = setting.method === "full" ? 0 : trained * trainedBytes;
  const gradients = trained * trainedBytes;
  // Two moments in the weight's type (Loshchilov & Hutter 2019; torch.optim.AdamW), and a temporary as large while it steps (foreach).
  const optimizer = trained * 2 * trainedBytes;
  const optimizerStep = trained * trainedBytes;
  const activations = activationBytes(shape, setting);
  const logits = logitBytes(shape, setting);
  // In the only micro batch of a step gradients grow while activations go.
  const backward = activations + logits + (setting.accumulation > 1 ? gradients : 0);
  const total = weights + adapter + optimizer + Math.max(backward, gradients + optimizerStep) + contextBytes;
  const terms = {
    weights,
    adapter,
    gradients,
    optimizer,
    activations,
    logits,
    optimizerStep,
    context: contextBytes,
    total,
  };
  return Object.fromEntries(
    Object.entries(terms).map(([term, bytes]) => [term, Math.round((bytes / gib) * 1000) / 1000]),
  ) as unknown as MemoryEstimate;
}

/** Full training in its own type; PEFT keeps adapters of a bf16 base in fp32 (autocast_adapter_dtype), TRL those of a 4-bit base in bf16. */
function trainedBytesEach({ method, weightBytes }: TrainingSetting): number {
  return { full: weightBytes, lora: 4, qlora: 2 }[method];
}

/** What the CUDA context, cuBLAS' workspace and loaded kernels take beside torch's allocator. Assumed; cards and drivers differ by some 0.2 GiB. */
const contextBytes = 0.5 * gib;

/** nf4: 4 bits + an 8-bit scale for 64 weights + a 32-bit one for 64 x 256 (QLoRA, arXiv 2305.14314, section 3). */
const nf4Bytes = (4 + 8 / 64 + 32 / (64 * 256)) / 8;

/**
 * QLoRA quantises linear layers only: embeddings, head and norms stay as they are, and so do experts that transformers 5 holds in one
 * 3D tensor (`type(module) is nn.Linear` in its bitsandbytes integration; Llama 4 is taken apart first). One matrix at a time is
 * dequantised for its product.
 */
function weightBytes(shape: ModelShape, { method, weightBytes: bytes }: TrainingSetting): number {
  const parameters = shape.paramsB * 1e9;
  if (method !== "qlora") return parameters * bytes;
  const embeddings = shape.vocab * shape.hidden * (shape.tiedEmbeddings ? 1 : 2);
  const layer = [...attentionMatrices(shape), ...(keepsExperts(shape) ? [] : mlpMatrices(shape))];
  const linear = isLlama4(shape) ? parameters - embeddings : Math.min(shape.layers * elements(layer), parameters);
  const largest = Math.max(...layer.map(({ inputs, outputs }) => inputs * outputs));
  return linear * nf4Bytes + (parameters - linear) * bytes + largest * bytes;
}

/**
 * r * (in + out) for each adapted matrix (LoRA, arXiv 2106.09685). PEFT 0.21 also adapts the experts of Mixtral, Qwen3 and DeepSeek, the
 * fused gate and up at twice the rank (its transformers_weight_conversion.py); those of gpt-oss it leaves alone, and those of Llama 4 it
 * meets as single matrices, when quantised. Routers and shared experts are linear layers like others.
 */
export function loraParameters(shape: ModelShape, { method, rank, targets }: TrainingSetting): number {
  const isTarget = ({ projection }: Matrix): boolean => targets === "all-linear" || targets.includes(projection);
  const adapters = (matrices: Matrix[]): number =>
    matrices.filter(isTarget).reduce((sum, { inputs, outputs }) => sum + rank * (inputs + outputs), 0);
  const { hidden, intermediate, experts } = shape;
  const attention = adapters(attentionMatrices(shape));
  if (experts === 0) return shape.layers * (attention + adapters(mlpMatrices(shape)));
  if (shape.family.startsWith("gpt-oss")) return shape.layers * attention;
  const single = adapters(mlpMatrices(shape));
  const fused = 2 * rank * (hidden + 2 * intermediate) + rank * (intermediate + hidden);
  const each = isLlama4(shape) ? (method === "lora" ? 0 : single) : single === 0 ? 0 : fused;
  const router = targets === "all-linear" ? rank * (hidden + experts) : 0;
  return shape.layers * (attention + router + experts * each + (hasSharedExpert(shape) ? single : 0));
}

/**
 * What a Llama-like layer keeps for its backward pass, bytes a token (after Korthikanti et al., arXiv 2205.05198, recounted for RMSNorm,
 * SwiGLU, grouped-query and memory-efficient attention): two norms in fp32 (and, trained, their normed inputs), the inputs of adapted or
 * trained matrices, rotated q and k, v and the attention's output, four MLP-wide tensors, and what lies between LoRA's A and B. Within 1 % of what torch 2.15 was seen to save
 * for transformers 5.23's Llama and Qwen3, by method and targets. Checkpointed: each layer's input, and one
 * layer whole while it is recomputed. fp32 weights run under autocast, which keeps a bf16 copy of every linear weight.
 */
function activationBytes(shape: ModelShape, setting: TrainingSetting): number {
  const { layers, hidden } = shape;
  const tokens = setting.sequenceLength * setting.microBatch;
  const residual = setting.weightBytes;
  const layer = layerBytesPerToken(shape, setting) * tokens;
  const kept = setting.gradientCheckpointing ? layers * residual * hidden * tokens + layer : layers * layer;
  const copies = setting.weightBytes === 4 ? 2 * shape.paramsB * 1e9 : 0;
  const ends = tokens * hidden * (residual + 4 + 2);
  return kept + ends + copies;
}

function layerBytesPerToken(shape: ModelShape, setting: TrainingSetting): number {
  const { hidden, heads, kvHeads, intermediate, experts, expertsPerToken } = shape;
  const { method, targets, weightBytes: residual } = setting;
  const isAdapted = (projection: Projection): boolean =>
    method === "full" || targets === "all-linear" || targets.includes(projection);
  const queries = heads * (shape.headDim ?? 192);
  const keys = shape.headDim === null ? heads * 192 : kvHeads * shape.headDim;
  const values = shape.headDim === null ? heads * 128 : keys;
  const width = intermediate * (experts === 0 ? 1 : expertsPerToken + (hasSharedExpert(shape) ? 1 : 0));
  /** What is cast to bf16 for one matrix (before an fp32 adapter, or under autocast) is kept for it alone; otherwise matrices share. */
  const castsEach = method === "lora" || residual === 4;
  const inputs = (group: Projection[]): number => {
    const adapted = group.filter(isAdapted).length;
    return castsEach ? adapted : Math.min(adapted, 1);
  };
  const norms = 2 * hidden * (4 + (method === "full" ? residual : 0));
  const headNorms = /^(qwen3|gemma3|olmo2)/.test(shape.family)
    ? (queries + keys) * (4 + (method === "full" ? 2 : 0))
    : 0;
  const attention = 2 * (queries + keys + values + queries) + 4 * heads;
  const attentionInputs = 2 * hidden * inputs(["q", "k", "v"]) + (method === "lora" ? 2 * queries * inputs(["o"]) : 0);
  const mlp =
    2 * width * (mlpMatrices(shape).length === 3 ? 3 : 1) +
    2 * hidden * inputs(["gate", "up"]) +
    2 * width * inputs(["down"]);
  const adapters = method === "full" ? 0 : 2 * setting.rank * projections.filter(isAdapted).length;
  return norms + headNorms + attention + attentionInputs + mlp + adapters;
}

const projections: readonly Projection[] = ["q", "k", "v", "o", "gate", "up", "down"];

/** Tokens and vocabulary rows of one tile (TRL 1.16: kernels/chunked_logprob.py, trainer/utils.py). */
const tile = { tokens: 4096, vocab: 32_768 };

/**
 * Whole: the bf16 logits, then the fp32 log-softmax and its gradient, tokens x vocabulary each (transformers' ForCausalLMLoss; the fp32
 * copy of the logits is gone by then).
 * Tiled: one bf16 tile and the hidden states' gradient in fp32; full training also sums the head's gradient in fp32.
 */
function logitBytes({ vocab, hidden }: ModelShape, setting: TrainingSetting): number {
  const tokens = setting.sequenceLength * setting.microBatch;
  if (!setting.tiledLoss) return tokens * vocab * (2 + 4 + 4);
  const head = setting.method === "full" ? 4 * vocab * hidden : 0;
  return 2 * Math.min(tokens, tile.tokens) * Math.min(vocab, tile.vocab) + 4 * tokens * hidden + head;
}

/** The experts are no linear layers, so that QLoRA keeps them in bf16. */
export function keepsExperts(shape: ModelShape): boolean {
  return shape.experts > 0 && !isLlama4(shape);
}

function hasSharedExpert({ family }: ModelShape): boolean {
  return /^(llama4|deepseek)/.test(family);
}

function isLlama4({ family }: ModelShape): boolean {
  return family.startsWith("llama4");
}
