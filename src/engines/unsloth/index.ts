// Unsloth as ft's engine: what it can do at the pinned version, and its render.
import type { Recipe } from "../../recipes/schema.js";
import type { Engine } from "../contract.js";
import { renderUnsloth } from "./render.js";

export const unsloth: Engine = { name: "unsloth", unsupported, render: renderUnsloth };

/** From FastLanguageModel's own parameters and checks; each reason names the engine that can. */
function unsupported({ objective, method, data, model, train, compute }: Recipe): string | null {
  if (compute.device === "cpu" || compute.device === "mps")
    return `Unsloth trains on a GPU alone, not on ${compute.device}; use engine trl`;
  if (compute.gpus > 1 || compute.parallel !== "auto" || compute.offload !== "none")
    return "ft drives Unsloth on one GPU; use engine trl or axolotl for several";
  if (objective.type === "simpo" || objective.type === "cpo" || objective.type === "reward")
    return `Unsloth is not made for ${objective.type}; use engine trl`;
  if (method.dora) return "Unsloth has no DoRA; use engine trl or axolotl";
  if (method.init === "pissa" || method.init === "loftq")
    return `an adapter that starts from ${method.init} would not be saved for the original base; use engine trl`;
  if (method.type !== "full" && typeof method.target_modules === "object" && !Array.isArray(method.target_modules))
    return "Unsloth takes names, not a regular expression, in target_modules; use engine trl, or a list";
  if (method.lora_plus_ratio !== undefined && objective.type !== "sft")
    return "Unsloth has LoRA+ for sft alone; use engine trl";
  if (model.attention !== "auto") return "Unsloth chooses its attention kernel itself; use engine trl";
  if (train.liger) return "Unsloth brings its own kernels in place of Liger's; use engine trl";
  if (train.optimizer === "muon") return "ft drives muon with Axolotl alone; use engine axolotl";
  if (data.too_long === "drop") return "Unsloth cuts long rows before they can be left out; use engine trl or axolotl";
  if (data.train_on === "all" && data.train.some(({ format }) => format !== "text"))
    return "Unsloth masks conversations to the answers; use engine trl for data.train_on all";
  return null;
}
