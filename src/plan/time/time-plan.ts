// How long a run takes, part by part, with low, mid and high: the environment, the base, training, checkpoints, evaluation.
import type { Recipe } from "../../recipes/schema.js";
import type { Band } from "../memory/allocator.js";
import type { MemorySetting } from "../memory/setting.js";
import { checkpointBytes, type NetworkPlan } from "../storage-plan.js";
import { type Products, productsOf, trainingFlops } from "./flops.js";
import { type Machine, passSeconds, stepSeconds } from "./pass-seconds.js";
import type { TokenPlan } from "./token-plan.js";

export type TimePart =
  | "environment"
  | "download"
  | "load"
  | "tokenise"
  | "training"
  | "checkpoints"
  | "held-out losses"
  | "evaluation";

export interface TimePlan {
  /** Seconds from `ft run` to the registered adapter. */
  total: Band;
  parts: ({ part: TimePart } & Band)[];
  /** Seconds of an optimizer step. */
  step: Band;
  /** Tokens that are not padding, over all GPUs. */
  tokensPerSecond: number;
  /** Operations of the whole training, with what is computed again. */
  flops: number;
  /** Model FLOPs (without what is computed again) over what the hardware could do meanwhile (PaLM, arXiv 2204.02311, appendix B). */
  utilisation: number;
  /** What the bands rest on. */
  /** Runs on this machine that corrected it, and by how much; null: none. */
  corrected: { runs: number; factor: number } | null;
  basis: "measured cards" | "other cards" | "cpu";
}

export interface TimeFacts {
  setting: MemorySetting;
  /** On the hardware that is planned for. */
  recipe: Recipe;
  machine: Machine;
  /** The card is one of those that the constants were fitted to. */
  isMeasured: boolean;
  tokens: TokenPlan;
  network: NetworkPlan;
  environmentHere: boolean;
  heldOutRows: number;
}

/** Pure. */
export function timePlan(facts: TimeFacts): TimePlan {
  const { setting: plain, recipe, machine, tokens, network, environmentHere } = facts;
  const setting = { ...plain, hasHead: recipe.objective.type !== "reward" };
  const { accumulation, sharedBy } = setting.batch;
  const more = moreForwardPasses(recipe);
  const pass = passSeconds(setting, tokens.pass, machine, { moreForward: more }) / sharedBy;
  const mid = accumulation * pass + stepSeconds(setting, machine) + samplingSeconds(setting, recipe, machine);
  const spread = spreadOf(facts);
  const step = { low: mid * spread.low, mid, high: mid * spread.high };
  const training = times(step, tokens.steps);
  const replicas = Math.max(1, recipe.compute.gpus / recipe.compute.context_parallel);
  const passes = tokens.steps * accumulation * replicas;
  const withoutAgain = { ...setting, checkpointing: { ...setting.checkpointing, layers: false }, loss: wholeLoss };
  const model = trainingFlops(withoutAgain, tokens.pass, more) * passes;
  const parts: Record<TimePart, Band> = {
    // uv, measured: 15 s from a warm cache to 28 s with a fast mirror; slow disks take longer.
    environment: environmentHere ? nothing : { low: 15, mid: 30, high: 90 },
    download: { low: network.seconds / 2, mid: network.seconds, high: network.seconds * 3 },
    load: times(loadSeconds(setting), facts.heldOutRows > 0 ? 2 : 1),
    // Measured: TRL renders, masks and tokenises 665 to 878 rows a second.
    tokenise: { low: tokens.sequences / 880, mid: tokens.sequences / 700, high: tokens.sequences / 400 },
    training,
    checkpoints: checkpointSeconds(setting, recipe, tokens.steps),
    "held-out losses": times({ low: spread.low, mid: 1, high: spread.high }, heldOutSeconds(facts, pass)),
    evaluation: evaluationSeconds(facts, products(setting), spread),
  };
  const list = (Object.entries(parts) as [TimePart, Band][]).map(([part, band]) => ({ part, ...band }));
  return {
    total: list.reduce(plus, nothing),
    parts: list.filter(({ high }) => high >= 0.5),
    step,
    tokensPerSecond: tokens.total.tokens / training.mid,
    flops: trainingFlops(setting, tokens.pass, more) * passes,
    utilisation: model / (training.mid * machine.flopsPerSecond * recipe.compute.gpus),
    corrected: null,
    basis: machine.kind === "cpu" ? "cpu" : facts.isMeasured ? "measured cards" : "other cards",
  };
}

const nothing: Band = { low: 0, mid: 0, high: 0 };
const wholeLoss: MemorySetting["loss"] = { kind: "whole", bytesPerLogit: 10 };

function products(setting: MemorySetting): Products {
  return productsOf(setting);
}

/**
 * Forward passes without gradient beside the training's own: a reference (TRL 1.16: dpo, grpo with beta), and for kto the reference and both
 * models on answers to other prompts (its KL term).
 */
function moreForwardPasses({ objective }: Recipe): number {
  // Precomputed or beside each step, it is one pass over each row and epoch (of more epochs only the first).
  if (objective.type === "dpo") return 1;
  if (objective.type === "kto") return 3;
  return objective.type === "grpo" && objective.beta > 0 ? 1 : 0;
}

