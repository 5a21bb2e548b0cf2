// A recipe as Axolotl reads it: config/axolotl.yaml (also fit for the bare `axolotl train`), and the evaluator's settings. Pure and byte-stable.

import { stringify } from "yaml";
import type { Recipe } from "../../recipes/schema.js";
import { needsLauncher } from "../accelerate.js";
import type { DataLayout, RenderInput, Rendering } from "../contract.js";
import { jobEnvironment } from "../environment.js";
import { evaluateJson, evaluateStep } from "../evaluate-config.js";
import { hasHeldOut, heldOutNotes } from "../held-out.js";
import { mergeOverrides, type Section } from "../overrides.js";
import { precisionOf } from "../precision.js";
import { carries, needsExactChat, rowsUnsupported, sftRows } from "../sft-rows.js";
import { notesOf } from "./notes.js";
import { ownership } from "./ownership.js";
import {
  dataSection,
  deepspeedFile,
  deepspeedJson,
  methodSection,
  modelSection,
  objectiveSection,
  outputSection,
  parallelSection,
  trainSection,
} from "./sections.js";

const configFile = "config/axolotl.yaml";
const trainer = "ft_trainer.axolotl_train";

export function renderAxolotl(input: RenderInput): Rendering {
  const { recipe, model, device } = input;
  const layout = layoutOf(input);
  const precision = precisionOf(recipe, device);
  const templateFile = model.template && model.template.origin !== "model" ? "config/chat_template.jinja" : null;
  const heldOut = hasHeldOut(input);
  const sections: Record<string, Section> = {
    "the base model": modelSection(recipe, templateFile, precision),
    "the rows (data/train.jsonl, data/test.jsonl)": dataSection(input, layout, heldOut),
    [`what is learnt: ${recipe.objective.type}`]: objectiveSection(recipe),
    "what is trained": methodSection(recipe, device),
    "how it is trained": trainSection(input, layout),
    "over which GPUs": parallelSection(recipe),
    "what is written": outputSection(recipe, heldOut),
  };
  return {
    files: {
      [configFile]: axolotlYaml(recipe, mergeOverrides(sections, recipe, ownership)),
      "config/evaluate.json": evaluateJson(input),
      ...(recipe.compute.parallel.startsWith("zero") ? { [deepspeedFile]: deepspeedJson(recipe) } : {}),
      ...(templateFile ? { [templateFile]: model.template!.source } : {}),
    },
    copies: {},
    layout,
    train: needsLauncher(recipe)
      ? { module: "ft_trainer.launch", args: launchArgs(recipe) }
      : { module: trainer, args: [configFile] },
    evaluate: evaluateStep,
    env: {
      ...jobEnvironment(input),
      AXOLOTL_DO_NOT_TRACK: "1", // without it a finished process hangs where there is no internet
      ...(device.kind === "cpu" ? { CUDA_VISIBLE_DEVICES: "", ACCELERATE_USE_CPU: "true" } : {}),
    },
    notes: [...heldOutNotes(input), ...notesOf(input, layout)],
  };
}

function layoutOf(input: RenderInput): DataLayout {
  const { objective } = input.recipe;
  if (carries(input, "chat_template_kwargs"))
    throw rowsUnsupported(input, "Axolotl takes chat_template_kwargs for the whole run alone; use engine trl");
  if (objective.type === "kto") return "unpaired";
  if (objective.type !== "sft") return "preference";
  const rows = sftRows(input);
  if (rows !== "conversations") return rows;
  return needsExactChat(input) || carries(input, "weight") ? "messages-json" : "messages";
}

/** On CPUs too, which the environment says: accelerate's own --cpu would start one process. */
function launchArgs({ compute }: Recipe): string[] {
  const several = compute.gpus > 1 ? ["--multi_gpu"] : [];
  return ["--num_processes", String(compute.gpus), ...several, "--module", trainer, configFile];
}

/** One map, its keys in blocks with a heading each. */
function axolotlYaml({ engine }: Recipe, sections: Record<string, Section>): string {
  const blocks = Object.entries(sections)
    .filter(([, section]) => Object.keys(section).length > 0)
    .map(([heading, section]) => `# ${heading}\n${stringify(section, { compat: "yaml-1.1" })}`);
  const command = `In the job folder: PYTHONPATH=trainer axolotl train ${configFile}`;
  return `# Axolotl ${engine.version}, made by ft. ${command}\n\n${blocks.join("\n")}`;
}
