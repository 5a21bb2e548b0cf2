// From a recipe to the setting that the memory estimate takes.
import type { ModelShape } from "../models/model-shape.js";
import type { WeightGroup } from "../models/weight-groups.js";
import { batchOf } from "../recipes/batch.js";
import type { Recipe } from "../recipes/schema.js";
import { engineDefaults, precisionFor } from "./engine-defaults.js";
import type {
  AdapterSetting,
  Batch,
  Loss,
  MemorySetting,
  OptimizerKind,
  Parallelism,
  Precision,
  Sharding,
} from "./memory/setting.js";
import { plainHabits } from "./memory/setting.js";
import { withOverrides } from "./overrides.js";

/** Tokens of the rows, as the engine sees them. */
export interface RowLengths {
  longest: number;
  mean: number;
  /** The longest that is held out; left out or null: none is. */
  heldOut?: number | null | undefined;
  /** Share by which `longest` may be off; left out: its tokens were counted. */
  error?: number | undefined;
}

export interface SettingFacts {
  shape: ModelShape;
  /** What the hardware computes in: fp32, or a short type. */
  precision: "fp32" | "bf16" | "fp16";
  /** Null: the data was not read; every row is taken for as long as the recipe allows. */
  lengths: RowLengths | null;
  /** Left out: a GPU. */
  isCpu?: boolean;
}

/** Pure. */
export function settingOfRecipe(recipe: Recipe, facts: SettingFacts): MemorySetting {
  return withOverrides(ownSetting(recipe, facts), recipe);
}

/** What the recipe's own keys say. */
function ownSetting(recipe: Recipe, { shape, precision, lengths, isCpu = false }: SettingFacts): MemorySetting {
  const { method, model, train, engine } = recipe;
  const defaults = engineDefaults[engine.name];
  const sharding = shardingOf(recipe);
  return {
    ...{ shape, sharding, method: method.type },
    adapter: method.type === "full" ? null : adapterOf(recipe),
    precision: shardedPrecision(precisionFor(engine.name, method.type, precision === "fp32" ? 4 : 2), sharding),
    quantisation: method.type === "qlora" ? "nf4-dq" : null,
    optimizer: { kind: train.optimizer satisfies OptimizerKind, foreach: defaults.foreach, inBackward: false },
    batch: batchOfRecipe(recipe, lengths),
    checkpointing: {
      layers: train.gradient_checkpointing,
      offloaded: train.gradient_checkpointing && defaults.offloadsInputs,
    },
    kernels: {
      attention: model.attention === "eager" ? "eager" : model.attention.startsWith("flash") ? "flash" : "sdpa",
      layer: train.liger ? "fused" : defaults.layer,
    },
    loss: isCpu ? lossOnCpu(lossOf(recipe)) : lossOf(recipe),
    habits: { ...plainHabits, referenceCopies: needsReference(recipe) ? 1 : 0, usesHeap: isCpu },
  };
}

function adapterOf({ method, model }: Recipe): AdapterSetting {
  const saved = [...(method.modules_to_save ?? []), ...(model.new_tokens ? ["embed_tokens", "lm_head"] : [])];
  return {
    rank: method.rank,
    isTarget: targetTest(method.target_modules),
    layers: method.layers?.length ?? null,
    ...{ dora: method.dora, dropout: method.dropout > 0, trainedModules: [...new Set(saved)] },
  };
}

/** As PEFT matches: all-linear, names of modules, or a regular expression on whole names. */
export function targetTest(targets: Recipe["method"]["target_modules"]): AdapterSetting["isTarget"] {
  if (targets === "all-linear") {
    return ({ kind, isAdaptable }) => isAdaptable && (kind === "linear" || kind === "expert" || kind === "router");
  }
  if (Array.isArray(targets)) {
    const isNamed = (group: WeightGroup): boolean =>
      targets.some((name) => group.module === name || nameOf(group).endsWith(`.${name}`));
    // gate_proj and up_proj of a mixture lie in one tensor.
    const isExpert = ({ kind, projections }: WeightGroup): boolean =>
      kind === "expert" && projections.some((projection) => targets.includes(`${projection}_proj`));
    return (group) => group.isAdaptable && (isNamed(group) || isExpert(group));
  }
  const whole = new RegExp(`^(?:${targets.regex})$`);
  return (group) => group.isAdaptable && whole.test(nameOf(group));
}

