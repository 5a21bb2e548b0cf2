// Oumi's YAML as a recipe: its sections are read as dotted keys.
import { type Dialect, isMap, oneOf, type Rule, whenTrue } from "./dialect.js";
import { settleTraining, trainingRules, whenTrueWhy } from "./trl.js";
import { attention, never } from "./words.js";

const datasets: Rule = (value) => {
  const list = (Array.isArray(value) ? value : [])
    .filter(isMap)
    .map((entry) => entry.dataset_path ?? entry.dataset_name);
  return { "data.train": list.length === 1 ? list[0] : list };
};

export const oumi: Dialect = {
  name: "Oumi",
  engine: "trl",
  recognises: (values) => "model.model_name" in values,
  ignored:
    /^(training\.(logging_strategy|enable_wandb|enable_tensorboard|log_model_summary|compile|dataloader_|ddp_|empty_device|include_performance|save_final|try_resume|run_name)|data\.train\.(use_|stream|target_col|collator|seed)|training\.(gradient_checkpointing_kwargs|save_epoch)|peft\.bnb_|fsdp\.(forward_prefetch|auto_wrap_policy|transformer_layer_cls|state_dict_type|use_orig_params|mixed_precision|sync_module_states|limit_all_gathers))/,
  rules: {
    ...Object.fromEntries(Object.entries(trainingRules).map(([key, rule]) => [`training.${key}`, rule])),
    "model.model_name": "model.base",
    "model.model_revision": "model.revision",
    "model.model_max_length": "data.max_length",
    "model.torch_dtype_str": null,
    "model.load_pretrained_weights": null,
    "model.attn_implementation": attention,
    "model.trust_remote_code": whenTrueWhy("ft runs no code of a model's repository"),
    "model.chat_template": never("set model.template: a .jinja file, or one of ft's names"),
    "model.enable_liger_kernel": "train.liger",
    "data.train.datasets": datasets,
    "data.train.pack": "data.packing",
    "data.validation.datasets": (value, all) => {
      const { "data.train": files } = datasets(value, all) as Record<string, unknown>;
      return { "data.eval": files };
    },
    "training.trainer_type": oneOf(
      "objective.type",
      { TRL_SFT: "sft", TRL_DPO: "dpo", TRL_KTO: "kto", TRL_GRPO: "grpo" },
      { essential: true },
    ),
    "training.use_peft": null,
    "training.optimizer": trainingRules.optim!,
    "training.enable_gradient_checkpointing": "train.gradient_checkpointing",
    "peft.lora_r": "method.rank",
    "peft.lora_alpha": "method.alpha",
    "peft.lora_dropout": "method.dropout",
    "peft.lora_target_modules": "method.target_modules",
    "peft.q_lora": null,
    "peft.lora_init_weights": oneOf("method.init", { DEFAULT: "default", GAUSSIAN: "gaussian", PISSA: "pissa" }),
    "fsdp.cpu_offload": whenTrue({ "compute.offload": "all" }),
    "fsdp.sharding_strategy": (value) =>
      value === "FULL_SHARD" ? {} : { why: "compute.parallel fsdp shards everything over all GPUs" },
    "fsdp.enable_fsdp": (value) => (value === true ? { "compute.parallel": "fsdp" } : {}),
  },
  settle(values) {
    const training = Object.fromEntries(
      Object.entries(values).flatMap(([key, value]) => (key.startsWith("training.") ? [[key.slice(9), value]] : [])),
    );
    const adapter = values["peft.q_lora"] === true ? "qlora" : "lora";
    return { "method.type": training.use_peft === true ? adapter : "full", ...settleTraining(training) };
  },
};
