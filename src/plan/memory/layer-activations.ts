// What one layer keeps of a token for its backward pass, part by part.
import { architectureOf } from "../../models/architecture.js";
import type { Projection } from "../../models/model-shape.js";
import { attentionWidths, type WeightGroup, weightGroups } from "../../models/weight-groups.js";
import { adaptedOutputs } from "./adapters.js";
import type { MemorySetting } from "./setting.js";

/** Bytes a token and layer. */
export interface LayerBytes {
  norms: number;
  attention: number;
  mlp: number;
  adapters: number;
}

/**
 * After Korthikanti et al. (arXiv 2205.05198, section 4.1), recounted for RMSNorm, gated MLPs, grouped-query attention, memory-efficient
 * attention and adapters. Within 1 % of what torch 2.15 was seen to save for transformers 5.23's Llama and Qwen3.
 */
export function layerBytesPerToken(setting: MemorySetting): LayerBytes {
  return {
    norms: normBytes(setting),
    attention: attentionBytes(setting) + attentionInputBytes(setting),
    mlp: mlpBytes(setting),
    adapters: betweenAdapters(setting) + doraBytes(setting),
  };
}

/** Bytes a token of one layer in all. */
export function layerTotal(setting: MemorySetting): number {
  const { norms, attention, mlp, adapters } = layerBytesPerToken(setting);
  return norms + attention + mlp + adapters;
}

/**
 * transformers' RMSNorm casts its input to fp32 and keeps that (4 bytes); a fused or compiled one, and LayerNorm, keep the input itself.
 * Where the norm's weight is trained, the normed input is kept too; a fused kernel computes it again.
 */
function normBytes({ shape, precision, kernels, method }: MemorySetting): number {
  const { norm, normsPerLayer, headNorms, parallelResidual } = architectureOf(shape);
  const { queries, keys } = attentionWidths(shape);
  const isOwnModule = kernels.layer === "eager" && norm === "rms";
  const input = isOwnModule ? 4 : precision.residual;
  const normed = method === "full" && isOwnModule ? precision.residual : 0;
  const overHidden = (parallelResidual ? 1 : normsPerLayer) * shape.hidden * (input + normed);
  const perHeadNumber = isOwnModule ? 4 + (method === "full" ? precision.compute : 0) : precision.compute;
  return overHidden + (headNorms === "none" ? 0 : (queries + keys) * perHeadNumber);
}

/**
 * Rotated queries and keys, values, the output, and for each head the logarithm of its softmax' sum in fp32 (FlashAttention, arXiv
 * 2205.14135, section 3.1). Eager attention also keeps the scores of every pair of tokens: in fp32 after the softmax, and cast back.
 */
function attentionBytes({ shape, precision, kernels, habits, batch }: MemorySetting): number {
  const { compute } = precision;
  const { queries, keys, values } = attentionWidths(shape);
  const isRepeated = habits.repeatsKeys || kernels.attention === "eager";
  const [k, v] = isRepeated ? [queries, Math.max(values, queries)] : [keys, values];
  // The view of v holds the whole tensor that q, k and v came in.
  const fused = habits.keepsFusedQkv && keys === queries ? queries + keys : 0;
  const scores = kernels.attention === "eager" ? shape.heads * (batch.tokens / batch.sharedBy) * (4 + compute) : 0;
  return compute * (queries + k + v + outputWidth(shape) + fused) + 4 * shape.heads + scores;
}

/** Width of what the heads put out together. */
function outputWidth(shape: MemorySetting["shape"]): number {
  const { latent } = architectureOf(shape);
  return latent ? shape.heads * latent.value : shape.heads * shape.headDim!;
}

/** Inputs of trained, adapted or (by habit) quantised matrices of the attention. */
function attentionInputBytes(setting: MemorySetting): number {
  const { shape } = setting;
  const output = outputWidth(shape);
  // The kernel's own output is o's input, unless it is cast or dropped out for an adapter, or copied to be quantised.
  const isCopied = setting.method !== "full" && keepsOwnInput(setting);
  const own = isCopied
    ? inputBytes(setting, ["o"], output)
    : setting.habits.keepsQuantisedInputs
      ? setting.precision.compute * output
      : 0;
  return inputBytes(setting, ["q", "k", "v"], shape.hidden) + own;
}

