// Rules over several keys of a valid recipe: contradictions, and options that would do nothing.
import { normalize } from "node:path";
import { givenMicroBatch } from "./batch.js";
import type { ChoiceFacts } from "./defaults.js";
import { engineVersions } from "./schema/compute.js";
import type { evalMetrics } from "./schema/evaluation.js";
import type { ObjectiveName, Recipe } from "./schema.js";

export interface Contradiction {
  path: string[];
  message: string;
  fix: string;
}

interface Context {
  isWritten(path: string[]): boolean;
  facts: ChoiceFacts;
  /** The recipe's, or where `auto` leads to; null when that is not known. */
  device: "cpu" | "cuda" | "mps" | null;
}

interface Rule {
  /** Of the key that is to blame, dotted. */
  key: string;
  bad(recipe: Recipe, context: Context): boolean;
  message: string | ((recipe: Recipe, context: Context) => string);
  fix: string;
}

/** @param isWritten whether a person wrote the key, or ft filled it in */
export function checkRecipe(
  recipe: Recipe,
  isWritten: (path: string[]) => boolean,
  facts: ChoiceFacts,
): Contradiction[] {
  const device = recipe.compute.device === "auto" ? facts.device : recipe.compute.device;
  const context = { isWritten, facts, device };
  return rules
    .filter((rule) => rule.bad(recipe, context))
    .map(({ key, message, fix }) => ({
      path: key.split("."),
      message: typeof message === "string" ? message : message(recipe, context),
      fix,
    }));
}

const pairObjectives: readonly ObjectiveName[] = ["dpo", "orpo", "simpo", "cpo", "reward"];

type Metric = (typeof evalMetrics)[number];
const metricsFor: Record<ObjectiveName, readonly Metric[]> = {
  sft: ["loss", "exact_match", "json_valid"],
  dpo: ["preference_accuracy", "loss"],
  orpo: ["preference_accuracy", "loss"],
  simpo: ["preference_accuracy", "loss"],
  cpo: ["preference_accuracy", "loss"],
  kto: ["loss"],
  reward: ["preference_accuracy"],
  grpo: ["reward"],
};

/** The key was written, but this recipe never reads it. */
function idle(key: string, when: (recipe: Recipe) => boolean, because: string, fix: string): Rule {
  return {
    key,
    bad: (recipe, { isWritten }) => isWritten(key.split(".")) && when(recipe),
    message: `${key} has no effect ${because}`,
    fix,
  };
}

const adapterKeys = [
  "rank",
  "alpha",
  "dropout",
  "target_modules",
  "layers",
  "modules_to_save",
  "rslora",
  "dora",
  "init",
  "lora_plus_ratio",
];
/** ft cuts a step into passes of at most 8 rows. */
const hasNoMicroBatch = (rows: number) => [2, 3, 4, 5, 6, 7, 8].every((micro) => rows % micro !== 0);
/** bitsandbytes' own, which live on a GPU. */
export const isOfBitsandbytes = (name: string): boolean =>
  name.includes("8bit") || name.startsWith("paged") || name === "lion";
const holdsOut = ({ data }: Recipe) => data.eval !== undefined || data.eval_fraction > 0;

const methodRules: Rule[] = [
  ...adapterKeys.map((key) =>
    idle(`method.${key}`, ({ method }) => method.type === "full", "with method full", "remove it, or use method lora"),
  ),
  {
    key: "method.init",
    bad: ({ method }) => method.type === "qlora" && method.init === "pissa",
    message: "method.init cannot be pissa with method qlora: it starts from the base's full-precision directions",
    fix: "use loftq, which is made for a 4-bit base, or method lora",
  },
  {
    key: "method.init",
    bad: ({ method }) => method.type === "lora" && method.init === "loftq",
    message:
      "method.init cannot be loftq with method lora: it makes up for what quantising lost, and nothing is quantised",
    fix: "use method qlora, or init pissa",
  },
  {
    key: "method.init",
    bad: ({ method, compute }) =>
      (method.init === "pissa" || method.init === "loftq") && ["fsdp", "zero3"].includes(compute.parallel),
    message: ({ method, compute }) =>
      `method.init ${method.init} needs the whole base at hand, and compute.parallel ${compute.parallel} splits it`,
    fix: "use init default, or ddp, zero1 or zero2",
  },
  {
    key: "model.new_tokens",
    bad: ({ model, method, compute }) =>
      model.new_tokens !== undefined && method.type === "full" && ["fsdp", "zero3"].includes(compute.parallel),
    message: "model.new_tokens grow the embeddings, which compute.parallel has split over the GPUs with method full",
    fix: "add the tokens to the base first, or use ddp or an adapter",
  },
  {
    key: "method.dora",
    bad: ({ method }) => method.dora && method.init !== "default",
    message: ({ method }) =>
      `method.dora cannot go with init ${method.init}: DoRA takes its magnitudes from the untouched base`,
    fix: "keep one of the two",
  },
  {
    key: "method.layers",
    bad: ({ method }) =>
      method.layers !== undefined && typeof method.target_modules === "object" && !Array.isArray(method.target_modules),
    message: "method.layers cannot go with a regex in method.target_modules: a regex names whole paths already",
    fix: "put the layers into the regex, or name the modules in a list",
  },
  {
    key: "train.precision",
    bad: ({ train, method, compute }) =>
      train.precision === "fp16" && method.type === "qlora" && compute.device !== "cpu",
    message:
      "train.precision cannot be fp16 with method qlora: its adapter is in bf16, which fp16's loss scaler refuses",
    fix: "use auto, bf16 or fp32",
  },
  {
    key: "train.precision",
    bad: ({ train, method, compute }) =>
      train.precision === "fp32" && method.type === "qlora" && compute.device === "cuda",
    message:
      "train.precision fp32 takes from qlora on a GPU what it is for: the 4-bit base would be unpacked to full precision at each layer",
    fix: "use auto or bf16, or method lora if memory is no concern",
  },
];

