// What each objective adds to TRL's config, and how its rows are laid out.
import type { ModelFacts } from "../../models/facts.js";
import type { Objective, Recipe } from "../../recipes/schema.js";
import type { DataLayout, RenderInput } from "../contract.js";
import { keyTable } from "../key-table.js";
import { rewardFunctions } from "../rewards.js";
import { carries, rowsUnsupported, sftRows } from "../sft-rows.js";

type Section = Record<string, unknown>;

export function layoutOf(input: RenderInput): DataLayout {
  const { recipe, model } = input;
  const { objective, data } = recipe;
  if (objective.type === "kto") return "unpaired";
  if (objective.type === "grpo") return "prompt";
  if (objective.type !== "sft") return "preference";
  const rows = sftRows(input);
  if (rows !== "conversations") return rows;
  if (data.train_on === "all") {
    if (carries(input, "weight")) throw rowsUnsupported(input, "turns of weight 0 need data.train_on assistant");
    return "messages";
  }
  // The markers know nothing of weights: a line a turn, and none for turns of weight 0.
  if (carries(input, "weight")) return "prompt-completion";
  return masksByMarkers(model, recipe.engine.version) ? "messages" : "prompt-completion";
}

/** The template has {% generation %} markers, or TRL swaps in its own twin that has. */
function masksByMarkers({ template }: ModelFacts, version: string): boolean {
  if (template === null) return false;
  return template.hasGenerationMarkers || keyTable("trl", version).trainingTemplates.includes(template.sha256);
}

/** TRL's trainer for it reads the chat template from its config; the others' tokenizer is given it by ft's runner. */
export function readsTemplate({ type }: Objective): boolean {
  return type === "sft" || type === "reward";
}

export function objectiveSection(recipe: Recipe, layout: DataLayout): Section {
  const { objective, data, train } = recipe;
  switch (objective.type) {
    case "sft":
      return {
        ...(layout === "text" ? { dataset_text_field: "text" } : {}),
        max_length: data.max_length,
        packing: data.packing,
        completion_only_loss: layout === "prompt-completion",
        assistant_only_loss: layout === "messages" && data.train_on === "assistant",
        ...(train.neftune_alpha === undefined ? {} : { neftune_noise_alpha: train.neftune_alpha }),
      };
    case "dpo":
      return {
        max_length: data.max_length,
        beta: objective.beta,
        loss_type: [objective.loss],
        label_smoothing: objective.label_smoothing,
      };
    case "orpo":
      return { max_length: data.max_length, beta: objective.beta };
    case "kto":
      return {
        max_length: data.max_length,
        beta: objective.beta,
        desirable_weight: objective.desirable_weight,
        undesirable_weight: objective.undesirable_weight,
      };
    case "simpo":
      return {
        max_length: data.max_length,
        loss_type: "simpo",
        beta: objective.beta,
        simpo_gamma: objective.gamma,
        cpo_alpha: objective.sft_weight,
      };
    case "cpo":
      return {
        max_length: data.max_length,
        loss_type: objective.loss,
        beta: objective.beta,
        label_smoothing: objective.label_smoothing,
        cpo_alpha: objective.sft_weight,
      };
    case "reward":
      return {
        max_length: data.max_length,
        ...(objective.center_rewards === undefined ? {} : { center_rewards_coefficient: objective.center_rewards }),
      };
    case "grpo":
      return {
        reward_funcs: rewardFunctions(objective),
        ...(objective.reward_weights ? { reward_weights: objective.reward_weights } : {}),
        num_generations: objective.generations,
        max_completion_length: objective.max_completion_length,
        temperature: objective.temperature,
        beta: objective.beta,
        loss_type: objective.loss,
        use_vllm: objective.vllm,
        ...(objective.vllm ? { vllm_mode: "colocate" } : {}),
      };
  }
}