/**
 * A gated MLP keeps the gate's output, its activation, and up's output (Shazeer, arXiv 2002.05202, eq. 6); a fused or compiled one
 * computes the activation again. Without a gate: the activation's input. With experts the widths count once for each expert that a token
 * passes, and so do the token's copies that go to them and come back weighted.
 */
function mlpBytes(setting: MemorySetting): number {
  const { shape, precision, kernels } = setting;
  const { gated, mixture } = architectureOf(shape);
  const share = mixture ? 1 - mixture.denseLayers / shape.layers : 1;
  const width = mixture
    ? share * (shape.intermediate * shape.expertsPerToken + mixture.sharedIntermediate) +
      (1 - share) * mixture.denseIntermediate
    : shape.intermediate;
  const tensors = gated ? (kernels.layer === "eager" ? 3 : 2) : 1;
  const routed = mixture ? share * 2 * shape.expertsPerToken * shape.hidden * precision.compute : 0;
  const isProductAgain = kernels.layer === "compiled" && setting.method === "full";
  const down = isProductAgain ? 0 : inputBytes(setting, ["down"], width);
  return precision.compute * width * tensors + inputBytes(setting, ["gate", "up"], shape.hidden) + down + routed;
}

/**
 * Bytes a token that the matrices with these projections keep of their common input of `width`. A trained matrix keeps it once for all
 * of them; what is cast for one matrix (before an fp32 adapter, or under autocast) or dropped out is kept for that matrix alone.
 */
function inputBytes(setting: MemorySetting, group: readonly Projection[], width: number): number {
  const { method, adapter, precision, habits } = setting;
  const matrices = layerMatrices(setting).filter(({ projections }) => projections.some((one) => group.includes(one)));
  const distinct = new Set(matrices.map(({ module }) => module)).size;
  const adapted = adapter === null ? 0 : new Set(matrices.filter(adapter.isTarget).map(({ module }) => module)).size;
  const kept = method === "full" ? distinct : adapted;
  const copies = keepsOwnInput(setting) ? kept : Math.min(kept, 1);
  const quantised =
    habits.keepsQuantisedInputs && copies === 0 ? 1 : habits.keepsQuantisedInputs && keepsOwnInput(setting) ? 1 : 0;
  // A mask of one byte a number.
  const masks = method !== "full" && adapter?.dropout ? adapted : 0;
  return width * (precision.compute * (copies + quantised) + masks);
}

function layerMatrices({ shape, adapter }: MemorySetting): WeightGroup[] {
  return weightGroups(shape).filter(
    (group) => group.inLayer && (group.kind === "linear" || (group.kind === "expert" && adapter === null)),
  );
}

/** Each adapted matrix has a copy of its input for itself. */
function keepsOwnInput({ method, precision, adapter }: MemorySetting): boolean {
  if (method === "full") return precision.weights !== precision.compute;
  return precision.trained !== precision.compute || (adapter?.dropout ?? false);
}

/** What lies between LoRA's A and B. */
function betweenAdapters({ shape, adapter, precision }: MemorySetting): number {
  if (adapter === null) return 0;
  const adapted = weightGroups(shape).filter((group) => group.kind === "linear" && adapter.isTarget(group));
  const perLayer = adapted.reduce((sum, { copies }) => sum + copies / shape.layers, 0);
  return precision.compute * adapter.rank * perLayer;
}

/** DoRA scales the frozen product and the adapter's, and keeps both (PEFT's lora/dora.py): in the compute type and in the adapter's. */
function doraBytes(setting: MemorySetting): number {
  if (!setting.adapter?.dora) return 0;
  return adaptedOutputs(setting) * (setting.precision.compute + setting.precision.trained);
}

/**
 * Bytes a token of gradients that exist together at the worst moment of one layer's backward pass: of the gated product, its two factors,
 * and the residual; of eager attention's scores, before and after the softmax.
 */
export function layerGradientBytes(setting: MemorySetting): number {
  const { shape, precision, kernels, batch } = setting;
  const { gated, mixture } = architectureOf(shape);
  const width = mixture ? shape.intermediate * shape.expertsPerToken : shape.intermediate;
  const mlp = precision.compute * width * (gated ? 3 : 2) + precision.residual * shape.hidden;
  const scores = kernels.attention === "eager" ? shape.heads * (batch.tokens / batch.sharedBy) * (4 + 4) : 0;
  return Math.max(mlp, scores);
}