const dataRules: Rule[] = [
  idle("data.eval_fraction", ({ data }) => data.eval !== undefined, "beside data.eval", "keep one of the two"),
  {
    key: "data.eval",
    bad: ({ data }) => {
      const trained = data.train.map(({ path }) => normalize(path));
      return data.eval?.some((file) => trained.includes(normalize(file))) ?? false;
    },
    message: "data.eval is the training file",
    fix: "name a file with rows that are not trained on, or leave data.eval out: a share of data.train is then held out",
  },
  {
    key: "data.packing",
    bad: ({ data, objective }) => data.packing && objective.type !== "sft",
    message: ({ objective }) =>
      `data.packing cannot go with objective ${objective.type}: it compares whole answers, row by row`,
    fix: "remove it; packing is for sft",
  },
  idle(
    "data.train_on",
    ({ objective }) => objective.type !== "sft",
    "with this objective: its loss is on the answers",
    "remove it",
  ),
  idle(
    "data.max_length",
    ({ objective }) => objective.type === "grpo",
    "with objective grpo: prompts are not cut",
    "use objective.max_completion_length for the answers",
  ),
  {
    key: "data.too_long",
    bad: ({ data, objective }) => data.too_long === "drop" && ["orpo", "cpo", "simpo"].includes(objective.type),
    message: ({ objective }) =>
      `data.too_long cannot be drop with objective ${objective.type}: TRL's trainer for it cuts the answers while it reads them`,
    fix: "leave long rows out before: ft data filter --max-tokens",
  },
  idle(
    "data.too_long",
    ({ objective }) => objective.type === "grpo" || objective.type === "reward",
    "with this objective: prompts of grpo are not cut, and reward always leaves out what is too long",
    "remove it",
  ),
  {
    key: "data.max_length",
    bad: ({ data }, { facts }) => facts.maxContext !== null && data.max_length > facts.maxContext,
    message: ({ data }, { facts }) =>
      `data.max_length ${data.max_length} is above the model's context of ${facts.maxContext} tokens`,
    fix: "lower it, or choose a base with a longer context",
  },
];

const trainRules: Rule[] = [
  {
    key: "train.micro_batch",
    bad: ({ train, compute }) =>
      train.batch_size % ((givenMicroBatch(train) ?? 1) * (compute.gpus / compute.context_parallel)) !== 0,
    message: ({ train, compute }) =>
      compute.gpus === 1
        ? "train.micro_batch does not divide train.batch_size"
        : `train.batch_size ${train.batch_size} does not divide over ${compute.gpus} GPUs with ${givenMicroBatch(train) ?? 1} rows each`,
    fix: "choose a batch_size that is a multiple of micro_batch x gpus",
  },
  idle("train.epochs", ({ train }) => train.max_steps !== undefined, "beside train.max_steps", "keep one of the two"),
  idle(
    "train.warmup_ratio",
    ({ train }) => train.scheduler === "constant",
    "with scheduler constant",
    "use scheduler constant_with_warmup",
  ),
  idle(
    "train.min_lr_ratio",
    ({ train }) => train.scheduler !== "cosine_with_min_lr",
    "with this scheduler",
    "use scheduler cosine_with_min_lr",
  ),
  idle(
    "train.neftune_alpha",
    ({ objective }) => objective.type !== "sft",
    "with this objective",
    "remove it; NEFTune is for sft",
  ),
  {
    key: "train.eval_every",
    bad: (recipe) => recipe.train.eval_every !== undefined && !holdsOut(recipe),
    message: "train.eval_every has no effect: data.eval_fraction is 0, so no rows are held out",
    fix: "hold rows out (data.eval or data.eval_fraction), or remove it",
  },
  {
    key: "train.early_stopping",
    bad: ({ train }) => train.early_stopping !== undefined && train.eval_every === undefined,
    message:
      "train.early_stopping needs train.eval_every: without losses on held-out rows there is nothing to judge by",
    fix: "set train.eval_every",
  },
  {
    key: "train.early_stopping",
    bad: ({ train }) =>
      train.early_stopping !== undefined && train.eval_every !== undefined && train.save_every % train.eval_every !== 0,
    message:
      "train.early_stopping keeps the best checkpoint, so train.save_every must be a multiple of train.eval_every",
    fix: "set both to the same number",
  },
  {
    key: "train.early_stopping",
    bad: ({ train, objective }) => train.early_stopping !== undefined && objective.type === "grpo",
    message: "train.early_stopping cannot go with objective grpo: its loss says nothing about the reward",
    fix: "remove it",
  },
];

