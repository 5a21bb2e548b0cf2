// Will it fit: a recipe's memory on given hardware, by term, with low, mid and high, and a verdict.
import type { ModelShape } from "../models/model-shape.js";
import { countParameters, weightGroups } from "../models/weight-groups.js";
import { batchOf, givenMicroBatch } from "../recipes/batch.js";
import type { Recipe } from "../recipes/schema.js";
import { type CorrectedBy, correctBands } from "./calibration/correct.js";
import type { Hardware } from "./hardware.js";
import { trainedParts } from "./memory/adapters.js";
import { type Band, contextBand } from "./memory/allocator.js";
import { estimateMemory, type MemoryEstimate, type Phase, type Terms } from "./memory/estimate.js";
import { type RowLengths, settingOfRecipe } from "./recipe-setting.js";
import { neededBand, stuckBytes, type Verdict, verdictOn } from "./verdict.js";

export interface PlanInput {
  recipe: Recipe;
  shape: ModelShape;
  lengths: RowLengths | null;
}

/** GiB of one GPU, or of the machine on a CPU. */
export interface MemoryPlan {
  hardware: string;
  alias: string | null;
  /** GPUs that train together; 1 on a CPU. */
  count: number;
  verdict: Verdict;
  capacityGiB: number;
  /** The figures are of the machine's memory. */
  isCpu: boolean;
  /** Without which it runs out. */
  needed: Band;
  /** What torch's tensors, its allocator, and nvidia-smi would show at the peak. */
  allocated: Band;
  reserved: Band;
  device: Band;
  /** Of `allocated`: what is counted to the byte (weights, states), and needs no correction. */
  counted: number;
  /** The runs here that the figures were corrected by; null: none. */
  corrected: CorrectedBy | null;
  peak: Phase;
  phases: Record<Phase, number>;
  /** Each term by itself; those of one phase exist together. */
  terms: { term: TermName; gib: number; atPeak: boolean }[];
  parameters: { all: number; trained: number };
  /** Of one GPU: rows in a forward pass, each so many sequences (2: the answers of a pair) of up to so many tokens; forward passes a step. `step`: rows of all GPUs. */
  batch: { rows: number; sequences: number; tokens: number; accumulation: number; step: number };
}

type TermName = keyof Terms | "context" | "stuck" | "fragmentation" | "correction";

/** Pure. `compute.gpus` is the hardware's count. */
export function planMemory(input: PlanInput, hardware: Hardware): MemoryPlan {
  const recipe = onHardware(input.recipe, hardware);
  const isCpu = hardware.kind === "cpu";
  const facts = { shape: input.shape, precision: precisionOn(recipe, hardware), isCpu };
  const settingOf = (lengths: RowLengths | null) => settingOfRecipe(recipe, { ...facts, lengths });
  const setting = settingOf(input.lengths);
  const estimate = estimateMemory(setting);
  const bandsOf = (lengths: RowLengths | null) => plainBands(estimateMemory(settingOf(lengths)), isCpu);
  const plain = overLengths(input.lengths, bandsOf);
  const { needed, allocated, reserved, device } = correctBands(plain, hardware.correction, isCpu);
  const { tokens, accumulation } = setting.batch;
  const rows = batchOf(recipe).micro;
  const trained = trainedParts(setting);
  const count = (isAdded: boolean): number =>
    trained.filter((part) => part.isAdded === isAdded).reduce((sum, { parameters }) => sum + parameters, 0);
  return {
    ...{ hardware: hardware.label, alias: hardware.alias, count: hardware.count },
    ...{ verdict: verdictOn(needed, hardware.bytes) },
    ...{ capacityGiB: gibibytes(hardware.bytes), isCpu, counted: gibibytes(plain.counted) },
    ...{ needed: inGiB(needed), allocated: inGiB(allocated), reserved: inGiB(reserved), device: inGiB(device) },
    corrected: hardware.correction?.by ?? null,
    peak: estimate.peak,
    phases: mapValues(estimate.phases, gibibytes),
    terms: [...termsOf(estimate, hardware, accumulation), ...correctionTerm(device.mid - plain.device.mid)],
    parameters: {
      all: countParameters(weightGroups(input.shape)) + count(true),
      trained: count(true) + count(false),
    },
    batch: { rows, sequences: setting.batch.rows / rows, tokens, accumulation, step: recipe.train.batch_size },
  };
}

/** The same recipe over the hardware's GPUs, its micro_batch auto closed; a batch that does not divide over them is rounded up. */
export function onHardware(recipe: Recipe, { kind, count, microBatch }: Hardware): Recipe {
  const gpus = kind === "cpu" ? recipe.compute.gpus : count;
  const replicas = Math.max(1, gpus / recipe.compute.context_parallel);
  const micro = givenMicroBatch(recipe.train) ?? microBatch;
  const perStep = replicas * (micro ?? 1);
  return {
    ...recipe,
    compute: { ...recipe.compute, gpus },
    train: {
      ...recipe.train,
      batch_size: Math.ceil(recipe.train.batch_size / perStep) * perStep,
      ...(micro === undefined ? {} : { micro_batch: micro }),
    },
  };
}

