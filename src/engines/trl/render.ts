// A recipe as TRL reads it: config/trl.yaml (also fit for the bare `trl sft --config`), and the evaluator's settings. Pure and byte-stable.
import { stringify } from "yaml";
import type { ModelFacts } from "../../models/facts.js";
import type { Recipe } from "../../recipes/schema.js";
import type { DataLayout, RenderInput, Rendering } from "../contract.js";
import { trlTrainingTemplates, trlVersion } from "./keys.js";
import { mergeOverrides } from "./overrides.js";

type Section = Record<string, unknown>;

/** Rows in one forward pass when the recipe does not say: small enough for a small machine. */
const defaultMicroBatch = 8;

export function renderTrl(input: RenderInput): Rendering {
  const { recipe, model, device } = input;
  const layout = layoutOf(input);
  const precision = precisionOf(recipe, device);
  const templateFile = model.template && model.template.origin !== "model" ? "config/chat_template.jinja" : null;
  const sections: Record<string, Section> = {
    "the base model": modelSection(recipe, precision),
    "the rows (data/train.jsonl, data/test.jsonl)": dataSection(recipe, layout, templateFile),
    "what is trained": methodSection(recipe),
    "how it is trained": trainSection(recipe, precision, device),
    "what is written": outputSection(recipe, hasHeldOut(input)),
  };
  return {
    files: {
      "config/trl.yaml": trlYaml(mergeOverrides(sections, recipe.engine.overrides)),
      "config/evaluate.json": evaluateJson(recipe, precision, device),
      ...(templateFile ? { [templateFile]: model.template!.source } : {}),
    },
    layout,
    train: { module: "ft_trainer.trl_sft", args: ["config/trl.yaml"] },
    evaluate: { module: "ft_trainer.evaluate", args: ["config/evaluate.json"] },
    env: environment(device),
    notes: notesOf(input, layout),
  };
}

function layoutOf({ recipe, model, dataset }: RenderInput): DataLayout {
  if (dataset ? dataset.train.kinds.text > 0 : recipe.data.format === "text") return "text";
  if (recipe.data.train_on === "all") return "messages";
  return masksByMarkers(model) ? "messages" : "prompt-completion";
}

/** The template has {% generation %} markers, or TRL swaps in its own twin that has. */
function masksByMarkers({ template }: ModelFacts): boolean {
  return template !== null && (template.hasGenerationMarkers || trlTrainingTemplates.includes(template.sha256));
}

type Precision = "fp32" | "bf16" | "fp16";

/** TRL keeps the adapter of a 4-bit base in bf16, and CUDA's fp16 loss scaler has no kernel for that: qlora is never fp16 by itself. */
function precisionOf({ train, method }: Recipe, device: RenderInput["device"]): Precision {
  if (train.precision !== "auto") return train.precision;
  if (device.kind !== "cuda") return "fp32";
  if (device.bf16) return "bf16";
  return method.type === "qlora" ? "fp32" : "fp16";
}

const torchNames: Record<Precision, string> = { fp32: "float32", bf16: "bfloat16", fp16: "float16" };

/** All weights train in fp32 under autocast; a frozen base may be kept in the short type. */
function modelSection({ method }: Recipe, precision: Precision): Section {
  const quantized =
    method.type === "qlora" ? { load_in_4bit: true, bnb_4bit_quant_type: "nf4", use_bnb_nested_quant: true } : {};
  return {
    model_name_or_path: "model",
    dtype: method.type === "full" ? "float32" : torchNames[precision],
    ...quantized,
  };
}

function dataSection({ data }: Recipe, layout: DataLayout, templateFile: string | null): Section {
  return {
    dataset_name: "data",
    ...(layout === "text" ? { dataset_text_field: "text" } : {}),
    max_length: data.max_length,
    packing: false,
    completion_only_loss: layout === "prompt-completion",
    assistant_only_loss: layout === "messages" && data.train_on === "assistant",
    ...(templateFile ? { chat_template_path: templateFile } : {}),
  };
}

function methodSection({ method }: Recipe): Section {
  if (method.type === "full") return { use_peft: false };
  const { rank, alpha, dropout, target_modules: targets } = method;
  return {
    use_peft: true,
    lora_r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    lora_target_modules: targetModules(targets),
  };
}

/** One string, a list of one to TRL, is all-linear or a regular expression on full names. */
function targetModules(targets: Recipe["method"]["target_modules"]): string[] {
  if (Array.isArray(targets)) return targets;
  return [typeof targets === "string" ? targets : targets.regex];
}