const objectiveRules: Rule[] = [
  {
    key: "objective.label_smoothing",
    bad: ({ objective }) =>
      objective.type === "dpo" && objective.loss === "exo_pair" && objective.label_smoothing === 0,
    message: "objective.loss exo_pair needs a label_smoothing above 0: it takes its logarithm",
    fix: "set objective.label_smoothing, 0.001 for example",
  },
  {
    key: "train.micro_batch",
    bad: ({ objective, train, compute }) =>
      objective.type === "kto" &&
      (train.micro_batch === 1 ||
        (givenMicroBatch(train) === undefined && hasNoMicroBatch(train.batch_size / compute.gpus))),
    message: "kto compares the rows of a forward pass, so train.micro_batch must be 2 at least",
    fix: "raise train.micro_batch or train.batch_size",
  },
  {
    key: "train.batch_size",
    bad: ({ objective, train }) => objective.type === "grpo" && train.batch_size % objective.generations !== 0,
    message: ({ objective }) =>
      `train.batch_size must be a multiple of objective.generations (${objective.type === "grpo" ? objective.generations : 0}): it counts answers`,
    fix: "choose a multiple",
  },
  {
    key: "objective.reward_weights",
    bad: ({ objective }) =>
      objective.type === "grpo" &&
      (objective.reward_weights?.length ?? objective.rewards.length) !== objective.rewards.length,
    message: "objective.reward_weights has not one weight a reward",
    fix: "give as many weights as rewards",
  },
  {
    key: "eval.suites",
    bad: ({ objective, eval: { suites = [] } }) => objective.type === "reward" && suites.length > 0,
    message: "eval.suites needs a model that answers, and objective reward trains one that only scores",
    fix: "remove it, or use another objective",
  },
  {
    key: "eval.metrics",
    bad: ({ objective, eval: suite }) => suite.metrics.some((metric) => !metricsFor[objective.type].includes(metric)),
    message: ({ objective, eval: suite }) =>
      `eval.metrics: ${suite.metrics.filter((metric) => !metricsFor[objective.type].includes(metric)).join(", ")} cannot be measured with objective ${objective.type}: it can have ${metricsFor[objective.type].join(", ")}`,
    fix: "leave eval.metrics out, or choose from these",
  },
  {
    key: "objective.vllm",
    bad: ({ objective }, { device }) =>
      objective.type === "grpo" && objective.vllm && device !== null && device !== "cuda",
    message: "objective.vllm needs a CUDA GPU",
    fix: "remove it: the model itself then samples, more slowly",
  },
  {
    key: "data.format",
    bad: ({ objective, data }) => {
      const wants = formatFor(objective.type);
      return wants !== null && data.train.some(({ format }) => format !== "auto" && !wants.includes(format));
    },
    message: ({ objective }) => `objective ${objective.type} cannot learn from rows of this format`,
    fix: "use auto: ft says which columns are missing",
  },
];

function formatFor(objective: ObjectiveName): readonly Recipe["data"]["format"][] | null {
  if (pairObjectives.includes(objective)) return ["preference"];
  if (objective === "kto") return ["unpaired", "preference"];
  if (objective === "grpo") return null;
  return ["messages", "alpaca", "sharegpt", "prompt-completion", "text", "segments", "tokens"];
}

