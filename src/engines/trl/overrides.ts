// engine.overrides for TRL: checked against the pinned version's key table, then put over what ft rendered.
import { distance } from "fastest-levenshtein";
import { FtError, type Problem } from "../../errors.js";
import { trlKeys, trlVersion } from "./keys.js";

/** ft finds what these name again after the run, the evaluator does the same as they say, or a recipe key says it. */
const owned: Record<string, string> = {
  model_name_or_path: "use model.base",
  model_revision: "use model.revision",
  chat_template_path: "use model.template",
  dataset_name: "use data.train",
  dataset_config: "use data.train",
  dataset_train_split: "use data.train",
  dataset_test_split: "use data.eval",
  dataset_streaming: "ft hands the rows over as files",
  dataset_text_field: "ft names the columns",
  datasets: "use data.train",
  streaming: "ft hands the rows over as files",
  test_split_size: "use data.eval_fraction",
  max_length: "use data.max_length",
  completion_only_loss: "use data.train_on",
  assistant_only_loss: "use data.train_on",
  use_peft: "use method",
  lora_r: "use method.rank",
  lora_alpha: "use method.alpha",
  lora_dropout: "use method.dropout",
  lora_target_modules: "use method.target_modules",
  load_in_4bit: "use method: qlora",
  load_in_8bit: "use method: qlora",
  bnb_4bit_quant_type: "the evaluator loads the base as nf4",
  use_bnb_nested_quant: "the evaluator loads the base with double quantisation",
  num_train_epochs: "use train.epochs",
  max_steps: "use train.max_steps",
  learning_rate: "use train.learning_rate",
  per_device_train_batch_size: "use train.micro_batch",
  gradient_accumulation_steps: "use train.batch_size and train.micro_batch",
  lr_scheduler_type: "use train.scheduler",
  warmup_steps: "use train.warmup_ratio",
  weight_decay: "use train.weight_decay",
  max_grad_norm: "use train.max_grad_norm",
  seed: "use train.seed",
  dtype: "use train.precision",
  bf16: "use train.precision",
  fp16: "use train.precision",
  use_cpu: "use compute.device",
  gradient_checkpointing: "use train.gradient_checkpointing",
  logging_strategy: "use train.log_every",
  logging_steps: "use train.log_every",
  eval_strategy: "use train.eval_every",
  eval_steps: "use train.eval_every",
  save_strategy: "use train.save_every",
  save_steps: "use train.save_every",
  save_total_limit: "use train.keep_checkpoints",
  save_only_model: "a run without optimizer state cannot be resumed",
  enable_jit_checkpoint: "ft saves a checkpoint when it is stopped",
  attn_implementation: "use model.attention",
  lora_modules_to_save: "use method.modules_to_save",
  use_rslora: "use method.rslora",
  use_dora: "use method.dora",
  lora_task_type: "use objective",
  packing: "use data.packing",
  neftune_noise_alpha: "use train.neftune_alpha",
  optim: "use train.optimizer",
  use_liger_kernel: "use train.liger",
  load_best_model_at_end: "use train.early_stopping",
  metric_for_best_model: "use train.early_stopping",
  greater_is_better: "use train.early_stopping",
  deepspeed: "use compute.parallel",
  fsdp: "use compute.parallel",
  fsdp_config: "use compute.parallel",
  parallelism_config: "use compute.context_parallel",
  reward_funcs: "use objective.rewards",
  output_dir: "ft collects the run from there",
  resume_from_checkpoint: "use `ft runs resume`",
  push_to_hub: "ft keeps adapters itself",
};

/** ft writes these, but nothing depends on what they say. */
const free = [
  ...["per_device_eval_batch_size", "logging_first_step", "dataloader_pin_memory", "disable_tqdm", "report_to"],
  "lr_scheduler_kwargs",
];

type Sections = Record<string, Record<string, unknown>>;

/** @throws FtError recipe.overrides: all unknown or owned keys at once */
export function mergeOverrides(sections: Sections, overrides: Record<string, unknown>): Sections {
  const rendered = new Set(Object.values(sections).flatMap((section) => Object.keys(section)));
  const isOurs = (key: string) => Object.hasOwn(owned, key) || (rendered.has(key) && !free.includes(key));
  const problems = Object.entries(overrides).flatMap(([key, value]) =>
    isOurs(key)
      ? [{ message: `engine.overrides.${key} is ft's own`, fix: owned[key] ?? "a key of the recipe decides it" }]
      : problemOf(key, value),
  );
  if (problems.length > 0) {
    throw new FtError({
      code: "recipe.overrides",
      exit: "recipe",
      message: "engine.overrides has keys that cannot be used",
      problems,
      next: "mend engine.overrides in the recipe",
    });
  }
  const kept = Object.fromEntries(
    Object.entries(sections).map(([heading, section]) => [
      heading,
      Object.fromEntries(Object.entries(section).filter(([key]) => !Object.hasOwn(overrides, key))),
    ]),
  );
  return { ...kept, "engine.overrides of the recipe": overrides };
}

function problemOf(key: string, value: unknown): Problem[] {
  if (Object.hasOwn(trlKeys, key)) {
    const kind = trlKeys[key]!;
    if (kind.split(" | ").some((type) => isOfType(value, type))) return [];
    return [{ message: `engine.overrides.${key} cannot be ${JSON.stringify(value)}`, fix: `TRL wants: ${kind}` }];
  }
  const near = Object.keys(trlKeys).reduce((best, known) =>
    distance(key, known) < distance(key, best) ? known : best,
  );
  return [{ message: `TRL ${trlVersion} has no key ${key}`, fix: `did you mean ${near}?` }];
}

/** `type` as Python writes it. What is none of these is an enum, whose members are written as text. */
function isOfType(value: unknown, type: string): boolean {
  if (type === "bool") return typeof value === "boolean";
  if (type === "int") return Number.isInteger(value);
  if (type === "float") return typeof value === "number";
  if (type === "None") return value === null;
  if (type === "Literal[False]") return value === false;
  if (type.startsWith("list[")) return Array.isArray(value);
  if (type.startsWith("dict")) return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === "string";
}
