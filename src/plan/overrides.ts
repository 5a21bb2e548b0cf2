// Keys of engine.overrides that change memory or time. What the recipe decides itself an engine refuses there; these are the rest.
import type { Recipe } from "../recipes/schema.js";
import type { MemorySetting } from "./memory/setting.js";

/** By the key's last name; `value` as the recipe has it. */
const effects: Record<string, (setting: MemorySetting, value: unknown) => MemorySetting> = {
  activation_offloading: (setting, value) => ({
    ...setting,
    // With or without checkpointing (TRL 1.16, trainer/sft_trainer.py:1190): what is kept lies in CPU memory, whatever it is.
    checkpointing: { ...setting.checkpointing, offloaded: Boolean(value) },
  }),
  torch_compile: (setting, value) =>
    value === true ? { ...setting, kernels: { ...setting.kernels, layer: "compiled" } } : setting,
  // Axolotl: the loss in chunks of the vocabulary's logits, as TRL's tiles.
  chunked_cross_entropy: (setting, value) =>
    value === true ? { ...setting, loss: { kind: "tiled", tokens: 4096, vocab: 32_768 } } : setting,
  precompute_ref_log_probs: (setting, value) =>
    value === true ? { ...setting, habits: { ...setting.habits, referenceCopies: 0 } } : setting,
};

/** Read by the token plan (noPadding). */
const padding = ["padding_free", "group_by_length", "train_sampling_strategy"];

/** The setting with what engine.overrides change of it. */
export function withOverrides(setting: MemorySetting, recipe: Recipe): MemorySetting {
  return entries(recipe).reduce((changed, { key, value }) => effects[key]?.(changed, value) ?? changed, setting);
}

/** Rows are not padded, or lie in batches of their own length. */
export function noPadding(recipe: Recipe): boolean {
  return entries(recipe).some(
    ({ key, value }) => padding.includes(key) && (value === true || value === "group_by_length"),
  );
}

/** Whole names of overrides that may change memory or time and are not read. */
export function unreadOverrides(recipe: Recipe): string[] {
  return entries(recipe)
    .filter(({ key }) => !(key in effects) && !padding.includes(key) && mayMatter.test(key) && !isNeutral.test(key))
    .map(({ name }) => name);
}

const mayMatter =
  /batch|offload|checkpoint|compile|length|pack|padding|optim|kernel|cross_entropy|quant|[48]bit|fp8|float8|att(n|ention)|dtype|precision|cache|vllm|generation|embedding|liger|plugins|accumulation/;
const isNeutral = /^(save_|logging_|dataloader_|eval_|per_device_eval|optim_args|lr_|hub_|label_)/;

function entries({ engine }: Recipe): { name: string; key: string; value: unknown }[] {
  // Unsloth's stand below the call that they are arguments of.
  const isCalls = engine.name === "unsloth";
  return Object.entries(engine.overrides).flatMap(([key, value]) =>
    isCalls && typeof value === "object" && value !== null
      ? Object.entries(value).map(([inner, each]) => ({
          name: `engine.overrides.${key}.${inner}`,
          key: inner,
          value: each,
        }))
      : [{ name: `engine.overrides.${key}`, key, value }],
  );
}