/** As engines/precision.ts has it, for hardware that is not here. */
export function precisionOn({ train, method }: Recipe, { kind, bf16 }: Hardware): "fp32" | "bf16" | "fp16" {
  if (train.precision !== "auto") return train.precision;
  if (kind === "cpu") return "fp32";
  if (bf16) return "bf16";
  return method.type === "qlora" ? "fp32" : "fp16";
}

/** Python, torch and the engine's packages take about a gibibyte of their own (measured: 0.8 to 1.3). */
const pythonBytes: Band = { low: 0.8 * 2 ** 30, mid: 2 ** 30, high: 1.5 * 2 ** 30 };

/** Bytes, before past runs correct them. */
function plainBands(estimate: MemoryEstimate, isCpu: boolean): Parameters<typeof correctBands>[0] {
  const { allocated, reserved, parts } = estimate;
  const needed = isCpu ? ramBand(estimate) : neededBand(estimate);
  return { counted: parts.lasting, needed, allocated, reserved, device: isCpu ? needed : estimate.device };
}

/** Where the rows' tokens were not counted, the ends of the bands are those of rows so much shorter and longer. */
function overLengths(
  lengths: RowLengths | null,
  bandsOf: (lengths: RowLengths | null) => ReturnType<typeof plainBands>,
): ReturnType<typeof plainBands> {
  const mid = bandsOf(lengths);
  if (lengths === null || !lengths.error) return mid;
  const [shorter, longer] = [1 - lengths.error, 1 + lengths.error].map((share) => bandsOf(timesLength(lengths, share)));
  const widened = (of: "needed" | "allocated" | "reserved" | "device"): Band => ({
    ...{ low: shorter![of].low, mid: mid[of].mid, high: longer![of].high },
  });
  return {
    ...{ counted: mid.counted, needed: widened("needed"), allocated: widened("allocated") },
    ...{ reserved: widened("reserved"), device: widened("device") },
  };
}

function timesLength({ longest, mean, heldOut }: RowLengths, share: number): RowLengths {
  const times = (tokens: number): number => Math.ceil(tokens * share);
  return { longest: times(longest), mean: mean * share, heldOut: heldOut ? times(heldOut) : null };
}

function correctionTerm(bytes: number): MemoryPlan["terms"] {
  return gibibytes(bytes) === 0 ? [] : [{ term: "correction", gib: gibibytes(bytes), atPeak: true }];
}

function ramBand({ allocated }: MemoryEstimate): Band {
  return {
    low: allocated.low + pythonBytes.low,
    mid: allocated.mid + pythonBytes.mid,
    high: allocated.high + pythonBytes.high,
  };
}

function termsOf(
  { terms, peak, device, phases, parts }: MemoryEstimate,
  { kind }: Hardware,
  accumulation: number,
): MemoryPlan["terms"] {
  const context = kind === "cpu" ? pythonBytes.mid : contextBand(parts.gpus).mid;
  const stuck = kind === "cpu" ? 0 : stuckBytes(parts);
  const all: Record<Exclude<TermName, "correction">, number> = {
    ...{ ...terms, context, stuck },
    fragmentation: kind === "cpu" ? 0 : Math.max(0, device.mid - phases[peak] - context - stuck),
  };
  return (Object.entries(all) as [keyof typeof all, number][])
    .filter(([, bytes]) => gibibytes(bytes) > 0)
    .map(([term, bytes]) => ({
      term,
      gib: gibibytes(bytes),
      atPeak:
        existsIn[term].includes(peak) ||
        (term === "gradients" && accumulation > 1 && !["load", "held-out rows"].includes(peak)),
    }));
}

const always: Phase[] = ["load", "loss", "backward", "end of backward", "step", "held-out rows"];
const passes: Phase[] = ["loss", "backward"];

/** The phases in which each term exists (memory/estimate.ts adds them up). */
const existsIn: Record<Exclude<TermName, "correction">, readonly Phase[]> = {
  ...{ weights: always, quantisationConstants: always, adapters: always, optimizer: always, masters: always },
  ...{ embeddingCopies: always, reference: always, context: always, stuck: always, fragmentation: always },
  // And from the second forward pass of a step on.
  gradients: ["end of backward", "step"],
  activations: passes,
  attention: passes,
  recomputed: ["backward", "end of backward"],
  ends: ["loss"],
  logits: ["loss"],
  heldLogits: ["backward"],
  heapHoles: passes,
  heldOut: ["held-out rows"],
  communication: [...passes, "end of backward", "held-out rows"],
  dequantisation: ["load", "backward", "end of backward", "held-out rows"],
  autocastCopies: passes,
  optimizerStep: ["step"],
};

function inGiB({ low, mid, high }: Band): Band {
  return { low: gibibytes(low), mid: gibibytes(mid), high: gibibytes(high) };
}

function mapValues<K extends string>(of: Record<K, number>, change: (value: number) => number): Record<K, number> {
  return Object.fromEntries(Object.entries<number>(of).map(([key, value]) => [key, change(value)])) as Record<
    K,
    number
  >;
}

function gibibytes(bytes: number): number {
  return Math.round((bytes / 2 ** 30) * 1000) / 1000;
}
