// The base model's weights: in their own type, or packed into 4 or 8 bits with the constants that unpack them.
import { countParameters, type WeightGroup, weightGroups } from "../../models/weight-groups.js";
import type { MemorySetting, Quantisation } from "./setting.js";

/** Bits of one packed weight, and bits of quantisation constants that come to each. */
const packing: Record<Quantisation, { bits: number; constants: number }> = {
  // QLoRA (arXiv 2305.14314, section 3): an fp32 constant for each block of 64 weights ...
  nf4: { bits: 4, constants: 32 / 64 },
  // ... or, quantised once more, 8 bits for each block and fp32 for 256 blocks.
  "nf4-dq": { bits: 4, constants: 8 / 64 + 32 / (64 * 256) },
  // GPTQ (arXiv 2210.17323) as auto-gptq stores it: fp16 scale, 4-bit zero and 32-bit group index (one an input) for groups of 128.
  int4: { bits: 4, constants: (16 + 4) / 128 },
  int8: { bits: 8, constants: (16 + 8) / 128 },
};

/** Bytes. `packed` and `constants` are 0 without quantisation. */
export interface WeightBytes {
  plain: number;
  packed: number;
  constants: number;
}

/** Bytes of the groups as they lie on one GPU before sharding. Gradients, moments and adapters are not in it. */
export function weightBytes(groups: readonly WeightGroup[], setting: MemorySetting): WeightBytes {
  const { quantisation, precision, habits } = setting;
  if (quantisation === null) return { plain: countParameters(groups) * precision.weights, packed: 0, constants: 0 };
  const packed = packedIn(groups, setting);
  const rest = countParameters(groups) - packed;
  const { bits, constants } = packing[quantisation];
  return {
    plain: rest * (habits.raisesUnquantised ? 4 : precision.weights),
    packed: (packed * bits) / 8,
    constants: (packed * constants) / 8,
  };
}

/** Parameters that are packed. */
export function packedParameters(setting: MemorySetting): number {
  return packedIn(weightGroups(setting.shape), setting);
}

/** A bias stays as it is. */
function packedIn(groups: readonly WeightGroup[], setting: MemorySetting): number {
  return groups
    .filter((group) => isPacked(group, setting))
    .reduce((sum, { inputs, outputs, copies }) => sum + inputs * outputs * copies, 0);
}

/**
 * bitsandbytes packs linear layers: embeddings, norms, routers and the head stay as they are, and so do experts that transformers 5
 * holds in one 3D tensor (`type(module) is nn.Linear` in its bitsandbytes integration), Llama 4's too unless the checkpoint is packed already.
 */
function isPacked({ kind }: WeightGroup, { habits, quantisation }: MemorySetting): boolean {
  return quantisation !== null && (kind === "linear" || (kind === "head" && habits.quantisesHead));
}

/** Bytes of the largest matrix, unpacked for one product at a time. 0 without quantisation. */
export function dequantisationBytes(setting: MemorySetting): number {
  if (setting.quantisation === null) return 0;
  const sizes = weightGroups(setting.shape)
    .filter((group) => isPacked(group, setting))
    .map(({ inputs, outputs }) => inputs * outputs);
  return Math.max(0, ...sizes) * setting.precision.compute;
}

/**
 * Under autocast the fp32 weight of a matrix is cast to the compute type, and the product keeps that copy for its backward pass. Layers
 * that are computed again have theirs one layer at a time; FSDP's gathered units are cast already.
 */
export function autocastCopyBytes(setting: MemorySetting): number {
  const { precision, shape, sharding, checkpointing, habits } = setting;
  if (sharding.parallelism.startsWith("fsdp")) return 0;
  const isWide = ({ kind }: WeightGroup): boolean =>
    (precision.weights > precision.compute && kind !== "embedding" && kind !== "vector") ||
    (habits.raisesUnquantised &&
      precision.compute < 4 &&
      (kind === "head" || (kind === "embedding" && shape.tiedEmbeddings)));
  const wide = weightGroups(shape).filter((group) => isWide(group) && !isPacked(group, setting));
  const layers = countParameters(wide.filter(({ inLayer }) => inLayer)) / (checkpointing.layers ? shape.layers : 1);
  return (countParameters(wide.filter(({ inLayer }) => !inLayer)) + layers) * precision.compute;
}