const computeRules: Rule[] = [
  {
    key: "engine.version",
    bad: ({ engine }) => !engineVersions[engine.name].includes(engine.version),
    message: ({ engine }) =>
      `engine.version: ft does not pin ${engine.name} ${engine.version}, but ${engineVersions[engine.name].join(", ")}`,
    fix: "choose one of these, or leave it out",
  },
  {
    key: "compute.parallel",
    bad: ({ compute }) => compute.gpus === 1 && ["ddp", "fsdp", "zero1"].includes(compute.parallel),
    message: ({ compute }) => `compute.parallel ${compute.parallel} is for several GPUs, and compute.gpus is 1`,
    fix: "set compute.gpus, or remove it",
  },
  {
    key: "compute.parallel",
    bad: ({ compute }) =>
      compute.gpus === 1 && ["zero2", "zero3"].includes(compute.parallel) && compute.offload === "none",
    message: ({ compute }) => `compute.parallel ${compute.parallel} on one GPU saves nothing without offload`,
    fix: "set compute.gpus, or compute.offload",
  },
  {
    key: "compute.parallel",
    bad: ({ compute }, { device }) =>
      device !== null && device !== "cuda" && !["auto", "ddp"].includes(compute.parallel),
    message: ({ compute }, { device }) =>
      `compute.parallel ${compute.parallel} needs CUDA GPUs, and this trains on ${device}`,
    fix: "use ddp, or another device",
  },
  {
    key: "compute.gpus",
    bad: ({ compute }, { device }) => compute.gpus > 1 && device === "mps",
    message: "compute.gpus: Apple GPUs do not train together",
    fix: "remove it",
  },
  {
    key: "compute.gpus",
    bad: ({ compute, engine }, { device }) => compute.gpus > 1 && device === "cpu" && engine.name === "axolotl",
    message: "compute.gpus: Axolotl asks CUDA how its processes reach each other, so that several need GPUs",
    fix: "use engine trl, or remove it",
  },
  {
    key: "compute.offload",
    bad: ({ compute }) =>
      (compute.offload === "all" && !["fsdp", "zero3"].includes(compute.parallel)) ||
      (compute.offload === "optimizer" && !["zero2", "zero3"].includes(compute.parallel)),
    message: ({ compute }) =>
      `compute.offload ${compute.offload} is not what compute.parallel ${compute.parallel} can do`,
    fix: "optimizer goes with zero2 and zero3, all with fsdp and zero3",
  },
  {
    key: "compute.budget",
    bad: ({ compute: { budget } }) =>
      budget !== undefined && Object.values(budget).every((limit) => limit === undefined),
    message: "compute.budget has no limit",
    fix: "set usd, hours or disk_gb, or remove it",
  },
  {
    key: "compute.context_parallel",
    bad: ({ compute, objective }) =>
      compute.context_parallel > 1 &&
      (compute.parallel !== "fsdp" || compute.gpus % compute.context_parallel !== 0 || objective.type !== "sft"),
    message: "compute.context_parallel needs parallel fsdp, objective sft, and gpus that are a multiple of it",
    fix: "set these, or remove it",
  },
  {
    key: "data.packing",
    bad: ({ compute, data }) => compute.context_parallel > 1 && data.packing,
    message: "data.packing cannot go with compute.context_parallel: a packed sequence is not cut at its rows",
    fix: "keep one of the two",
  },
  {
    key: "train.optimizer",
    bad: ({ train }, { device }) => device !== null && device !== "cuda" && isOfBitsandbytes(train.optimizer),
    message: ({ train }, { device }) =>
      `train.optimizer ${train.optimizer} needs a CUDA GPU, and this trains on ${device}`,
    fix: "use adamw",
  },
  {
    key: "train.optimizer",
    bad: ({ train, compute }) => compute.offload !== "none" && isOfBitsandbytes(train.optimizer),
    message: ({ train }) =>
      `train.optimizer ${train.optimizer} lives on the GPU, and compute.offload moves its states away`,
    fix: "use adamw with offload",
  },
  {
    key: "train.optimizer",
    bad: ({ train, compute }) => compute.parallel === "fsdp" && isOfBitsandbytes(train.optimizer),
    message: ({ train }) =>
      `train.optimizer ${train.optimizer} cannot go with compute.parallel fsdp: it is bitsandbytes', which does not know FSDP2's shards (DTensor; its issue 1633)`,
    fix: "use adamw, whose states fsdp shares over the GPUs, or another compute.parallel",
  },
  {
    key: "train.liger",
    bad: ({ train }, { device }) => train.liger && device !== null && device !== "cuda",
    message: "train.liger needs a CUDA GPU",
    fix: "remove it",
  },
  {
    key: "train.precision",
    bad: ({ train }, { device }) => train.precision === "fp16" && device === "cpu",
    message: "train.precision fp16 needs a GPU",
    fix: "use auto",
  },
  {
    key: "model.attention",
    bad: ({ model }, { device }) =>
      /^fl/.test(model.attention) && model.attention !== "flex_attention" && device !== null && device !== "cuda",
    message: ({ model }) => `model.attention ${model.attention} needs a CUDA GPU`,
    fix: "use auto or sdpa",
  },
];

const rules: Rule[] = [...methodRules, ...dataRules, ...trainRules, ...objectiveRules, ...computeRules];
