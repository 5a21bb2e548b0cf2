// LLaMA-Factory's YAML as a recipe.
import { type Dialect, number, oneOf, type Rule, whenTrue } from "./dialect.js";
import { settleTraining, trainingRules, whenTrueWhy } from "./trl.js";
import { attention, loraTargets, never } from "./words.js";

const stages = { sft: "sft", dpo: "dpo", kto: "kto", rm: "reward" };
const stageRule = oneOf("objective.type", stages, { essential: true }) as Exclude<Rule, string | null>;

export const llamafactory: Dialect = {
  name: "LLaMA-Factory",
  engine: "trl",
  recognises: (values) => "stage" in values || "finetuning_type" in values,
  ignored: /^(wandb|hub_|swanlab|plot_loss|ddp_)/,
  rules: {
    ...trainingRules,
    model_name_or_path: "model.base",
    model_revision: "model.revision",
    trust_remote_code: whenTrueWhy("ft runs no code of a model's repository"),
    template: never("ft takes the model's own chat template: set model.template where that is not meant"),
    flash_attn: attention,
    stage: (value) => (value === "pt" ? { "objective.type": "sft", "data.format": "text" } : stageRule(value, {})),
    finetuning_type: oneOf("method.type", { lora: "lora", full: "full" }, { essential: true }),
    quantization_bit: null,
    quantization_method: null,
    lora_rank: "method.rank",
    lora_alpha: "method.alpha",
    lora_dropout: "method.dropout",
    lora_target: loraTargets,
    additional_target: (value) => ({ "method.modules_to_save": typeof value === "string" ? value.split(",") : value }),
    use_rslora: "method.rslora",
    use_dora: "method.dora",
    pissa_init: whenTrue({ "method.init": "pissa" }),
    loraplus_lr_ratio: "method.lora_plus_ratio",
    pref_beta: "objective.beta",
    pref_loss: null,
    dataset: (value) => {
      const names = String(value)
        .split(",")
        .map((name) => name.trim());
      return { "data.train": names.length === 1 ? names[0] : names };
    },
    eval_dataset: (value) => ({
      "data.eval": String(value)
        .split(",")
        .map((name) => name.trim()),
    }),
    dataset_dir: never("a recipe names files: write the paths of dataset_info.json's entries into data.train"),
    val_size: (value) =>
      number(value, 0) <= 0.5
        ? { "data.eval_fraction": number(value, 0) }
        : { why: "a number of rows; a recipe holds out a share: data.eval_fraction" },
    cutoff_len: "data.max_length",
    packing: "data.packing",
    train_on_prompt: whenTrue({ "data.train_on": "all" }),
    max_samples: never("ft trains on all rows; data.train's weight takes a share"),
    overwrite_cache: null,
    preprocessing_num_workers: null,
    dataloader_num_workers: null,
    save_only_model: whenTrueWhy("a run without optimizer state cannot be resumed"),
    enable_liger_kernel: "train.liger",
    neftune_noise_alpha: "train.neftune_alpha",
  },
  settle: (values) => ({
    ...(values.finetuning_type !== "full" && values.quantization_bit === 4 ? { "method.type": "qlora" } : {}),
    ...prefLoss(values.pref_loss),
    ...settleTraining(values),
  }),
};

/** Of its dpo stage: orpo and simpo are objectives of their own here. */
function prefLoss(loss: unknown): Record<string, unknown> {
  if (loss === "orpo" || loss === "simpo") return { "objective.type": loss };
  return typeof loss === "string" ? { "objective.loss": loss } : {};
}
