// The parts of config/axolotl.yaml, each from what the recipe says; keys as axolotl.utils.schemas.config names them.

import { batchOf } from "../../recipes/batch.js";
import type { Recipe } from "../../recipes/schema.js";
import type { DataLayout, RenderInput } from "../contract.js";
import type { Section } from "../overrides.js";
import type { Precision } from "../precision.js";
import { stepsOf } from "../steps.js";

export const deepspeedFile = "config/deepspeed.json";

export function modelSection({ model, method }: Recipe, templateFile: string | null, precision: Precision): Section {
  return {
    base_model: "model",
    ...(templateFile ? { chat_template: "jinja", chat_template_jinja: templateFile } : {}),
    ...(model.attention === "auto" ? {} : { attn_implementation: model.attention }),
    ...(model.new_tokens ? { tokens: model.new_tokens } : {}),
    ...(method.type === "qlora" ? { load_in_4bit: true } : {}),
    bf16: precision === "bf16",
    fp16: precision === "fp16",
    tf32: false,
  };
}

/**
 * Conversations are rendered and masked by Axolotl's chat_template strategy. Preferences and labelled answers go to its TRL trainer as they
 * are (no type, nothing prepared), which renders them as TRL does.
 */
export function dataSection({ recipe, dataset }: RenderInput, layout: DataLayout, heldOut: boolean): Section {
  const { data, objective, train } = recipe;
  const isPrepared = objective.type === "sft";
  return {
    datasets: [source("data/train.jsonl", layout)],
    ...(heldOut && train.eval_every !== undefined ? { test_datasets: [source("data/test.jsonl", layout)] } : {}),
    dataset_prepared_path: `cache/prepared-${dataset?.train.sha256.slice(0, 12) ?? "data"}`,
    sequence_len: data.max_length,
    ...(isPrepared
      ? { excess_length_strategy: data.too_long === "drop" ? "drop" : "truncate" }
      : { skip_prepare_dataset: true }),
    sample_packing: data.packing,
    ...(data.packing ? { pad_to_sequence_len: true, eval_sample_packing: false } : {}),
    train_on_inputs: false,
    shuffle_merged_datasets: false,
  };
}

function source(path: string, layout: DataLayout): Section {
  const file = { path, ds_type: "json", split: "train" };
  if (layout === "text") return { ...file, type: "completion", field: "text" };
  if (layout === "segments") return { ...file, type: "input_output" };
  if (layout !== "messages" && layout !== "messages-json") return file;
  const turns = { field_messages: "messages", roles_to_train: ["assistant"], train_on_eos: "turn" };
  return { ...file, type: "chat_template", ...turns, ...(layout === "messages-json" ? richTurns : {}) };
}

/** Left to itself it hands on what it sees the template read, and it does not see all: not `m.tool_calls` after `is defined`, say. */
const richTurns = {
  message_field_training: "weight",
  message_property_mappings: Object.fromEntries(
    ["role", "content", "reasoning_content", "tool_calls", "tool_call_id", "name"].map((key) => [key, key]),
  ),
};

export function objectiveSection({ objective }: Recipe): Section {
  switch (objective.type) {
    case "dpo":
      return {
        rl: "dpo",
        rl_beta: objective.beta,
        dpo_loss_type: [objective.loss],
        dpo_label_smoothing: objective.label_smoothing,
      };
    case "orpo":
      return { rl: "orpo", rl_beta: objective.beta };
    case "simpo":
      return { rl: "simpo", rl_beta: objective.beta, simpo_gamma: objective.gamma, cpo_alpha: objective.sft_weight };
    case "kto":
      return {
        rl: "kto",
        rl_beta: objective.beta,
        kto_desirable_weight: objective.desirable_weight,
        kto_undesirable_weight: objective.undesirable_weight,
      };
    default:
      return {};
  }
}

export function methodSection({ method, model }: Recipe, device: RenderInput["device"]): Section {
  if (method.type === "full") return {};
  const targets = method.target_modules;
  const saved = [...(method.modules_to_save ?? []), ...(model.new_tokens ? ["embed_tokens", "lm_head"] : [])];
  return {
    adapter: method.type,
    lora_r: method.rank,
    lora_alpha: method.alpha,
    lora_dropout: method.dropout,
    // A list holds names, a text is a regular expression: both go to PEFT as they are.
    ...(targets === "all-linear"
      ? { lora_target_linear: true }
      : { lora_target_modules: Array.isArray(targets) ? targets : targets.regex }),
    ...(saved.length > 0 ? { lora_modules_to_save: [...new Set(saved)] } : {}),
    ...(method.layers ? { peft_layers_to_transform: method.layers } : {}),
    ...(method.rslora ? { peft_use_rslora: true } : {}),
    ...(method.dora ? { peft_use_dora: true } : {}),
    ...(method.init === "gaussian" ? { peft_init_lora_weights: "gaussian" } : {}),
    ...(method.lora_plus_ratio === undefined ? {} : { loraplus_lr_ratio: method.lora_plus_ratio }),
    // They turn themselves on, and allocate on CUDA whatever the device.
    ...(device.kind === "cuda"
      ? {}
      : { lora_mlp_kernel: false, lora_qkv_kernel: false, lora_o_kernel: false, lora_embedding_kernel: false }),
  };
}