function trainSection({ train }: Recipe, precision: Precision, device: RenderInput["device"]): Section {
  const microBatch = train.micro_batch ?? largestDivisor(train.batch_size, defaultMicroBatch);
  return {
    ...(train.max_steps === undefined ? { num_train_epochs: train.epochs } : { max_steps: train.max_steps }),
    learning_rate: train.learning_rate,
    per_device_train_batch_size: microBatch,
    per_device_eval_batch_size: microBatch,
    gradient_accumulation_steps: train.batch_size / microBatch,
    lr_scheduler_type: train.scheduler,
    ...(train.scheduler === "constant" ? {} : { warmup_steps: train.warmup_ratio }),
    weight_decay: train.weight_decay,
    max_grad_norm: train.max_grad_norm,
    optim: "adamw_torch",
    seed: train.seed,
    bf16: precision === "bf16",
    fp16: precision === "fp16",
    use_cpu: device.kind === "cpu",
    gradient_checkpointing: train.gradient_checkpointing,
    dataloader_pin_memory: device.kind === "cuda",
  };
}

/** True also while the data was not read. */
function hasHeldOut({ dataset }: Pick<RenderInput, "dataset">): boolean {
  return dataset === null || (dataset.eval?.rows ?? 0) > 0;
}

function outputSection({ train }: Recipe, heldOut: boolean): Section {
  return {
    output_dir: "out/checkpoints",
    logging_steps: train.log_every,
    logging_first_step: true,
    save_strategy: "steps",
    save_steps: train.save_every,
    save_total_limit: train.keep_checkpoints,
    ...(train.eval_every === undefined || !heldOut
      ? { eval_strategy: "no" }
      : { eval_strategy: "steps", eval_steps: train.eval_every }),
    disable_tqdm: true,
    report_to: "none",
    push_to_hub: false,
  };
}

/** One map, its keys in blocks with a heading each. */
function trlYaml(sections: Record<string, Section>): string {
  const blocks = Object.entries(sections)
    .filter(([, section]) => Object.keys(section).length > 0)
    .map(([heading, section]) => `# ${heading}\n${stringify(section, { compat: "yaml-1.1" })}`);
  return `# TRL ${trlVersion}, made by ft. In the job folder: trl sft --config config/trl.yaml\n\n${blocks.join("\n")}`;
}

function evaluateJson(
  { method, data, eval: suite }: Recipe,
  precision: Precision,
  device: RenderInput["device"],
): string {
  const settings = {
    model: "model",
    adapter: "out/adapter",
    method: method.type,
    items: "eval/items.jsonl",
    output: "out/eval/items.jsonl",
    maxLength: data.max_length,
    maxNewTokens: suite.max_new_tokens,
    batchSize: suite.batch_size,
    device: device.kind,
    dtype: torchNames[precision],
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}

/** The base is a local folder: nothing is asked of the hub. Caches stay in the job folder. */
function environment(device: RenderInput["device"]): Record<string, string> {
  return {
    HF_HUB_OFFLINE: "1",
    HF_DATASETS_CACHE: "cache/datasets",
    TOKENIZERS_PARALLELISM: "false",
    ...(device.kind === "cuda" && device.count > 1 ? { CUDA_VISIBLE_DEVICES: device.firstGpu ?? "0" } : {}),
  };
}

function notesOf({ recipe, model, dataset, device }: RenderInput, layout: DataLayout): string[] {
  const notes: string[] = [];
  if (layout === "prompt-completion") {
    notes.push(
      model.template
        ? "the chat template has no {% generation %} markers, so each assistant turn becomes a prompt + completion line"
        : "the chat template is not known before the model is here; rendered for one prompt + completion line per assistant turn",
    );
  }
  if (dataset === null) {
    notes.push(`the data was not read; rendered for ${layout === "text" ? "plain text" : "conversations"}`);
  }
  if (layout === "text" && recipe.data.train_on === "assistant")
    notes.push("plain text has no assistant turns: every token carries loss");
  if (recipe.train.eval_every !== undefined && !hasHeldOut({ dataset }))
    notes.push("no rows are held out, so train.eval_every computes nothing");
  if (recipe.method.type === "qlora") notes.push("TRL keeps the adapter of a 4-bit base in bfloat16");
  if (recipe.method.type === "qlora" && recipe.train.precision === "auto" && device.kind === "cuda" && !device.bf16)
    notes.push("this GPU has no bf16, and qlora cannot train in fp16: fp32 is used, which is slower");
  if (device.count > 1) notes.push(`one of the ${device.count} GPUs here is used (${device.firstGpu ?? "0"})`);
  return notes;
}

function largestDivisor(of: number, atMost: number): number {
  let divisor = Math.min(of, atMost);
  while (of % divisor !== 0) divisor--;
  return divisor;
}
