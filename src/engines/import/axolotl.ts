// Axolotl's YAML as a recipe.
import { type Dialect, isMap, number, oneOf, type Rule, type Values, whenTrue } from "./dialect.js";
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

const formats: Record<string, string> = { alpaca: "alpaca", sharegpt: "sharegpt", completion: "text" };

const datasets: Rule = (value) => {
  const list = (Array.isArray(value) ? value : [value]).filter(isMap);
  const train = list.map(({ path, type }) => {
    const format = formats[String(type ?? "").split(".")[0]!];
    return format ? { path, format } : path;
  });
  return { "data.train": train.length === 1 && typeof train[0] === "string" ? train[0] : train };
};

const flash = whenTrue({ "model.attention": "flash_attention_2" });

export const axolotl: Dialect = {
  name: "Axolotl",
  engine: "axolotl",
  recognises: (values) =>
    "base_model" in values && ("datasets" in values || "micro_batch_size" in values || "adapter" in values),
  ignored: /^(wandb_|mlflow_|comet_|trackio_|use_(wandb|mlflow|comet|trackio|tensorboard)|hub_|liger_)/,
  rules: {
    base_model: "model.base",
    revision_of_model: "model.revision",
    model_revision: "model.revision",
    base_model_config: null,
    model_type: null,
    tokenizer_type: null,
    tokenizer_config: never("ft takes the tokenizer of the base"),
    trust_remote_code: whenTrueWhy("ft runs no code of a model's repository"),
    strict: null,
    chat_template: oneOf("model.template", {
      tokenizer_default: "auto",
      chatml: "chatml",
      llama3: "llama3",
      jinja: undefined,
    }),
    chat_template_jinja: "model.template",
    attn_implementation: attention,
    flash_attention: flash,
    sdp_attention: whenTrue({ "model.attention": "sdpa" }),
    flex_attention: whenTrue({ "model.attention": "flex_attention" }),
    tokens: "model.new_tokens",
    added_tokens_overrides: never("ft adds tokens (model.new_tokens), and gives none of the base's another meaning"),
    special_tokens: never("ft takes the base's own special tokens; new ones: model.new_tokens"),
    adapter: oneOf("method.type", { lora: "lora", qlora: "qlora" }, { essential: true }),
    load_in_4bit: null,
    load_in_8bit: whenTrueWhy("ft has no 8-bit base: lora keeps it in bf16, qlora in 4 bits"),
    lora_r: "method.rank",
    lora_alpha: "method.alpha",
    lora_dropout: "method.dropout",
    lora_target_linear: null,
    lora_target_modules: loraTargets,
    lora_modules_to_save: "method.modules_to_save",
    peft_use_dora: "method.dora",
    peft_use_rslora: "method.rslora",
    peft_layers_to_transform: "method.layers",
    loraplus_lr_ratio: "method.lora_plus_ratio",
    datasets,
    test_datasets: (value) => ({
      "data.eval": (Array.isArray(value) ? value : []).filter(isMap).map(({ path }) => path),
    }),
    val_set_size: (value) =>
      number(value, 0) <= 0.5
        ? { "data.eval_fraction": number(value, 0) }
        : { why: "a number of rows; a recipe holds out a share: data.eval_fraction" },
    dataset_prepared_path: null,
    skip_prepare_dataset: null,
    save_strategy: null,
    sequence_len: "data.max_length",
    excess_length_strategy: (value) => ({ "data.too_long": value === "truncate" ? "cut" : "drop" }),
    sample_packing: "data.packing",
    eval_sample_packing: null,
    pad_to_sequence_len: null,
    train_on_inputs: whenTrue({ "data.train_on": "all" }),
    num_epochs: null,
    max_steps: maxSteps,
    learning_rate: (value) => ({ "train.learning_rate": number(value, 0) }),
    micro_batch_size: null,
    gradient_accumulation_steps: null,
    eval_batch_size: null,
    optimizer,
    lr_scheduler: scheduler,
    cosine_min_lr_ratio: (value) => ({ "train.scheduler": "cosine_with_min_lr", "train.min_lr_ratio": value }),
    warmup_ratio: "train.warmup_ratio",
    warmup_steps: warmupSteps,
    weight_decay: "train.weight_decay",
    max_grad_norm: "train.max_grad_norm",
    neftune_noise_alpha: "train.neftune_alpha",
    seed: "train.seed",
    bf16,
    fp16,
    tf32: null,
    gradient_checkpointing: (value) => ({ "train.gradient_checkpointing": Boolean(value) }),
    gradient_checkpointing_kwargs: null,
    early_stopping_patience: (value) => ({ "train.early_stopping.patience": value }),
    load_best_model_at_end: null,
    logging_steps: "train.log_every",
    eval_steps: (value) =>
      number(value, 0) >= 1
        ? { "train.eval_every": value }
        : { why: "a share of the steps; a recipe counts them: train.eval_every" },
    save_steps: (value) =>
      number(value, 0) >= 1
        ? { "train.save_every": value }
        : { why: "a share of the steps; a recipe counts them: train.save_every" },
    evals_per_epoch: never("a recipe counts steps: train.eval_every"),
    saves_per_epoch: never("a recipe counts steps: train.save_every"),
    save_total_limit: keepCheckpoints,
    output_dir: null,
    rl: oneOf(
      "objective.type",
      { dpo: "dpo", ipo: "dpo", orpo: "orpo", kto: "kto", simpo: "simpo" },
      { essential: true },
    ),
    reward_model: (value) => (value === true ? { "objective.type": "reward", "engine.name": "trl" } : {}),
    rl_beta: "objective.beta",
    simpo_gamma: "objective.gamma",
    cpo_alpha: "objective.sft_weight",
    dpo_label_smoothing: "objective.label_smoothing",
    deepspeed,
    fsdp: null,
    fsdp_version: null,
    fsdp_config: () => ({ "compute.parallel": "fsdp" }),
    context_parallel_size: "compute.context_parallel",
    plugins: (value) =>
      JSON.stringify(value ?? "").includes("LigerPlugin")
        ? { "train.liger": true }
        : { why: "a recipe has no key for this plugin" },
  },
  settle: (values) => ({
    "method.type": values.adapter ? undefined : "full",
    // Axolotl trains both, and the one holds the other.
    ...(values.lora_target_linear === true ? { "method.target_modules": "all-linear" } : {}),
    ...(values.rl === "ipo" ? { "objective.loss": "ipo" } : {}),
    ...batch(values.micro_batch_size, values.gradient_accumulation_steps, 1),
    ...epochs(values, "num_epochs", 1),
  }),
};

function whenTrueWhy(why: string): Rule {
  return (value: unknown, _all: Values) => (value === true ? { why } : {});
}
