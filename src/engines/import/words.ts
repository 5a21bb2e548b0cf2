// Words that transformers' configs share, as a recipe says them.
import { type Assignments, number, oneOf, type Rule, type Values, whenTrue } from "./dialect.js";

export const optimizer = oneOf("train.optimizer", {
  ...{ adamw_torch: "adamw", adamw_torch_fused: "adamw", adamw_hf: "adamw", adamw: "adamw" },
  ...{ adamw_8bit: "adamw_8bit", adamw_bnb_8bit: "adamw_8bit" },
  ...{ paged_adamw_32bit: "paged_adamw_32bit", paged_adamw_8bit: "paged_adamw_8bit" },
  ...{ adafactor: "adafactor", lion_32bit: "lion", lion_8bit: "lion_8bit", muon: "muon", sgd: "sgd" },
});

const schedulerNames = ["linear", "cosine", "cosine_with_min_lr", "constant", "constant_with_warmup", "inverse_sqrt"];
export const scheduler = oneOf("train.scheduler", Object.fromEntries(schedulerNames.map((name) => [name, name])));

export const attention = oneOf("model.attention", {
  ...{ eager: "eager", sdpa: "sdpa", flash_attention_2: "flash_attention_2", fa2: "flash_attention_2" },
  ...{ flash_attention_3: "flash_attention_3", flex_attention: "flex_attention", auto: "auto" },
});

/** A recipe knows a share of the steps alone; a number of them is one where the steps are known. */
export const warmupSteps: Rule = (value, all) => {
  const steps = number(value, 0);
  if (steps < 1) return { "train.warmup_ratio": steps };
  const ratio = shareOf(steps, number(all.max_steps ?? all["training.max_steps"], -1));
  return ratio === undefined
    ? { why: "a recipe gives the warm-up as a share of the steps: train.warmup_ratio" }
    : { "train.warmup_ratio": ratio };
};

/** The shortest number that transformers, which rounds up, makes these steps of. */
function shareOf(steps: number, total: number): number | undefined {
  if (total <= 0) return undefined;
  const shares = [2, 3, 4, 5].map((digits) => Math.floor((steps / total) * 10 ** digits) / 10 ** digits);
  return shares.find((share) => Math.ceil(share * total) === steps);
}

export const bf16: Rule = (value) =>
  value === true || value === "auto" || value === "true"
    ? { "train.precision": value === "auto" ? "auto" : "bf16" }
    : {};
export const fp16 = whenTrue({ "train.precision": "fp16" });

/** -1 means none to transformers. */
export const maxSteps: Rule = (value) => (number(value, -1) > 0 ? { "train.max_steps": number(value, 1) } : {});

export const keepCheckpoints: Rule = (value) => ({ "train.keep_checkpoints": Math.max(2, number(value, 2)) });

/** ZeRO's stage, from the file's name or the config itself. */
export const deepspeed: Rule = (value) => {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? "");
  const stage = /zero[-_]?([123])|stage[-_]?([123])|z([123])[_.-]|"stage":([123])/i.exec(text)?.slice(1).find(Boolean);
  return stage
    ? { "compute.parallel": `zero${stage}` }
    : { why: "its ZeRO stage cannot be told: set compute.parallel" };
};

/** Rows a forward pass times passes a step. */
export function batch(micro: unknown, accumulation: unknown, usualMicro: number): Assignments {
  const rows = number(micro, usualMicro);
  return { "train.batch_size": rows * number(accumulation, 1), "train.micro_batch": rows };
}

/** Epochs beside max_steps would do nothing. */
export function epochs(values: Values, key: string, usual: number): Assignments {
  return number(values.max_steps, -1) > 0 ? {} : { "train.epochs": number(values[key], usual) };
}

export const never =
  (why: string): Rule =>
  () => ({ why });

/** Adapter shape as PEFT's arguments are called in most configs. */
export const loraTargets: Rule = (value) => {
  if (
    value === "all" ||
    value === "all-linear" ||
    (Array.isArray(value) && value.length === 1 && value[0] === "all-linear")
  )
    return { "method.target_modules": "all-linear" };
  if (Array.isArray(value)) return { "method.target_modules": value };
  if (typeof value !== "string") return {};
  return {
    "method.target_modules": /[\\^$*+?()[\]|]/.test(value)
      ? { regex: value }
      : value.split(",").map((name) => name.trim()),
  };
};
