// The parts of config/trl.yaml, each from what the recipe says; keys as TRL 1.16's and transformers' dataclasses name them.

import { batchOf } from "../../recipes/batch.js";
import type { Recipe } from "../../recipes/schema.js";
import type { RenderInput } from "../contract.js";
import type { Section } from "../overrides.js";
import { type Precision, torchNames } from "../precision.js";

/** All weights train in fp32 under autocast; a frozen base may be kept in the short type. */
export function modelSection({ model, method, compute }: Recipe, precision: Precision): Section {
  const type = torchNames[precision];
  const quantized = {
    load_in_4bit: true,
    bnb_4bit_quant_type: "nf4",
    use_bnb_nested_quant: true,
    ...(compute.parallel === "fsdp" || compute.parallel === "zero3" ? { bnb_4bit_quant_storage: type } : {}),
  };
  return {
    model_name_or_path: "model",
    dtype: method.type === "full" ? "float32" : type,
    ...(model.attention === "auto" ? {} : { attn_implementation: model.attention }),
    ...(method.type === "qlora" ? quantized : {}),
  };
}

export function methodSection({ method, model, objective }: Recipe): Section {
  if (method.type === "full") return { use_peft: false };
  const { rank, alpha, dropout, target_modules: targets } = method;
  const saved = [...(method.modules_to_save ?? []), ...(model.new_tokens ? ["embed_tokens", "lm_head"] : [])];
  return {
    use_peft: true,
    lora_r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    lora_target_modules: targetModules(targets),
    ...(saved.length > 0 ? { lora_modules_to_save: [...new Set(saved)] } : {}),
    ...(method.rslora ? { use_rslora: true } : {}),
    ...(method.dora ? { use_dora: true } : {}),
    ...(objective.type === "reward" ? { lora_task_type: "SEQ_CLS" } : {}),
  };
}

/** One string, a list of one to TRL, is all-linear or a regular expression on full names. */
function targetModules(targets: Recipe["method"]["target_modules"]): string[] {
  if (Array.isArray(targets)) return targets;
  return [typeof targets === "string" ? targets : targets.regex];
}

type TrlOptimizer = Exclude<Recipe["train"]["optimizer"], "muon">;

/** transformers' OptimizerNames; it has no muon. */
const optimizers: Record<TrlOptimizer, string> = {
  adamw: "adamw_torch",
  adamw_8bit: "adamw_8bit",
  paged_adamw_32bit: "paged_adamw_32bit",
  paged_adamw_8bit: "paged_adamw_8bit",
  adafactor: "adafactor",
  lion: "lion_32bit",
  lion_8bit: "lion_8bit",
  sgd: "sgd",
};

export function trainSection(recipe: Recipe, precision: Precision, device: RenderInput["device"]): Section {
  const { train, objective } = recipe;
  const { micro, accumulation } = batchOf(recipe);
  return {
    ...(train.max_steps === undefined ? { num_train_epochs: train.epochs } : { max_steps: train.max_steps }),
    learning_rate: train.learning_rate,
    per_device_train_batch_size: micro,
    per_device_eval_batch_size: objective.type === "grpo" ? objective.generations : micro,
    gradient_accumulation_steps: accumulation,
    lr_scheduler_type: train.scheduler,
    ...(train.scheduler === "cosine_with_min_lr"
      ? { lr_scheduler_kwargs: { min_lr_rate: train.min_lr_ratio ?? 0.1 } }
      : {}),
    ...(train.scheduler === "constant" ? {} : { warmup_steps: train.warmup_ratio }),
    weight_decay: train.weight_decay,
    max_grad_norm: train.max_grad_norm,
    optim: optimizers[train.optimizer as TrlOptimizer],
    seed: train.seed,
    bf16: precision === "bf16",
    fp16: precision === "fp16",
    use_cpu: device.kind === "cpu",
    gradient_checkpointing: train.gradient_checkpointing && recipe.compute.parallel !== "fsdp",
    ...(train.liger ? { use_liger_kernel: true } : {}),
    dataloader_pin_memory: device.kind === "cuda",
  };
}

export function outputSection({ train }: Recipe, heldOut: boolean): Section {
  const evaluates = train.eval_every !== undefined && heldOut;
  return {
    output_dir: "out/checkpoints",
    logging_steps: train.log_every,
    logging_first_step: true,
    save_strategy: "steps",
    save_steps: train.save_every,
    save_total_limit: train.keep_checkpoints,
    ...(evaluates ? { eval_strategy: "steps", eval_steps: train.eval_every } : { eval_strategy: "no" }),
    ...(evaluates && train.early_stopping
      ? { load_best_model_at_end: true, metric_for_best_model: "eval_loss", greater_is_better: false }
      : {}),
    disable_tqdm: true,
    report_to: "none",
    push_to_hub: false,
  };
}
