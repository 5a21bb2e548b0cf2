// The parameters that LoRA adds and trains.
import type { ModelShape } from "../../models/model-shape.js";
import { countParameters, elementsOf, type WeightGroup, weightGroups } from "../../models/weight-groups.js";
import type { AdapterSetting, Bytes, MemorySetting } from "./setting.js";

/** Trained parameters of one kind. */
export interface Trained {
  parameters: number;
  /** Of them, those of embeddings. */
  embeddings: number;
  /** Bytes of one, of its gradient, and of a moment in its own type. */
  bytes: Bytes;
  /** They stand beside the base's own weights. */
  isAdded: boolean;
}

/**
 * What is trained: all weights; or the adapter, and copies of modules that are trained whole (PEFT keeps the originals, and casts only
 * the adapter itself to fp32).
 */
export function trainedParts({ shape, method, adapter, precision }: MemorySetting): Trained[] {
  const groups = weightGroups(shape);
  const embeddingsOf = (some: readonly WeightGroup[]): number =>
    countParameters(some.filter(({ kind }) => kind === "embedding"));
  if (method === "full" || adapter === null) {
    const embeddings = embeddingsOf(groups);
    return [{ parameters: countParameters(groups), embeddings, bytes: precision.trained, isAdded: false }];
  }
  const whole = wholeModules(groups, { adapter, shape });
  return [
    {
      parameters: adapterParameters(groups, adapter, shape.layers),
      embeddings: 0,
      bytes: precision.trained,
      isAdded: true,
    },
    { parameters: countParameters(whole), embeddings: embeddingsOf(whole), bytes: precision.weights, isAdded: true },
  ];
}

/** A tied head becomes a copy of its own. */
function wholeModules(
  groups: readonly WeightGroup[],
  { adapter, shape }: { adapter: AdapterSetting; shape: ModelShape },
): WeightGroup[] {
  const head = { module: "lm_head", kind: "head", inputs: shape.hidden, outputs: shape.vocab } as const;
  const tied = shape.tiedEmbeddings
    ? [{ ...head, parent: "", projections: [], bias: false, isAdaptable: true, copies: 1, inLayer: false }]
    : [];
  return [...groups, ...tied].filter(({ module }) => adapter.trainedModules.includes(module));
}

/** r x (inputs + outputs) for each adapted matrix (LoRA, arXiv 2106.09685, section 4.1), and DoRA's magnitude of each output (arXiv 2402.09353). */
function adapterParameters(groups: readonly WeightGroup[], adapter: AdapterSetting, layers: number): number {
  const adapted = groups.filter((group) => group.kind !== "vector" && adapter.isTarget(group));
  const share = (group: WeightGroup): number =>
    (group.inLayer ? (adapter.layers ?? layers) / layers : 1) * group.copies;
  return adapted.reduce(
    (sum, group) =>
      sum +
      share(group) * (rankOf(group, adapter) * (group.inputs + group.outputs) + (adapter.dora ? group.outputs : 0)),
    0,
  );
}

/** PEFT 0.21 gives experts whose gate and up lie in one tensor twice the rank there (its transformers_weight_conversion.py). */
export function rankOf({ kind, projections }: WeightGroup, { rank }: AdapterSetting): number {
  return kind === "expert" && projections.length > 1 ? 2 * rank : rank;
}

/** Width of the outputs of adapted matrices in one layer, summed: what DoRA keeps of each token. */
export function adaptedOutputs({ shape, adapter }: MemorySetting): number {
  if (adapter === null) return 0;
  return weightGroups(shape)
    .filter((group) => group.kind === "linear" && adapter.isTarget(group))
    .reduce((sum, group) => sum + (group.outputs * group.copies) / shape.layers, 0);
}

/** Bytes of the largest matrix's DoRA norm: W + s B A in the compute type, and its squares. */
export function doraScratchBytes({ shape, adapter, precision }: MemorySetting): number {
  if (!adapter?.dora) return 0;
  const sizes = weightGroups(shape)
    .filter((group) => group.kind === "linear" && adapter.isTarget(group))
    .map(elementsOf);
  return 2 * precision.compute * Math.max(0, ...sizes);
}
