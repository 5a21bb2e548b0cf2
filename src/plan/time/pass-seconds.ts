// How long one forward and backward pass, and the optimizer's step, take on one GPU: products, memory traffic, launches, communication.
import { countParameters, weightGroups } from "../../models/weight-groups.js";
import { trainedParts } from "../memory/adapters.js";
import { layerTotal } from "../memory/layer-activations.js";
import { stateBytes } from "../memory/optimizer.js";
import type { MemorySetting } from "../memory/setting.js";
import { packedParameters, weightBytes } from "../memory/weights.js";
import { trainingFlops, type Work } from "./flops.js";

/** What of a GPU (or CPU) training speed follows from. */
export interface Machine {
  kind: "gpu" | "cpu";
  /** Of products in the type that is computed in: the datasheet's dense figure. */
  flopsPerSecond: number;
  /** Of its memory. */
  bytesPerSecond: number;
  /** To its neighbours. */
  linkBytesPerSecond: number;
}

/**
 * The constants that are fitted to measured training speeds (bench/data/throughput-points.csv, `npm run bench -- throughput`), and rounded; all else is
 * counted.
 */
export interface SpeedConstants {
  /** Share of the datasheet's products a second that large products reach. */
  products: number;
  /** How often what a layer keeps for its backward pass goes through memory, with all that it computes on the way and does not keep. */
  traffic: number;
  /**
   * Seconds of launching kernels, a layer and forward pass: where little is computed the GPU waits for Python. `quantised` is assumed: the
   * adapted one's and half a millisecond for seven unpacked matrices.
   */
  launch: { plain: number; adapted: number; quantised: number };
  /** Share of the link's bytes a second that gathering and reducing reach, with what is hidden behind computing. */
  link: number;
  /** How often the optimizer's bytes go through memory in a step: torch's foreach kernels, clipping. */
  step: number;
}

export const speedConstants: SpeedConstants = {
  products: 0.78,
  traffic: 24,
  launch: { plain: 2.5e-3, adapted: 1.5e-3, quantised: 2e-3 },
  link: 0.6,
  step: 2.5,
};

/** Seconds of a forward and backward pass over `work`. `moreForward`: as in trainingFlops. */
export function passSeconds(
  setting: MemorySetting & { hasHead?: boolean },
  work: Work,
  machine: Machine,
  { moreForward = 0, by = speedConstants }: { moreForward?: number; by?: SpeedConstants } = {},
): number {
  const products = trainingFlops(setting, work, moreForward) / (machine.flopsPerSecond * by.products);
  const moved = trafficBytes(setting, work, moreForward, by) / machine.bytesPerSecond;
  const launching = launchSeconds(setting, moreForward, by);
  const sent = gatherBytes(setting) + offloadedBytes(setting);
  // A CPU does both; a GPU computes while the next kernels are launched.
  const busy = machine.kind === "cpu" ? products + moved + launching : Math.max(products + moved, launching);
  return busy + sent / (machine.linkBytesPerSecond * by.link);
}

/** Forward passes over the layers that one training pass is worth in launches and traffic: forward, backward (twice as many kernels), again. */
function passesOf({ checkpointing }: MemorySetting, moreForward: number): number {
  return 3 + (checkpointing.layers ? 1 : 0) + moreForward;
}

/** Bytes through memory beside the products' own: activations, logits, and weights that are unpacked for each product. */
function trafficBytes(setting: MemorySetting, { tokens }: Work, moreForward: number, by: SpeedConstants): number {
  const { shape, loss } = setting;
  const passes = passesOf(setting, moreForward);
  const layers = tokens * shape.layers * layerTotal(setting) * by.traffic * (passes / 3);
  const logits = loss.kind === "whole" ? 2 * tokens * shape.vocab * loss.bytesPerLogit : 0;
  // Half a byte read, two written, two read by the product (bitsandbytes' dequantizeBlockwise), once forward and once backward.
  const unpacked = packedParameters(setting) * (0.5 + 2 + 2) * (passes - 1);
  return layers + logits + unpacked;
}

function launchSeconds(setting: MemorySetting, moreForward: number, by: SpeedConstants): number {
  // Few large kernels in place of many: 1.9 to 2.7 times as fast where launches count (Unsloth and TRL, Hugging Face's blog of January 2024).
  const fused = setting.kernels.layer === "fused" ? 0.5 : 1;
  const kind = setting.method === "full" ? "plain" : setting.method === "lora" ? "adapted" : "quantised";
  return fused * setting.shape.layers * by.launch[kind] * passesOf(setting, moreForward);
}

/** Bytes that each pass sends where weights are sharded: gathered forward and backward, gradients scattered (arXiv 2304.11277, section 3). */
function gatherBytes(setting: MemorySetting): number {
  const { sharding, precision, shape } = setting;
  if (sharding.gpus === 1 || !(sharding.parallelism.startsWith("fsdp") || sharding.parallelism === "zero3")) return 0;
  const { plain, packed, constants } = weightBytes(weightGroups(shape), {
    ...setting,
    precision: { ...precision, weights: precision.compute },
  });
  return ((2 * (plain + packed + constants) + gradientBytes(setting)) * (sharding.gpus - 1)) / sharding.gpus;
}

/** Weights that lie in CPU memory come over PCIe for the forward and for the backward pass. */
function offloadedBytes({ sharding, precision, shape }: MemorySetting): number {
  if (sharding.offload !== "params") return 0;
  return (2 * countParameters(weightGroups(shape)) * precision.compute) / sharding.gpus;
}

function gradientBytes(setting: MemorySetting): number {
  return trainedParts(setting).reduce((sum, { parameters }) => sum + parameters * setting.precision.compute, 0);
}

/** Seconds of the optimizer's step: parameters, gradients and moments read and written; gradients summed over copies (a ring, 2 (n - 1) / n). */
export function stepSeconds(setting: MemorySetting, machine: Machine, by = speedConstants): number {
  const { sharding, optimizer } = setting;
  const shards = sharding.parallelism.startsWith("fsdp") || sharding.parallelism.startsWith("zero") ? sharding.gpus : 1;
  const bytes = trainedParts(setting).reduce(
    (sum, part) => sum + part.parameters * 3 * part.bytes + 2 * stateBytes(part, optimizer.kind),
    0,
  );
  const reduced =
    sharding.gpus > 1 && shards === 1 ? (2 * gradientBytes(setting) * (sharding.gpus - 1)) / sharding.gpus : 0;
  // Offloaded states are stepped by the CPU, whose memory is some twentieth as fast.
  const slower = sharding.offload === "none" ? 1 : 20;
  return (
    (by.step * slower * bytes) / shards / machine.bytesPerSecond + reduced / (machine.linkBytesPerSecond * by.link)
  );
}
