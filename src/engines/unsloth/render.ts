// A recipe as Unsloth runs it: config/train_unsloth.py, and the evaluator's settings. Pure and byte-stable.
import type { DataLayout, RenderInput, Rendering } from "../contract.js";
import { jobEnvironment } from "../environment.js";
import { evaluateJson, evaluateStep } from "../evaluate-config.js";
import { hasHeldOut, heldOutNotes } from "../held-out.js";
import { precisionOf } from "../precision.js";
import { rewardFiles } from "../rewards.js";
import { needsExactChat, rowsUnsupported, sftRows } from "../sft-rows.js";
import { unslothScript } from "./script.js";
import { settingsOf } from "./settings.js";

const scriptFile = "config/train_unsloth.py";

export function renderUnsloth(input: RenderInput): Rendering {
  const { recipe, model, device } = input;
  const layout = layoutOf(input);
  const precision = precisionOf(recipe, device);
  const templateFile = model.template && model.template.origin !== "model" ? "config/chat_template.jinja" : null;
  const evaluates = recipe.train.eval_every !== undefined && hasHeldOut(input);
  const settings = settingsOf(input, layout, precision);
  return {
    files: {
      [scriptFile]: unslothScript({
        recipe,
        settings,
        layout,
        templateFile,
        evaluates,
        readsJson: needsExactChat(input),
      }),
      "config/evaluate.json": evaluateJson(input),
      ...(templateFile ? { [templateFile]: model.template!.source } : {}),
    },
    copies: rewardFiles(recipe.objective),
    layout,
    train: { module: "ft_trainer.unsloth_train", args: [scriptFile] },
    evaluate: evaluateStep,
    env: { ...jobEnvironment(input), UNSLOTH_DISABLE_STATISTICS: "1" },
    notes: notesOf(input, layout),
  };
}

/** One prompt + completion line per assistant turn: Unsloth masks these exactly, whatever the template. */
function layoutOf(input: RenderInput): DataLayout {
  const { objective } = input.recipe;
  if (objective.type === "kto") return "unpaired";
  if (objective.type === "grpo") return "prompt";
  if (objective.type !== "sft") return "preference";
  const rows = sftRows(input);
  if (rows === "segments" || rows === "tokens")
    throw rowsUnsupported(input, "Unsloth does not cut tokenised rows to max_length; use engine trl or axolotl");
  return rows === "text" ? "text" : "prompt-completion";
}

/** Where Unsloth means something else by the same recipe than TRL does. */
function notesOf({ recipe, dataset, device }: RenderInput, layout: DataLayout): string[] {
  const { method, train, data } = recipe;
  const notes = heldOutNotes({ recipe, dataset });
  if (device.kind !== "cuda") notes.push("Unsloth trains on a GPU alone; rendered for one, but it cannot run here");
  if (layout === "prompt-completion")
    notes.push("each assistant turn becomes a prompt + completion line: Unsloth masks these exactly with any template");
  if (dataset === null)
    notes.push(`the data was not read; rendered for ${layout === "text" ? "plain text" : "conversations"}`);
  if (method.target_modules === "all-linear" && method.type !== "full")
    notes.push("all-linear is the attention and MLP projections by name; a model with others wants a list");
  if (train.gradient_checkpointing) notes.push("checkpointed activations go to CPU memory (Unsloth's own way)");
  if (data.packing) notes.push("Unsloth keeps packed rows apart; TRL does so only with flash attention");
  return notes;
}
