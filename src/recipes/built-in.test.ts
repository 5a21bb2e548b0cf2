// The recipes that ft brings: each loads, means what its name and first line say, and resolves to a recipe that loads again.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { emptyFolder } from "../../test/project.js";
import { findAlias } from "../models/catalogue.js";
import { estimateMemory } from "../models/memory.js";
import { builtInRecipes } from "./built-in.js";
import { loadRecipe } from "./load.js";
import { resolvedValues } from "./resolved.js";
import type { Recipe } from "./schema.js";

const recipes = builtInRecipes();

describe("built-in recipes", () => {
  it("are many, over families, sizes, methods and objectives", () => {
    const loaded = recipes.map(({ file }) => loadRecipe(file, { cwd: "/", env: {} }).recipe);
    const kinds = (of: (recipe: (typeof loaded)[number]) => string | undefined) => new Set(loaded.map(of));
    expect(recipes.length).toBeGreaterThanOrEqual(24);
    expect([...kinds(({ method }) => method.type)].sort()).toEqual(["full", "lora", "qlora"]);
    expect([...kinds(({ objective }) => objective.type)].sort()).toEqual(
      expect.arrayContaining(["dpo", "grpo", "kto", "orpo", "reward", "sft", "simpo"]),
    );
    const families = [...kinds(({ model }) => findAlias(model.base)?.family)].sort();
    expect(families).toEqual(
      expect.arrayContaining(["gemma3", "llama", "llama4", "mistral", "mixtral", "phi4", "qwen2.5", "qwen3"]),
    );
  });

  it.each(recipes.map(({ name, ...rest }) => [name, rest] as const))("%s", (name, { file, purpose, fits }) => {
    const loaded = loadRecipe(file, { cwd: "/", env: {} });
    expect(loaded.recipe.name).toBe(name);
    expect(findAlias(loaded.recipe.model.base)).toBeDefined();
    expect(purpose).toMatch(/\w/);
    expect(fits).toMatch(/\d+ GB/);
    const cwd = emptyFolder();
    writeFileSync(join(cwd, "ft.yaml"), stringify(resolvedValues(loaded)));
    expect(loadRecipe("ft.yaml", { cwd, env: {} }).recipe).toEqual(loaded.recipe);
  });

  it.each(recipes.map(({ name, file, fits }) => [name, fits, file] as const))("%s fits %s", (_name, fits, file) => {
    const gigabytes = Number(/(\d+) GB/.exec(fits)![1]);
    expect(estimatedPeak(loadRecipe(file, { cwd: "/", env: {} }).recipe)).toBeLessThan(usable[gigabytes]!);
  });
});

/** GiB that a card of so many GB shows, less a tenth for what the allocator wastes (data/README.md has the sources). */
const usable: Record<number, number> = { 8: 7.4, 16: 14.8 * 0.9, 24: 22.5 * 0.9, 48: 44.5 * 0.9, 80: 79.6 * 0.9 };

/** GiB a GPU; FSDP shares out what stays between steps. */
function estimatedPeak({ model, method, objective, data, train, compute }: Recipe): number {
  const answers = ["dpo", "orpo", "simpo", "reward"].includes(objective.type) ? 2 : 1;
  const memory = estimateMemory(findAlias(model.base)!, {
    method: method.type,
    sequenceLength: objective.type === "grpo" ? 512 + objective.max_completion_length : data.max_length,
    microBatch: train.micro_batch! * answers,
    gradientCheckpointing: train.gradient_checkpointing,
    accumulation: 4,
    rank: method.rank,
    targets: Array.isArray(method.target_modules) ? ["q", "k", "v", "o"] : "all-linear",
    weightBytes: method.type === "full" ? 4 : 2,
    tiledLoss: objective.type === "sft",
  });
  if (compute.gpus === 1) return memory.total;
  const stays = memory.weights + memory.adapter + memory.gradients + memory.optimizer + memory.optimizerStep;
  return stays / compute.gpus + memory.activations + memory.logits + memory.context;
}
