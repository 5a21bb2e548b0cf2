// Every weight of a transformer, grouped by what it is: the one list that parameter counts, adapters, quantisation and sharding read.
import { type Architecture, architectureOf, type Mixture } from "./architecture.js";
import type { ModelShape, Projection } from "./model-shape.js";

export interface WeightGroup {
  /** The module's last name in transformers 5 ("q_proj", "embed_tokens"). */
  module: string;
  /** What it stands in, within a layer ("self_attn", "mlp"). */
  parent: string;
  /**
   * linear: a torch.nn.Linear that is quantised and adapted; expert: part of a 3D tensor over the experts, or of what it is taken
   * apart into; router: chooses experts; vector: norms, sinks and the like.
   */
  kind: "embedding" | "head" | "linear" | "expert" | "router" | "vector";
  /** What the module computes: a fused one more than one thing. */
  projections: readonly Projection[];
  inputs: number;
  outputs: number;
  bias: boolean;
  /** PEFT can give it an adapter. */
  isAdaptable: boolean;
  /** How often it stands in the model: layers, times experts. */
  copies: number;
  /** Lies in a layer, and not beside them. */
  inLayer: boolean;
}

/** Parameters of one copy, bias included. */
export function elementsOf({ inputs, outputs, bias }: WeightGroup): number {
  return inputs * outputs + (bias ? outputs : 0);
}

/** Parameters of all copies of the groups. */
export function countParameters(groups: readonly WeightGroup[]): number {
  return groups.reduce((sum, group) => sum + elementsOf(group) * group.copies, 0);
}

/** The text model of transformers 5.23, tied embeddings once, without images and audio. Counted once for each shape object. */
export function weightGroups(shape: ModelShape): readonly WeightGroup[] {
  const known = counted.get(shape);
  if (known) return known;
  const groups = groupsOf(shape);
  counted.set(shape, groups);
  return groups;
}

const counted = new WeakMap<ModelShape, readonly WeightGroup[]>();

function groupsOf(shape: ModelShape): WeightGroup[] {
  const architecture = architectureOf(shape);
  const { hidden, vocab, layers, tiedEmbeddings } = shape;
  const outer = { parent: "", projections: [], bias: false, isAdaptable: true, copies: 1, inLayer: false };
  return [
    { ...outer, module: "embed_tokens", kind: "embedding", inputs: vocab, outputs: hidden },
    ...(tiedEmbeddings ? [] : [{ ...outer, module: "lm_head", kind: "head" as const, inputs: hidden, outputs: vocab }]),
    vector("norm", hidden, 1, { bias: architecture.norm === "layer", inLayer: false }),
    ...attentionGroups(shape, architecture),
    ...mlpGroups(shape, architecture),
    vector("layernorm", hidden, layers * architecture.normsPerLayer, { bias: architecture.norm === "layer" }),
  ];
}

function vector(module: string, width: number, copies: number, other: Partial<WeightGroup> = {}): WeightGroup {
  return {
    module,
    parent: "",
    kind: "vector",
    projections: [],
    inputs: 1,
    outputs: width,
    bias: false,
    isAdaptable: false,
    inLayer: true,
    copies,
    ...other,
  };
}

function linear(
  module: string,
  projections: readonly Projection[],
  [inputs, outputs]: readonly [number, number],
  { copies, bias = false, isAdaptable = true }: { copies: number; bias?: boolean; isAdaptable?: boolean },
): WeightGroup {
  const parent = projections.some((one) => "qkvo".includes(one)) ? "self_attn" : "mlp";
  return { module, parent, kind: "linear", projections, inputs, outputs, bias, isAdaptable, copies, inLayer: true };
}

/** Widths of all heads together: what a token's queries, keys and values take. */
export function attentionWidths(shape: ModelShape): { queries: number; keys: number; values: number } {
  const { latent } = architectureOf(shape);
  const { heads, kvHeads, headDim } = shape;
  if (latent) {
    const queries = heads * (latent.nope + latent.rope);
    return { queries, keys: queries, values: heads * latent.value };
  }
  const keys = kvHeads * headDim!;
  return { queries: heads * headDim!, keys, values: keys };
}

