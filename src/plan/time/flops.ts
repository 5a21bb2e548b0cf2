// Floating-point operations of training: one small function a formula. A multiplication with its addition counts as two.
import type { WeightGroup } from "../../models/weight-groups.js";
import { attentionWidths, weightGroups } from "../../models/weight-groups.js";
import { rankOf } from "../memory/adapters.js";
import type { AdapterSetting, MemorySetting } from "../memory/setting.js";

/** Parameters that one token is multiplied with. */
export interface Products {
  /** In the layers: of the routed experts only those that a token passes. */
  layers: number;
  /** The head, tied or not. The embedding is a look-up, and norms are no products. */
  head: number;
  /** Of `layers`, the last matrix of each plain MLP, unless it is adapted: nothing of its output is kept. */
  last: number;
  /** LoRA's A and B, likewise only those that a token passes. */
  adapters: number;
  /** Of `layers` and `head`, those whose own weights are trained. */
  trained: number;
}

export type FlopsSetting = Pick<MemorySetting, "shape" | "method" | "adapter" | "checkpointing" | "loss">;

/** What a token is multiplied with: N of Kaplan et al. (arXiv 2001.08361, section 2.1), active experts only (Fedus et al., arXiv 2101.03961, section 2). */
export function productsOf({ shape, method, adapter, hasHead = true }: FlopsSetting & { hasHead?: boolean }): Products {
  const groups = weightGroups(shape).filter(({ kind }) => kind !== "vector" && kind !== "embedding" && kind !== "head");
  const passed = ({ kind, copies }: WeightGroup): number =>
    kind === "expert" ? (copies * shape.expertsPerToken) / shape.experts : copies;
  const layers = groups.reduce((sum, group) => sum + group.inputs * group.outputs * passed(group), 0);
  const head = hasHead ? shape.hidden * shape.vocab : 0;
  const isHeadTrained = adapter?.trainedModules.includes("lm_head") ?? false;
  return {
    ...{ layers, head },
    last: shape.experts > 0 ? 0 : sum(groups.filter((group) => isLast(group, adapter))),
    adapters: adapter === null ? 0 : adapterProducts(groups, adapter, { passed, layers: shape.layers }),
    trained: method === "full" ? layers + head : isHeadTrained ? head : 0,
  };
}

/** PEFT multiplies with the base first: where the last matrix is adapted, what its A needs comes after. */
function isLast(group: WeightGroup, adapter: AdapterSetting | null): boolean {
  return group.projections.includes("down") && !adapter?.isTarget(group);
}

function sum(groups: readonly WeightGroup[]): number {
  return groups.reduce((total, { inputs, outputs, copies }) => total + inputs * outputs * copies, 0);
}

/** r x (inputs + outputs) of each adapted matrix that a token passes (LoRA, arXiv 2106.09685, section 4.1). */
function adapterProducts(
  groups: readonly WeightGroup[],
  adapter: AdapterSetting,
  { passed, layers }: { passed(group: WeightGroup): number; layers: number },
): number {
  const share = (adapter.layers ?? layers) / layers;
  return groups
    .filter(adapter.isTarget)
    .reduce((sum, group) => sum + share * passed(group) * rankOf(group, adapter) * (group.inputs + group.outputs), 0);
}

/** 2N a token (Kaplan et al., arXiv 2001.08361, table 1), the adapter's included. */
export function forwardFlops({ layers, head, adapters }: Products, tokens: number): number {
  return 2 * (layers + head + adapters) * tokens;
}

/**
 * Gradients of the inputs, 2N a token, pass through every weight, frozen or not; gradients of the weights, another 2N, are made only for
 * what is trained: full training has 4N (Kaplan et al., section 2.1), LoRA 2N and 4N of its adapter alone.
 */
export function backwardFlops(products: Products, tokens: number): number {
  const { layers, head, adapters, trained } = products;
  return 2 * (layers + head + adapters) * tokens + 2 * (trained + adapters) * tokens;
}

/**
 * Scores and weighted sums of one forward pass: 2 x 2 x tokens^2 x width a row and layer (PaLM, arXiv 2204.02311, appendix B). Causal
 * kernels leave out the half above the diagonal (FlashAttention-2, arXiv 2307.08691, section 3.1); eager attention does not.
 */
export function attentionFlops(
  { shape }: Pick<MemorySetting, "shape">,
  squaredTokens: number,
  isCausal: boolean,
): number {
  const { queries, values } = attentionWidths(shape);
  const summed = shape.headDim === null ? values : queries;
  return (2 * squaredTokens * (queries + summed) * shape.layers) / (isCausal ? 2 : 1);
}

/** Attention's backward pass over its forward pass: four products for two; kernels that do not keep the scores make a fifth (arXiv 2307.08691, section 3.1). */
const attentionBackward = { eager: 2, kernel: 2.5 } as const;

/**
 * Layers that are computed again in the backward pass (Chen et al., arXiv 1604.06174): one more forward pass of them, adapters included.
 * torch stops at the last tensor that is needed (torch.utils.checkpoint, use_reentrant=False, which transformers 5 takes), so before an MLP's
 * last matrix; Unsloth's own function does not.
 */
function recomputedFlops(
  { layers, adapters, last }: Products,
  tokens: number,
  { checkpointing }: Pick<MemorySetting, "checkpointing">,
): number {
  return 2 * (layers + adapters - (checkpointing.offloaded ? 0 : last)) * tokens;
}

/** Cut Cross-Entropy makes the logits again in its backward pass (arXiv 2411.09009, section 4.3); TRL's tiles too; Liger has their gradient from the forward pass. */
function recomputedHeadFlops({ head }: Products, tokens: number, { loss }: Pick<MemorySetting, "loss">): number {
  return loss.kind === "cut" || loss.kind === "tiled" ? 2 * head * tokens : 0;
}

export interface Work {
  /** Tokens, padding included. */
  tokens: number;
  /** Sum over the sequences of tokens^2. */
  squaredTokens: number;
}

export interface FlopsSettingWithKernels extends FlopsSetting {
  kernels: MemorySetting["kernels"];
  /** False: a reward model, whose head has one output. */
  hasHead?: boolean;
}

/**
 * One forward and backward pass over `work`; `moreForward`: further forward passes over the same tokens without gradient (a reference
 * model). What the hardware does, so with what is computed again; without it for model FLOPs.
 */
export function trainingFlops(setting: FlopsSettingWithKernels, work: Work, moreForward = 0): number {
  const products = productsOf(setting);
  const { checkpointing, kernels } = setting;
  const isKernel = kernels.attention !== "eager";
  const attention = attentionFlops(setting, work.squaredTokens, isKernel);
  const again = checkpointing.layers ? recomputedFlops(products, work.tokens, setting) + attention : 0;
  return (
    (1 + moreForward) * (forwardFlops(products, work.tokens) + attention) +
    backwardFlops(products, work.tokens) +
    attentionBackward[isKernel ? "kernel" : "eager"] * attention +
    again +
    recomputedHeadFlops(products, work.tokens, setting)
  );
}
