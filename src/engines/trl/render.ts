// A recipe as TRL reads it: config/trl.yaml (also fit for the bare `trl sft --config`), and the evaluator's settings. Pure and byte-stable.
import { stringify } from "yaml";
import type { Recipe } from "../../recipes/schema.js";
import { accelerateFile, accelerateYaml, needsLauncher } from "../accelerate.js";
import { batchOf } from "../batch.js";
import type { DataLayout, RenderInput, Rendering } from "../contract.js";
import { jobEnvironment } from "../environment.js";
import { evaluateJson, evaluateStep } from "../evaluate-config.js";
import { mergeOverrides, type Section } from "../overrides.js";
import { type Precision, precisionOf, torchNames } from "../precision.js";
import { rewardFiles } from "../rewards.js";
import { layoutOf, objectiveSection, readsTemplate } from "./objective.js";
import { ownership } from "./ownership.js";
import { trainJson } from "./train-json.js";

const configFile = "config/trl.yaml";
const trainer = "ft_trainer.trl_train";

export function renderTrl(input: RenderInput): Rendering {
  const { recipe, model, device } = input;
  const layout = layoutOf(input);
  const precision = precisionOf(recipe, device);
  const templateFile = model.template && model.template.origin !== "model" ? "config/chat_template.jinja" : null;
  const sections: Record<string, Section> = {
    "the base model": modelSection(recipe, precision),
    "the rows (data/train.jsonl, data/test.jsonl)": {
      dataset_name: "data",
      ...(templateFile && readsTemplate(recipe.objective) ? { chat_template_path: templateFile } : {}),
    },
    [`what is learnt: ${recipe.objective.type}`]: objectiveSection(recipe, layout),
    "what is trained": methodSection(recipe),
    "how it is trained": trainSection(recipe, precision, device),
    "what is written": outputSection(recipe, hasHeldOut(input)),
  };
  const isLaunched = needsLauncher(recipe);
  return {
    files: {
      [configFile]: trlYaml(recipe, mergeOverrides(sections, recipe, ownership)),
      "config/train.json": trainJson(recipe, templateFile),
      "config/evaluate.json": evaluateJson(input),
      ...(isLaunched ? { [accelerateFile]: accelerateYaml(input) } : {}),
      ...(templateFile ? { [templateFile]: model.template!.source } : {}),
    },
    copies: rewardFiles(recipe.objective),
    layout,
    train: isLaunched
      ? {
          module: "ft_trainer.launch",
          args: ["--config_file", accelerateFile, "--module", trainer, configFile],
        }
      : { module: trainer, args: [configFile] },
    evaluate: evaluateStep,
    env: jobEnvironment(input),
    notes: notesOf(input, layout),
  };
}

/** All weights train in fp32 under autocast; a frozen base may be kept in the short type. */
function modelSection({ model, method, compute }: Recipe, precision: Precision): Section {
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

function methodSection({ method, model, objective }: Recipe): Section {
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

function trainSection(recipe: Recipe, precision: Precision, device: RenderInput["device"]): Section {
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

/** True also while the data was not read. */
function hasHeldOut({ dataset }: Pick<RenderInput, "dataset">): boolean {
  return dataset === null || (dataset.eval?.rows ?? 0) > 0;
}

function outputSection({ train }: Recipe, heldOut: boolean): Section {
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

/** One map, its keys in blocks with a heading each. */
function trlYaml({ objective, engine }: Recipe, sections: Record<string, Section>): string {
  const blocks = Object.entries(sections)
    .filter(([, section]) => Object.keys(section).length > 0)
    .map(([heading, section]) => `# ${heading}\n${stringify(section, { compat: "yaml-1.1" })}`);
  return `# TRL ${engine.version}, made by ft. ${ownCommand(objective.type)}\n\n${blocks.join("\n")}`;
}

/** orpo and cpo live in trl.experimental, which has no command. */
function ownCommand(objective: Recipe["objective"]["type"]): string {
  const hasCommand = ["sft", "dpo", "kto", "reward", "grpo"].includes(objective);
  return hasCommand
    ? `In the job folder: trl ${objective} --config ${configFile}`
    : `In the job folder: python -m ${trainer} ${configFile}`;
}

function notesOf({ recipe, model, dataset, device }: RenderInput, layout: DataLayout): string[] {
  const { objective, data, method, train, compute } = recipe;
  const notes: string[] = [];
  if (layout === "prompt-completion") {
    notes.push(
      model.template
        ? "the chat template has no {% generation %} markers, so each assistant turn becomes a prompt + completion line"
        : "the chat template is not known before the model is here; rendered for one prompt + completion line per assistant turn",
    );
  }
  if (dataset === null && objective.type === "sft") {
    notes.push(`the data was not read; rendered for ${layout === "text" ? "plain text" : "conversations"}`);
  }
  if (layout === "text" && data.train_on === "assistant")
    notes.push("plain text has no assistant turns: every token carries loss");
  if (train.eval_every !== undefined && !hasHeldOut({ dataset }))
    notes.push("no rows are held out, so train.eval_every computes nothing");
  if (method.type === "qlora") notes.push("TRL keeps the adapter of a 4-bit base in bfloat16");
  if (method.type === "qlora" && train.precision === "auto" && device.kind === "cuda" && !device.bf16)
    notes.push("this GPU has no bf16, and qlora cannot train in fp16: fp32 is used, which is slower");
  if (data.packing && !recipe.model.attention.startsWith("flash"))
    notes.push("packed rows see each other unless model.attention is flash_attention_2 or 3");
  if (objective.type === "grpo")
    notes.push(`train.batch_size counts answers: ${recipe.train.batch_size / objective.generations} prompts a step`);
  if (device.kind === "cuda" && compute.gpus === 1 && device.count > 1)
    notes.push(`one of the ${device.count} GPUs here is used (${device.firstGpu ?? "0"}); compute.gpus sets how many`);
  return notes;
}
