// A recipe as TRL reads it: config/trl.yaml (also fit for the bare `trl sft --config`), and the evaluator's settings. Pure and byte-stable.

import { stringify } from "yaml";
import type { Recipe } from "../../recipes/schema.js";
import { accelerateFile, accelerateYaml, needsLauncher } from "../accelerate.js";
import type { DataLayout, RenderInput, Rendering } from "../contract.js";
import { jobEnvironment } from "../environment.js";
import { evaluateJson, evaluateStep } from "../evaluate-config.js";
import { hasHeldOut, heldOutNotes } from "../held-out.js";
import { mergeOverrides, type Section } from "../overrides.js";
import { precisionOf } from "../precision.js";
import { rewardFiles } from "../rewards.js";
import { carries, needsExactChat } from "../sft-rows.js";
import { layoutOf, objectiveSection, readsTemplate } from "./objective.js";
import { ownership } from "./ownership.js";
import { methodSection, modelSection, outputSection, trainSection } from "./sections.js";
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
      [configFile]: trlYaml(recipe, mergeOverrides(sections, recipe, ownership), ownCommand(input, layout)),
      "config/train.json": trainJson(recipe),
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

/** One map, its keys in blocks with a heading each. */
function trlYaml({ engine }: Recipe, sections: Record<string, Section>, command: string): string {
  const blocks = Object.entries(sections)
    .filter(([, section]) => Object.keys(section).length > 0)
    .map(([heading, section]) => `# ${heading}\n${stringify(section, { compat: "yaml-1.1" })}`);
  return `# TRL ${engine.version}, made by ft. ${command}\n\n${blocks.join("\n")}`;
}

/** orpo and cpo live in trl.experimental, which has no command; and some rows only ft's own runner reads. */
function ownCommand({ recipe, dataset }: RenderInput, layout: DataLayout): string {
  const objective = recipe.objective.type;
  const hasCommand = ["sft", "dpo", "kto", "reward", "grpo"].includes(objective);
  return hasCommand && layout !== "segments" && !needsExactChat({ dataset })
    ? `In the job folder: trl ${objective} --config ${configFile}`
    : `In the job folder: python -m ${trainer} ${configFile}`;
}

function notesOf({ recipe, model, dataset, device }: RenderInput, layout: DataLayout): string[] {
  const { objective, data, method, train, compute } = recipe;
  const notes: string[] = [];
  if (layout === "prompt-completion") {
    notes.push(
      model.template
        ? carries({ dataset }, "weight")
          ? "some turns have weight 0: each other assistant turn becomes a prompt + completion line"
          : "the chat template has no {% generation %} markers, so each assistant turn becomes a prompt + completion line"
        : "the chat template is not known before the model is here; rendered for one prompt + completion line per assistant turn",
    );
  }
  if (dataset === null && objective.type === "sft") {
    notes.push(`the data was not read; rendered for ${layout === "text" ? "plain text" : "conversations"}`);
  }
  if (layout === "text" && data.train_on === "assistant")
    notes.push("plain text has no assistant turns: every token carries loss");
  notes.push(...heldOutNotes({ recipe, dataset }));
  if (method.type === "qlora") notes.push("TRL keeps the adapter of a 4-bit base in bfloat16");
  if (method.type === "qlora" && train.precision === "auto" && device.kind === "cuda" && !device.bf16)
    notes.push("this GPU has no bf16, and qlora cannot train in fp16: fp32 is used, which is slower");
  if (data.packing && !recipe.model.attention.startsWith("flash"))
    notes.push("packed rows see each other unless model.attention is flash_attention_2 or 3");
  if (objective.type === "grpo")
    notes.push(`train.batch_size counts answers: ${recipe.train.batch_size / objective.generations} prompts a step`);
  if (device.kind === "cuda" && compute.gpus === 1 && device.count > 1)
    notes.push(`one of the ${device.count} GPUs here is used; compute.gpus sets how many`);
  return notes;
}
