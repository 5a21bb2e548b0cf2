// The recipes that ft brings: each loads, means what its name and first line say, and resolves to a recipe that loads again.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { emptyFolder } from "../../test/project.js";
import { findAlias } from "../models/catalogue.js";
import { builtInRecipes } from "./built-in.js";
import { loadRecipe } from "./load.js";
import { resolvedValues } from "./resolved.js";

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
});
