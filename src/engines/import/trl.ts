// TRL's YAML (`trl sft --config`), and what Unsloth's and other scripts on transformers' Trainer call by the same names.
import { type Dialect, number, type Rule, type Values, whenTrue } from "./dialect.js";
import {
  attention,
  batch,
  bf16,
  deepspeed,
  epochs,
  fp16,
  keepCheckpoints,
  loraTargets,
  maxSteps,
  never,
  optimizer,
  scheduler,
  warmupSteps,
} from "./words.js";

const steps =
  (path: string): Rule =>
  (value) =>
    number(value, 0) >= 1 ? { [path]: value } : { why: `a share of the steps; a recipe counts them: ${path}` };

/** TrainingArguments and TRL's configs, as every tool on top of them names them. */
export const trainingRules: Record<string, Rule> = {
  num_train_epochs: null,
  max_steps: maxSteps,
  learning_rate: (value) => ({ "train.learning_rate": number(value, 0) }),
  per_device_train_batch_size: null,
  per_device_eval_batch_size: null,
  gradient_accumulation_steps: null,
  optim: optimizer,
  lr_scheduler_type: scheduler,
  lr_scheduler_kwargs: never("a recipe has train.min_lr_ratio for cosine_with_min_lr"),
  warmup_ratio: "train.warmup_ratio",
  warmup_steps: warmupSteps,
  weight_decay: "train.weight_decay",
  max_grad_norm: "train.max_grad_norm",
  neftune_noise_alpha: "train.neftune_alpha",
  seed: "train.seed",
  bf16,
  fp16,
  tf32: null,
  gradient_checkpointing: "train.gradient_checkpointing",
  gradient_checkpointing_kwargs: null,
  use_liger_kernel: "train.liger",
  logging_steps: steps("train.log_every"),
  logging_first_step: null,
  logging_strategy: null,
  eval_strategy: null,
  evaluation_strategy: null,
  save_strategy: null,
  do_train: null,
  do_eval: null,
  eval_steps: steps("train.eval_every"),
  save_steps: steps("train.save_every"),
  save_total_limit: keepCheckpoints,
  output_dir: null,
  overwrite_output_dir: null,
  report_to: null,
  run_name: null,
  logging_dir: null,
  push_to_hub: whenTrueWhy("ft keeps adapters itself"),
  remove_unused_columns: null,
  ddp_timeout: null,
  dataset_num_proc: null,
  resume_from_checkpoint: null,
  max_length: "data.max_length",
  max_seq_length: "data.max_length",
  packing: "data.packing",
  dataset_text_field: null,
  completion_only_loss: null,
  assistant_only_loss: null,
  use_cpu: whenTrue({ "compute.device": "cpu" }),
  deepspeed,
};

/** The same for every tool that has them. */
export function settleTraining(values: Values): Record<string, unknown> {
  return {
    ...batch(values.per_device_train_batch_size, values.gradient_accumulation_steps, 8),
    ...epochs(values, "num_train_epochs", 3),
  };
}

export const trl: Dialect = {
  name: "TRL",
  engine: "trl",
  recognises: (values) => "model_name_or_path" in values && !("stage" in values) && !("finetuning_type" in values),
  ignored: /^(wandb|hub_)/,
  rules: {
    ...trainingRules,
    model_name_or_path: "model.base",
    model_revision: "model.revision",
    dtype: null,
    torch_dtype: null,
    attn_implementation: attention,
    trust_remote_code: whenTrueWhy("ft runs no code of a model's repository"),
    chat_template_path: "model.template",
    use_peft: null,
    load_in_4bit: null,
    load_in_8bit: whenTrueWhy("ft has no 8-bit base: lora keeps it in bf16, qlora in 4 bits"),
    bnb_4bit_quant_type: null,
    use_bnb_nested_quant: null,
    lora_r: "method.rank",
    lora_alpha: "method.alpha",
    lora_dropout: "method.dropout",
    lora_target_modules: loraTargets,
    lora_modules_to_save: "method.modules_to_save",
    lora_task_type: null,
    use_rslora: "method.rslora",
    use_dora: "method.dora",
    dataset_name: "data.train",
    dataset_config: never("ft reads files: save the rows of this configuration as .jsonl"),
    dataset_train_split: null,
    dataset_test_split: null,
    dataset_streaming: null,
    beta: null,
    loss_type: null,
    reward_funcs: (value) => ({ "objective.rewards": Array.isArray(value) ? value : [value] }),
    num_generations: "objective.generations",
    max_completion_length: "objective.max_completion_length",
  },
  settle(values) {
    const adapter = values.use_peft === true ? (values.load_in_4bit === true ? "qlora" : "lora") : "full";
    const isGrpo = "reward_funcs" in values || "num_generations" in values;
    const isDpo = !isGrpo && "beta" in values;
    return {
      "method.type": adapter,
      ...(isGrpo ? { "objective.type": "grpo" } : {}),
      ...(isDpo ? { "objective.type": "dpo" } : {}),
      ...(isGrpo || isDpo ? { "objective.beta": values.beta } : {}),
      ...(isDpo && typeof values.loss_type === "string" ? { "objective.loss": values.loss_type } : {}),
      ...settleTraining(values),
    };
  },
  notes: (values) =>
    ["reward_funcs", "num_generations", "beta"].some((key) => key in values)
      ? []
      : ["the file does not say which of TRL's trainers reads it: sft is taken (objective.type)"],
};

/** Reward functions are code: their names are kept, their file is for the person to make. */
export const rewards: Rule = (value) => {
  const names = (Array.isArray(value) ? value : [value]).map(String);
  return { "objective.rewards": names.map((name) => (/^[A-Za-z_]\w*$/.test(name) ? `rewards.py:${name}` : name)) };
};

export function whenTrueWhy(why: string): Rule {
  return (value: unknown) => (value === true ? { why } : {});
}