function attentionGroups(
  shape: ModelShape,
  { latent, attentionBias, fusedQkv, headNorms, sinks }: Architecture,
): WeightGroup[] {
  const { hidden, layers, heads } = shape;
  const { queries, keys, values } = attentionWidths(shape);
  if (latent) return latentGroups(shape, latent);
  const bias = attentionBias !== "none";
  const each = { copies: layers, bias };
  const norms = { none: [0, 0], head: [shape.headDim!, shape.headDim!], width: [queries, keys] }[headNorms] as [
    number,
    number,
  ];
  return [
    ...(fusedQkv
      ? [linear(fusedQkv, ["q", "k", "v"], [hidden, queries + keys + values], each)]
      : [
          linear("q_proj", ["q"], [hidden, queries], each),
          linear("k_proj", ["k"], [hidden, keys], each),
          linear("v_proj", ["v"], [hidden, values], each),
        ]),
    linear("o_proj", ["o"], [queries, hidden], { copies: layers, bias: attentionBias === "all" }),
    ...(headNorms === "none" ? [] : [vector("q_norm", norms[0], layers), vector("k_norm", norms[1], layers)]),
    ...(sinks ? [vector("sinks", heads, layers)] : []),
  ];
}

function latentGroups(
  { hidden, layers, heads }: ModelShape,
  latent: NonNullable<Architecture["latent"]>,
): WeightGroup[] {
  const { q, kv, rope, nope, value } = latent;
  const each = { copies: layers };
  const queries = heads * (nope + rope);
  return [
    ...(q === null
      ? [linear("q_proj", ["q"], [hidden, queries], each)]
      : [
          linear("q_a_proj", ["q"], [hidden, q], each),
          vector("q_a_layernorm", q, layers),
          linear("q_b_proj", ["q"], [q, queries], each),
        ]),
    linear("kv_a_proj_with_mqa", ["k"], [hidden, kv + rope], each),
    vector("kv_a_layernorm", kv, layers),
    linear("kv_b_proj", ["v"], [kv, heads * (nope + value)], each),
    linear("o_proj", ["o"], [heads * value, hidden], each),
  ];
}

function mlpGroups(shape: ModelShape, architecture: Architecture): WeightGroup[] {
  const { layers, intermediate } = shape;
  if (!architecture.mixture) return mlp(shape, architecture, { width: intermediate, copies: layers });
  const { denseLayers, denseIntermediate, sharedIntermediate } = architecture.mixture;
  const sparse = layers - denseLayers;
  return [
    ...(denseLayers > 0 ? mlp(shape, architecture, { width: denseIntermediate, copies: denseLayers }) : []),
    ...expertGroups(shape, architecture.mixture, sparse),
    ...(sharedIntermediate > 0 ? mlp(shape, architecture, { width: sharedIntermediate, copies: sparse }) : []),
  ];
}

function mlp(
  { hidden }: ModelShape,
  { gated, mlpBias: bias, fusedGateUp, mixture }: Architecture,
  { width, copies }: { width: number; copies: number },
): WeightGroup[] {
  const each = { copies, bias, isAdaptable: !mixture?.adaptsExperts };
  const down = linear("down_proj", ["down"], [width, hidden], each);
  if (fusedGateUp) return [linear("gate_up_proj", ["gate", "up"], [hidden, 2 * width], each), down];
  const up = linear("up_proj", ["up"], [hidden, width], each);
  return gated ? [linear("gate_proj", ["gate"], [hidden, width], each), up, down] : [up, down];
}

function expertGroups({ hidden, intermediate, experts }: ModelShape, mixture: Mixture, layers: number): WeightGroup[] {
  const expert = {
    parent: "mlp.experts",
    kind: "expert" as const,
    bias: mixture.expertBias,
    isAdaptable: mixture.adaptsExperts,
    copies: layers * experts,
    inLayer: true,
  };
  return [
    {
      ...{ module: "gate", parent: "mlp", kind: "router", projections: [], inputs: hidden, outputs: experts },
      ...{ bias: mixture.routerBias, isAdaptable: mixture.adaptsRouter, copies: layers, inLayer: true },
    },
    { ...expert, module: "gate_up_proj", projections: ["gate", "up"], inputs: hidden, outputs: 2 * intermediate },
    { ...expert, module: "down_proj", projections: ["down"], inputs: intermediate, outputs: hidden },
  ];
}