const optimizers: Record<Recipe["train"]["optimizer"], string> = {
  adamw: "adamw_torch",
  adamw_8bit: "adamw_8bit",
  paged_adamw_32bit: "paged_adamw_32bit",
  paged_adamw_8bit: "paged_adamw_8bit",
  adafactor: "adafactor",
  lion: "lion_32bit",
  lion_8bit: "lion_8bit",
  muon: "muon",
  sgd: "sgd",
};

export function trainSection(input: RenderInput, layout: DataLayout): Section {
  const { recipe, device } = input;
  const { train, compute } = recipe;
  const { micro, accumulation } = batchOf(recipe);
  return {
    ...(train.max_steps === undefined ? { num_epochs: train.epochs } : { max_steps: train.max_steps }),
    learning_rate: train.learning_rate,
    micro_batch_size: micro,
    eval_batch_size: micro,
    gradient_accumulation_steps: accumulation,
    optimizer: optimizers[train.optimizer],
    lr_scheduler: train.scheduler,
    ...(train.scheduler === "cosine_with_min_lr"
      ? { lr_scheduler_kwargs: { min_lr_rate: train.min_lr_ratio ?? 0.1 } }
      : {}),
    ...warmup(input, layout),
    weight_decay: train.weight_decay,
    max_grad_norm: train.max_grad_norm,
    ...(train.neftune_alpha === undefined ? {} : { neftune_noise_alpha: train.neftune_alpha }),
    seed: train.seed,
    gradient_checkpointing: train.gradient_checkpointing && compute.parallel !== "fsdp",
    dataloader_pin_memory: device.kind === "cuda",
    ...(train.liger
      ? { liger_rope: true, liger_rms_norm: true, liger_glu_activation: true, liger_fused_linear_cross_entropy: true }
      : {}),
  };
}

/** A ratio; its simpo trainer takes none, and gets the steps where they are known. */
function warmup({ recipe, dataset }: RenderInput, layout: DataLayout): Section {
  const { train, objective } = recipe;
  if (train.scheduler === "constant") return { warmup_steps: 0 };
  if (objective.type !== "simpo") return { warmup_ratio: train.warmup_ratio };
  const steps = train.max_steps ?? (dataset && stepsOf(recipe, dataset, layout));
  return { warmup_steps: Math.ceil((steps ?? 0) * train.warmup_ratio) };
}

export function parallelSection({ compute, train, method }: Recipe): Section {
  if (compute.parallel.startsWith("zero")) return { deepspeed: deepspeedFile };
  if (compute.parallel !== "fsdp") return {};
  return {
    fsdp_version: 2,
    fsdp_config: {
      activation_checkpointing: train.gradient_checkpointing,
      auto_wrap_policy: "TRANSFORMER_BASED_WRAP",
      cpu_ram_efficient_loading: method.type !== "qlora", // rank 0 alone would quantise, and the others wait for ever
      offload_params: compute.offload === "all",
      reshard_after_forward: true,
      state_dict_type: "FULL_STATE_DICT",
    },
    ...(compute.context_parallel > 1 ? { context_parallel_size: compute.context_parallel } : {}),
  };
}

/** DeepSpeed's own file; "auto" is filled in by transformers from the rest. */
export function deepspeedJson({ compute }: Recipe): string {
  const stage = Number(compute.parallel.at(-1));
  const offload = { device: "cpu", pin_memory: true };
  const config = {
    zero_optimization: {
      stage,
      overlap_comm: true,
      contiguous_gradients: true,
      ...(compute.offload === "none" ? {} : { offload_optimizer: offload }),
      ...(compute.offload === "all" ? { offload_param: offload } : {}),
      ...(stage === 3 ? { stage3_gather_16bit_weights_on_model_save: true } : {}),
    },
    bf16: { enabled: "auto" },
    fp16: { enabled: "auto" },
    gradient_accumulation_steps: "auto",
    gradient_clipping: "auto",
    train_batch_size: "auto",
    train_micro_batch_size_per_gpu: "auto",
    wall_clock_breakdown: false,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

export function outputSection({ train }: Recipe, heldOut: boolean): Section {
  const evaluates = train.eval_every !== undefined && heldOut;
  return {
    output_dir: "out/checkpoints",
    logging_steps: train.log_every,
    save_steps: train.save_every,
    save_total_limit: train.keep_checkpoints,
    ...(evaluates ? { eval_steps: train.eval_every } : {}),
    ...(evaluates && train.early_stopping
      ? {
          early_stopping_patience: train.early_stopping.patience,
          load_best_model_at_end: true,
          metric_for_best_model: "eval_loss",
          greater_is_better: false,
        }
      : {}),
    dynamic_checkpoint: { enabled: true, check_interval: 1 },
    plugins: ["ft_trainer.axolotl_plugin.FtPlugin", ...(train.liger ? ["axolotl.integrations.liger.LigerPlugin"] : [])],
  };
}
