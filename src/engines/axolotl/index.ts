// Axolotl as ft's engine: what it can do at the pinned versions, and its render.
import type { Recipe } from "../../recipes/schema.js";
import type { Engine } from "../contract.js";
import { renderAxolotl } from "./render.js";

export const axolotl: Engine = { name: "axolotl", unsupported, render: renderAxolotl };

/** From the schemas (RLType) and builders of axolotl 0.19 and 0.21; each reason names the engine that can. */
function unsupported({ objective, method, data, model, train, compute, engine }: Recipe): string | null {
  if (objective.type === "cpo") return "Axolotl has simpo, but not cpo; use engine trl";
  if (objective.type === "reward" || objective.type === "grpo")
    return `ft drives ${objective.type} with TRL alone; use engine trl`;
  if (method.type === "qlora" && compute.device === "mps")
    return "4-bit weights (bitsandbytes) do not run on MPS; use lora";
  if (method.init === "pissa" || method.init === "loftq")
    return `an adapter that starts from ${method.init} would not be saved for the original base; use engine trl`;
  if (method.lora_plus_ratio !== undefined && train.weight_decay > 0)
    return "Axolotl's LoRA+ leaves weight decay out; use engine trl, or train.weight_decay 0";
  if (data.train_on === "all" && objective.type === "sft" && data.format !== "text")
    return "Axolotl never trains the markup between turns; use engine trl for data.train_on all";
  if (compute.context_parallel > 1 && engine.version === "0.19.0")
    return "Axolotl 0.19 shares a sequence over GPUs by ring-flash-attn, which its environment does not have; use 0.21.0";
  if (method.type === "qlora" && compute.parallel === "fsdp" && objective.type !== "sft")
    return "Axolotl does not shard a 4-bit base with FSDP for preferences; use compute.parallel zero2 or zero3, or engine trl";
  if (train.optimizer === "muon" && compute.parallel.startsWith("zero"))
    return "Axolotl's muon does not go with DeepSpeed; use compute.parallel fsdp";
  if (train.early_stopping && objective.type !== "sft")
    return "Axolotl stops early with sft alone; use engine trl, or remove train.early_stopping";
  if (data.too_long === "drop" && objective.type !== "sft")
    return "ft has Axolotl leave out long rows for sft alone; use engine trl, or remove data.too_long";
  if (model.new_tokens && objective.type !== "sft") return "new tokens with this objective; use engine trl";
  return null;
}
