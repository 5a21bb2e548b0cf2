// Bytes that a run fetches, and bytes that it leaves on the disks: base, environment, checkpoints, the result.
import { diskSize } from "../free-space.js";
import type { ModelShape } from "../models/model-shape.js";
import { countParameters, type WeightGroup, weightGroups } from "../models/weight-groups.js";
import type { Recipe } from "../recipes/schema.js";
import { trainedParts } from "./memory/adapters.js";
import { stateBytes } from "./memory/optimizer.js";
import type { MemorySetting } from "./memory/setting.js";

export interface StorageFacts {
  /** Bytes of the base's files that are not in a cache yet; 0: all is here. */
  baseMissing: number;
  /** It comes over the network; false: it is made here (a GGUF is converted). */
  isBaseFetched: boolean;
  /** Bytes of the engine's environment, unpacked; 0: it is here. */
  environmentMissing: number;
  /** Free bytes where caches and the project are; the same disk twice counts once. Null: not known. */
  disks: {
    cache: number | null;
    project: number | null;
    isSame: boolean;
    /** Another machine's, by its name; left out: those here. */
    on?: string;
  };
  /** Characters of the training data: its copy, and the tokenised rows. */
  dataChars: number;
  tokensPerEpoch: number;
  /** Bytes a second. */
  bandwidth: number;
}

/** Bytes. */
export interface DiskPlan {
  /** In the caches: base and environment that are not there yet. */
  cache: { base: number; environment: number };
  /** In the run's folder. */
  run: { checkpoint: number; checkpoints: number; result: number; data: number };
  /** All of it. */
  total: number;
  /** Of the run's folder at its largest: one checkpoint more than is kept, while it is written. */
  runPeak: number;
  /** A merged 16-bit copy of base and adapter would take this; ft makes none by itself. */
  merged: number;
  free: StorageFacts["disks"];
  /** What is short, in words; null: it fits, or the free space is not known. */
  short: string | null;
}

export interface NetworkPlan {
  /** Bytes to fetch; the base's are counted from its parameters in 16 bits. */
  base: number;
  environment: number;
  total: number;
  /** At `bandwidth` bytes a second. */
  seconds: number;
  bandwidth: number;
}

/** What an environment's wheels take packed, over what they take unpacked (a random 120 MB of trl 1.16's, deflated). */
const packedShare = 0.55;

/** Logs, scheduler, random states, tokenizer: of a checkpoint beside weights and optimizer. */
const smallFiles = 15e6;

export function storagePlan(
  setting: MemorySetting,
  recipe: Recipe,
  steps: number,
  facts: StorageFacts,
): { disk: DiskPlan; network: NetworkPlan } {
  const environment = facts.environmentMissing;
  const fetched = environment * packedShare;
  const result = resultBytes(setting);
  const checkpoint = checkpointBytes(setting);
  const kept = Math.max(1, Math.min(recipe.train.keep_checkpoints, Math.ceil(steps / recipe.train.save_every)));
  const checkpoints = kept * checkpoint;
  // The engine's copy of the rows, and ids, mask and labels of a token in Arrow.
  const data = 1.2 * facts.dataChars + 12 * facts.tokensPerEpoch;
  const cache = { base: facts.baseMissing, environment };
  const run = { checkpoint, checkpoints, result, data };
  const runPeak = checkpoints + checkpoint + result + data;
  const total = cache.base + cache.environment + runPeak;
  const fetchedBase = facts.isBaseFetched ? facts.baseMissing : 0;
  const network = fetchedBase + fetched;
  return {
    disk: {
      ...{ cache, run, total, runPeak, free: facts.disks },
      merged: 2 * countParameters(weightGroups(setting.shape)),
      short: shortOf(cache.base + cache.environment, runPeak, facts.disks),
    },
    network: {
      ...{ base: fetchedBase, environment: fetched, total: network, bandwidth: facts.bandwidth },
      seconds: network / facts.bandwidth,
    },
  };
}

/** Bytes of the base in its repository: 16 bits a weight but for a few families; with what reads images, where the catalogue counts it. */
export function baseBytes(shape: ModelShape): number {
  const groups = weightGroups(shape);
  const stored = storedOtherwise[shape.family];
  if (stored === undefined) return 2 * Math.max(countParameters(groups), shape.paramsB * 1e9);
  const bytes = (group: WeightGroup): number => (stored.bits[group.kind] ?? 16) / 8;
  return groups.reduce((sum, group) => sum + countParameters([group]) * bytes(group), stored.beside);
}

/** Families whose repositories hold other than 16 bits a weight; `beside`: bytes of what is there too. */
const storedOtherwise: Record<string, { bits: Partial<Record<WeightGroup["kind"], number>>; beside: number }> = {
  // FP8, and a layer that predicts the token after the next one, of 14 billion (arXiv 2412.19437, section 2.2; the model card: 685 billion in all).
  "deepseek-v3": { bits: { linear: 8, expert: 8 }, beside: 14e9 },
  // MXFP4: 4 bits, and for 32 of them a scale of 8 (the model card).
  "gpt-oss": { bits: { expert: 4.25 }, beside: 0 },
};

/** Adapter or whole model, in the type it is trained in (safetensors). */
function resultBytes(setting: MemorySetting): number {
  return smallFiles + trainedParts(setting).reduce((sum, { parameters, bytes }) => sum + parameters * bytes, 0);
}

/** The result and the optimizer's states; paged and offloaded ones too. */
export function checkpointBytes(setting: MemorySetting): number {
  const states = trainedParts(setting).reduce((sum, part) => sum + stateBytes(part, setting.optimizer.kind), 0);
  return resultBytes(setting) + states;
}

function shortOf(
  cache: number,
  run: number,
  { cache: cacheFree, project, isSame, on }: StorageFacts["disks"],
): string | null {
  const where = on === undefined ? "here" : `of ${on}`;
  const short = (disk: string, free: number, needed: number) =>
    `the ${disk} has ${diskSize(free)} free, and ${diskSize(needed)} are needed`;
  if (isSame && cacheFree !== null && cache + run > cacheFree) return short(`disk ${where}`, cacheFree, cache + run);
  if (cacheFree !== null && cache > cacheFree) return short(`caches' disk ${where}`, cacheFree, cache);
  if (project !== null && run > project)
    return short(on === undefined ? "project's disk" : `jobs' disk ${where}`, project, run);
  return null;
}
