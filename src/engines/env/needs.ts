// Packages that a recipe's options need beside the engine: known before an environment is made, so that a run does not fail in its first minute.
import { FtError } from "../../errors.js";
import type { Recipe } from "../../recipes/schema.js";
import { readEngineLock } from "./engine-lock.js";

interface Need {
  /** The recipe's key that wants it. */
  key: string;
  package: string;
  instead: string;
}

/** Throws FtError env.missing-package (environment): ft's environment of this engine does not have it. */
export function requirePackages(recipe: Recipe): void {
  const { text } = readEngineLock(recipe.engine);
  const missing = needsOf(recipe).filter((need) => !new RegExp(`^${need.package}==`, "m").test(text));
  if (missing.length === 0) return;
  throw new FtError({
    code: "env.missing-package",
    exit: "environment",
    message: `ft's environment for ${recipe.engine.name} ${recipe.engine.version} lacks what the recipe needs`,
    problems: missing.map(({ key, package: name, instead }) => ({ message: `${key} needs ${name}`, fix: instead })),
    next: "change the recipe; `ft render` makes the engine's files for a machine that has it",
  });
}

function needsOf({ compute, train, model, objective }: Recipe): Need[] {
  const needs: (Need | false)[] = [
    compute.parallel.startsWith("zero") && {
      key: `compute.parallel ${compute.parallel}`,
      package: "deepspeed",
      instead: "fsdp shards as well, without it",
    },
    train.liger && { key: "train.liger", package: "liger-kernel", instead: "engine axolotl has it, or remove the key" },
    model.attention === "flash_attention_2" && flash("flash_attention_2", "flash-attn"),
    model.attention === "flash_attention_3" && flash("flash_attention_3", "flash-attn-3"),
    objective.type === "grpo" &&
      objective.vllm && { key: "objective.vllm", package: "vllm", instead: "without it the model itself samples" },
  ];
  return needs.filter((need) => need !== false);
}

function flash(kernel: string, name: string): Need {
  return { key: `model.attention ${kernel}`, package: name, instead: "auto takes torch's own kernels (sdpa)" };
}
