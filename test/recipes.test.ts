// Every built-in recipe, rendered for every engine and version that can, and read by the engines' own validators.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import type { RenderInput, Rendering } from "../src/engines/contract.js";
import { loadEngine } from "../src/engines/index.js";
import { findAlias } from "../src/models/catalogue.js";
import { packageRoot } from "../src/paths.js";
import { builtInRecipes } from "../src/recipes/built-in.js";
import { loadRecipe } from "../src/recipes/load.js";
import { engineNames, engineVersions } from "../src/recipes/schema/compute.js";
import { enginePackages } from "./engine-packages.js";
import { emptyFolder, requiredEnv } from "./project.js";

const minutes = 60_000;
const folder = emptyFolder();

interface Rendered {
  engine: string;
  version: string;
  objective: string;
  /** Where its files lie. */
  dir: string;
}

async function renderAll(): Promise<Rendered[]> {
  const all: Rendered[] = [];
  for (const { name, file } of builtInRecipes()) {
    for (const engine of engineNames) {
      for (const version of engineVersions[engine]) {
        const sets = [`engine.name=${engine}`, `engine.version=${version}`];
        const { recipe } = loadRecipe(file, { cwd: "/", env: {}, sets });
        const loaded = await loadEngine(engine);
        if (loaded.unsupported(recipe) !== null) continue;
        const dir = join(folder, name, `${engine}-${version}`);
        write(loaded.render(inputOf(recipe)), dir);
        all.push({ engine, version, objective: recipe.objective.type, dir });
      }
    }
  }
  return all;
}

/** As on a machine with the GPUs that the recipe wants, before anything is fetched. */
function inputOf(recipe: RenderInput["recipe"]): RenderInput {
  const entry = findAlias(recipe.model.base)!;
  const model = { asked: recipe.model.base, source: "hub" as const, id: entry.hubId, revision: null, dir: null };
  return {
    recipe,
    model: {
      ...model,
      template: null,
      notice: null,
      maxContext: entry.maxContext,
      family: entry.family,
      paramsB: entry.paramsB,
    },
    dataset: null,
    device:
      recipe.compute.device === "cuda"
        ? { kind: "cuda", count: recipe.compute.gpus, bf16: true }
        : { kind: "cpu", count: 0, bf16: false },
  };
}

function write({ files }: Rendering, dir: string): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
}

const rendered = await renderAll();
describe("the built-in recipes", () => {
  it("render for TRL all, and for the other engines where these can", () => {
    const count = (engine: string, version: string) =>
      rendered.filter((each) => each.engine === engine && each.version === version).length;
    expect(count("trl", "1.16.0")).toBe(builtInRecipes().length);
    for (const version of engineVersions.axolotl) expect(count("axolotl", version)).toBeGreaterThan(25);
    expect(count("unsloth", engineVersions.unsloth[0])).toBeGreaterThan(20);
  });

  it("are read by the real TRL with nothing left over", { timeout: 4 * minutes }, async () => {
    const files = rendered
      .filter(({ engine }) => engine === "trl")
      .map(({ objective, dir }) => `${objective}=${join(dir, "config/trl.yaml")}`);
    const script = join(packageRoot, "trainer/tests/validate_trl.py");
    const { stdout } = await execa(requiredEnv("FT_TEST_PYTHON"), [script, ...files]);
    expect(Object.keys(JSON.parse(stdout))).toHaveLength(files.length);
  });

  it.each(engineVersions.axolotl)(
    "are taken by axolotl %s's own schema, which passes over none of their keys",
    {
      timeout: 4 * minutes,
    },
    async (version) => {
      const { folder, python } = await enginePackages("axolotl", version);
      const files = rendered
        .filter((each) => each.engine === "axolotl" && each.version === version)
        .map(({ dir }) => join(dir, "config/axolotl.yaml"));
      const script = join(packageRoot, "trainer/tests/validate_axolotl.py");
      const { stdout } = await execa(python, [script, folder, ...files]);
      expect(Object.keys(JSON.parse(stdout))).toEqual(files);
    },
  );

  it("are scripts that compile, with names and keywords that the pinned Unsloth has", {
    timeout: 4 * minutes,
  }, async () => {
    const { folder, python } = await enginePackages("unsloth", engineVersions.unsloth[0]);
    const files = rendered
      .filter(({ engine }) => engine === "unsloth")
      .map(({ objective, dir }) => `${objective}=${join(dir, "config/train_unsloth.py")}`);
    const script = join(packageRoot, "trainer/tests/validate_unsloth.py");
    const { stdout } = await execa(python, [script, folder, ...files]);
    expect(Object.keys(JSON.parse(stdout))).toHaveLength(files.length);
  });
});
