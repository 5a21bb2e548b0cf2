// Who holds which share of the training state, and what is gathered or gets a bucket for communication.
import { countParameters, weightGroups } from "../../models/weight-groups.js";
import type { MemorySetting, Sharding } from "./setting.js";
import { weightBytes } from "./weights.js";

/** Share of each state on one GPU: ZeRO's stages (arXiv 1910.02054, section 5), FSDP (arXiv 2304.11277). */
export function shares({ parallelism, gpus, offload }: Sharding): Record<"weights" | "gradients" | "states", number> {
  const shards = (isSharded: boolean): number => (isSharded ? 1 / gpus : 1);
  const isFsdp = parallelism.startsWith("fsdp");
  return {
    weights: offload === "params" ? 0 : shards(isFsdp || parallelism === "zero3"),
    gradients: offload === "params" ? 0 : shards(isFsdp || parallelism === "zero2" || parallelism === "zero3"),
    states: offload !== "none" ? 0 : shards(isFsdp || parallelism.startsWith("zero")),
  };
}

/** DeepSpeed's defaults: parameters in one bucket of gradients, and parameters gathered at once (stage3_max_live_parameters). */
const zeroBucket = 5e8;
const zeroLiveParameters = 1e9;

/**
 * Bytes for communication; `gradients`: bytes of all gradients before sharding. DDP: buckets that hold every gradient once more, as its
 * views are off by default (arXiv 2006.15704, section 3.2).
 */
export function communicationBytes(setting: MemorySetting, gradients: number): number {
  const { sharding, precision } = setting;
  const { parallelism, gpus } = sharding;
  if (gpus === 1 && !parallelism.startsWith("zero")) return 0;
  if (parallelism === "ddp") return gradients;
  const trained = gradients / precision.trained;
  if (parallelism.startsWith("fsdp")) return gatheredBytes(setting);
  if (parallelism === "zero1" || parallelism === "zero2") return 2 * Math.min(zeroBucket, trained) * precision.compute;
  if (parallelism === "zero3") {
    const { shape } = setting;
    const live = Math.min(zeroLiveParameters, countParameters(weightGroups(shape)));
    return (live + Math.min(zeroBucket, trained)) * precision.compute;
  }
  return 0;
}

/**
 * FSDP: the root's unit (embeddings, head, last norm) stays gathered from the first layer to the last, and one layer beside it; where all
 * weights are trained, also that layer's gradients until they are scattered, and the next layer, fetched ahead.
 */
function gatheredBytes(setting: MemorySetting): number {
  const { shape, precision, method, sharding } = setting;
  const groups = weightGroups(shape);
  const bytes = (inLayer: boolean): number => {
    const { plain, packed, constants } = weightBytes(
      groups.filter((group) => group.inLayer === inLayer),
      { ...setting, precision: { ...precision, weights: precision.compute } },
    );
    return plain + packed + constants;
  };
  const layer = bytes(true) / shape.layers;
  const root = bytes(false) * (sharding.offload === "params" ? 1 : 1 - 1 / sharding.gpus);
  return root + layer * (sharding.gathersAll ? shape.layers : method === "full" ? 3 : 1);
}

/** FSDP1 gathers gradients of a unit's inputs until the end of the backward pass where the unit has frozen weights (its hooks on several tensors). */
export function holdsLayerInputs({ sharding, method }: MemorySetting): boolean {
  return sharding.parallelism === "fsdp1" && method !== "full";
}
