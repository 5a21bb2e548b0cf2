// What a recipe means in Unsloth's three calls: loading, the adapter, and the trainer's arguments.

import { FtError } from "../../errors.js";
import type { Recipe } from "../../recipes/schema.js";
import type { DataLayout, RenderInput } from "../contract.js";
import { hasHeldOut } from "../held-out.js";
import { engineKeys } from "../key-table.js";
import { checkOverrides, type Ownership, refuseProblems, type Section } from "../overrides.js";
import { type Precision, torchNames } from "../precision.js";
import { objectiveSection } from "../trl/objective.js";
import { ownership as trlOwnership } from "../trl/ownership.js";
import { outputSection, trainSection } from "../trl/sections.js";
import { Expression } from "./python.js";

export interface Settings {
  model: Section;
  /** Null: all weights are trained. */
  adapter: Section | null;
  training: Section;
}

export function settingsOf(input: RenderInput, layout: DataLayout, precision: Precision): Settings {
  const { recipe } = input;
  const settings = {
    model: modelCall(recipe, precision),
    adapter: recipe.method.type === "full" ? null : adapterCall(recipe),
    training: trainingCall(input, layout, precision),
  };
  return withOverrides(settings, recipe);
}

/** FastLanguageModel.from_pretrained */
function modelCall({ model, method, data, train }: Recipe, precision: Precision): Section {
  return {
    model_name: "model",
    max_seq_length: data.max_length,
    dtype: new Expression(`torch.${torchNames[precision]}`),
    load_in_4bit: method.type === "qlora",
    full_finetuning: method.type === "full",
    use_gradient_checkpointing: train.gradient_checkpointing ? "unsloth" : false,
    use_exact_model_name: true,
    random_state: train.seed,
    ...(model.new_tokens ? { fix_tokenizer: false } : {}),
  };
}

/** FastLanguageModel.get_peft_model */
function adapterCall({ method, model, train }: Recipe): Section {
  const saved = [...(method.modules_to_save ?? []), ...(model.new_tokens ? ["embed_tokens", "lm_head"] : [])];
  return {
    r: method.rank,
    lora_alpha: method.alpha,
    lora_dropout: method.dropout,
    target_modules: method.target_modules === "all-linear" ? allLinear : method.target_modules,
    bias: "none",
    ...(method.layers ? { layers_to_transform: method.layers } : {}),
    ...(saved.length > 0 ? { modules_to_save: [...new Set(saved)] } : {}),
    use_rslora: method.rslora,
    init_lora_weights: method.init === "gaussian" ? "gaussian" : true,
    use_gradient_checkpointing: train.gradient_checkpointing ? "unsloth" : false,
    random_state: train.seed,
  };
}

/** What Unsloth itself takes for all linear layers. */
const allLinear = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

/** Checkpointing, the device and the kernels are Unsloth's own. */
const unslothsOwn = ["use_cpu", "gradient_checkpointing", "use_liger_kernel"];

/** The objective's TRL config, which Unsloth patches. */
function trainingCall(input: RenderInput, layout: DataLayout, precision: Precision): Section {
  const { recipe } = input;
  const all: Section = {
    ...objectiveSection(recipe, layout),
    ...trainSection(recipe, precision, input.device),
    ...(recipe.method.lora_plus_ratio === undefined ? {} : { loraplus_lr_ratio: recipe.method.lora_plus_ratio }),
    ...outputSection(recipe, hasHeldOut(input)),
    // Unsloth's loss leaves TRL's count of tokens out, from which the speed is told.
    ...(recipe.objective.type === "sft" ? { include_num_input_tokens_seen: "non_padding" } : {}),
  };
  const { reward_funcs: _, ...kept } = all;
  return Object.fromEntries(Object.entries(kept).filter(([key]) => !unslothsOwn.includes(key)));
}

/** In the order of the script. */
const calls = { from_pretrained: "model", get_peft_model: "adapter", training: "training" } as const;

const owned: Record<keyof typeof calls, Record<string, string>> = {
  from_pretrained: {
    token: "leave HF_TOKEN in the environment",
    revision: "use model.revision",
    trust_remote_code: "ft runs no code of a model's repository",
  },
  get_peft_model: { loftq_config: "use method.init with engine trl" },
  training: { ...trlOwnership.owned, ...Object.fromEntries(unslothsOwn.map((key) => [key, "Unsloth decides it"])) },
};

/** engine.overrides: { from_pretrained: {...}, get_peft_model: {...}, training: {...} } */
function withOverrides(settings: Settings, { engine, objective }: Recipe): Settings {
  const keys = engineKeys("unsloth", engine.version, objective.type);
  const title = `Unsloth ${engine.version}`;
  const problems = Object.entries(engine.overrides).flatMap(([call, values]) => {
    const at = `engine.overrides.${call}`;
    if (!isCall(call))
      return [{ message: `${at} is no call of the script`, fix: `one of: ${Object.keys(calls).join(", ")}` }];
    if (typeof values !== "object" || values === null || Array.isArray(values))
      return [{ message: `${at} is not a map of arguments`, fix: "write its arguments below it" }];
    const rendered = new Set(Object.keys(settings[calls[call]] ?? {}));
    const ownership: Ownership = { title, owned: owned[call], free: trlOwnership.free };
    return checkOverrides(values as Section, rendered, keys[call]!.keys!, ownership, objective.type, at);
  });
  refuseProblems(problems);
  if (engine.overrides.get_peft_model && !settings.adapter) throw noAdapter();
  const merged = (call: keyof typeof calls) => ({
    ...settings[calls[call]],
    ...(engine.overrides[call] as Section | undefined),
  });
  return {
    model: merged("from_pretrained"),
    adapter: settings.adapter && merged("get_peft_model"),
    training: merged("training"),
  };
}

function isCall(name: string): name is keyof typeof calls {
  return Object.hasOwn(calls, name);
}

function noAdapter(): FtError {
  return new FtError({
    code: "recipe.overrides",
    exit: "recipe",
    message: "engine.overrides.get_peft_model has no effect with method full",
    next: "remove it, or use method lora",
  });
}