/**
 * Shares of the estimate. Of the measured speeds (bench/data/throughput-points.csv) nine in ten lie within 0.75 and 1.33 of it; other cards,
 * engines with kernels of their own, PCIe between GPUs and small passes, whose time is Python's, are less sure. Twice the tokens' own error comes on top.
 */
function spreadOf({ machine, isMeasured, tokens, recipe, setting }: TimeFacts): { low: number; high: number } {
  const isSmall = tokens.pass.tokens < 2048;
  const isUnsure = !isMeasured || isSmall || recipe.engine.name === "unsloth" || setting.sharding.gpus > 1;
  const speed =
    machine.kind === "cpu" ? { low: 0.5, high: 2.2 } : isUnsure ? { low: 0.6, high: 1.7 } : { low: 0.75, high: 1.35 };
  const length = Math.min(0.5, 2 * tokens.error);
  return { low: speed.low * (1 - length), high: speed.high * (1 + length) };
}

/** Importing torch and transformers takes 5 to 17 s (measured); weights come from the disk at 0.3 to 3 GB a second. Training and evaluation each. */
function loadSeconds({ shape }: MemorySetting): Band {
  const bytes = 2e9 * shape.paramsB;
  return { low: 6 + bytes / 3e9, mid: 12 + bytes / 1e9, high: 25 + bytes / 0.3e9 };
}

/** Written, read once for its hash, and synced: 100 MB to 1 GB a second. */
function checkpointSeconds(setting: MemorySetting, { train }: Recipe, steps: number): Band {
  const count = Math.floor(steps / train.save_every) + 1;
  const bytes = count * checkpointBytes(setting);
  return { low: bytes / 1e9, mid: bytes / 0.3e9, high: bytes / 0.1e9 };
}

/** A loss is a forward pass: a third of a training pass, a quarter with what is computed again. */
function heldOutSeconds({ recipe, setting, tokens, heldOutRows }: TimeFacts, pass: number): number {
  const { eval_every: every } = recipe.train;
  if (every === undefined || heldOutRows === 0) return 0;
  const passes = Math.ceil(heldOutRows / Math.max(1, setting.batch.rows) / Math.max(1, recipe.compute.gpus));
  return Math.floor(tokens.steps / every) * passes * (pass / (setting.checkpointing.layers ? 4 : 3));
}

/** Seconds of launching one layer for one token that is sampled, with transformers' generate: some 25 ms a token for 28 layers; adapters half more. vLLM captures graphs. */
const decodeLaunch = { plain: 0.9e-3, adapted: 1.4e-3, vllm: 0.15e-3 };

function tokenSeconds(setting: MemorySetting, machine: Machine, rows: number, launch: number): number {
  const { layers, head } = products(setting);
  const computed = (2 * (layers + head) * rows) / machine.flopsPerSecond;
  const read = ((layers + head) * setting.precision.compute) / machine.bytesPerSecond;
  const launched = setting.shape.layers * launch;
  return machine.kind === "cpu" ? computed + launched : Math.max(computed, read, launched);
}

/** Seconds of sampling the answers of one step (grpo): until the longest is done. */
function samplingSeconds(setting: MemorySetting, { objective }: Recipe, machine: Machine): number {
  if (objective.type !== "grpo") return 0;
  const launch = objective.vllm
    ? decodeLaunch.vllm
    : setting.method === "full"
      ? decodeLaunch.plain
      : decodeLaunch.adapted;
  const rows = setting.batch.rows * setting.batch.accumulation;
  return 0.9 * objective.max_completion_length * tokenSeconds(setting, machine, rows, launch);
}

/** Base and result, each with its losses and, where the metrics need them, sampled answers; most end before max_new_tokens. */
function evaluationSeconds(
  { setting, recipe, machine, tokens, heldOutRows }: TimeFacts,
  { layers, head }: Products,
  spread: { low: number; high: number },
): Band {
  const rows = Math.min(heldOutRows, recipe.eval.max_rows);
  if (rows === 0) return nothing;
  const forward = (2 * 2 * (layers + head) * rows * tokens.mean) / (0.4 * machine.flopsPerSecond);
  const samples = recipe.eval.metrics.some((metric) => ["exact_match", "json_valid", "reward"].includes(metric));
  const batches = Math.ceil(rows / recipe.eval.batch_size);
  const each = Math.min(rows, recipe.eval.batch_size);
  const longest = samples ? recipe.eval.max_new_tokens : 0;
  const token =
    tokenSeconds(setting, machine, each, decodeLaunch.plain) +
    tokenSeconds(setting, machine, each, decodeLaunch.adapted);
  const sampled = batches * longest * token;
  return {
    low: spread.low * (forward + 0.3 * sampled),
    mid: forward + 0.7 * sampled,
    high: spread.high * (forward + sampled),
  };
}

function times({ low, mid, high }: Band, count: number): Band {
  return { low: low * count, mid: mid * count, high: high * count };
}

function plus(a: Band, b: Band): Band {
  return { low: a.low + b.low, mid: a.mid + b.mid, high: a.high + b.high };
}