/** The module's whole name in the first layer. */
function nameOf({ parent, module, inLayer }: WeightGroup): string {
  return inLayer ? `model.layers.0.${parent}.${module}` : module === "lm_head" ? module : `model.${module}`;
}

function batchOfRecipe(recipe: Recipe, lengths: RowLengths | null): Batch {
  const { data, objective, compute } = recipe;
  const { micro, accumulation } = batchOf(recipe);
  // Both answers of a pair go through the model together.
  const answers = ["dpo", "orpo", "simpo", "cpo", "reward"].includes(objective.type) ? 2 : 1;
  const longest = Math.min(data.max_length, lengths?.longest ?? data.max_length);
  const generated = objective.type === "grpo" ? objective.max_completion_length : 0;
  return {
    rows: micro * answers,
    tokens: data.packing ? data.max_length : longest + generated,
    accumulation,
    meanShare: data.packing ? null : lengths === null ? unknownMeanShare : meanShareOf(lengths, longest),
    sharedBy: compute.context_parallel,
    ...heldOutPass(recipe, lengths, micro * answers),
  };
}

/** As many rows as in training; the engines render it so. grpo samples answers to its held-out prompts: its pass is that of training. */
function heldOutPass(
  { data, train, objective }: Recipe,
  lengths: RowLengths | null,
  rows: number,
): Pick<Batch, "heldOut"> {
  if (train.eval_every === undefined || !lengths?.heldOut || objective.type === "grpo") return {};
  return { heldOut: { rows, tokens: data.packing ? data.max_length : Math.min(data.max_length, lengths.heldOut) } };
}

/** Null: all rows are as long as the longest, or cut there. */
function meanShareOf({ mean }: RowLengths, longest: number): number | null {
  return mean >= longest ? null : mean / longest;
}

/** Lengths spread evenly up to the longest. */
const unknownMeanShare = 0.5;

function lossOf({ engine, objective, train }: Recipe): Loss {
  const defaults = engineDefaults[engine.name];
  // A reward model's head has one output.
  if (objective.type === "reward") return { kind: "cut" };
  if (train.liger) return { kind: "fused" };
  return objective.type === "sft" ? defaults.loss : defaults.pairLoss;
}

/**
 * Without Triton TRL folds a tile in torch (kernels/chunked_logprob.py, _backward_tile): of each logit the tile itself, five tensors of its
 * size in fp32, a mask of one byte, and while the target's share is taken off two more; and every token is scored, not only those that are learnt.
 */
function lossOnCpu(loss: Loss): Loss {
  return loss.kind === "tiled" ? { ...loss, bytesPerLogit: 4 * (1 + 5 + 2) + 1 } : loss;
}

/** TRL keeps a frozen copy of the whole model where no adapter can be switched off instead. */
function needsReference({ method, objective }: Recipe): boolean {
  if (method.type !== "full") return false;
  return objective.type === "dpo" || objective.type === "kto" || (objective.type === "grpo" && objective.beta > 0);
}

function shardingOf({ compute }: Recipe): Sharding {
  const { parallel, gpus, offload } = compute;
  const names: Record<typeof parallel, Parallelism> = {
    ...{ auto: "ddp", ddp: "ddp", fsdp: "fsdp2", zero1: "zero1", zero2: "zero2", zero3: "zero3" },
  };
  return {
    parallelism:
      gpus === 1 && (parallel === "auto" || parallel === "ddp" || parallel === "fsdp") ? "none" : names[parallel],
    gpus,
    offload: offload === "all" ? "params" : offload,
    gathersAll: false,
  };
}

/** DeepSpeed's bf16 engine keeps short weights, and fp32 masters of what it trains. */
function shardedPrecision(precision: Precision, { parallelism }: Sharding): Precision {
  if (!parallelism.startsWith("zero") || precision.compute === 4) return precision;
  return { ...precision, weights: 2, residual: 2, trained: 2, masters: true };
}
