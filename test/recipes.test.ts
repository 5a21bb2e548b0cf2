// Every built-in recipe, rendered for every engine and version that can, and read by the engines' own validators.
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { RenderInput, Rendering } from "../src/engines/contract.js";
import { loadEngine } from "../src/engines/index.js";
import { findAlias } from "../src/models/catalogue.js";
import { packageRoot } from "../src/paths.js";
import { builtInRecipes } from "../src/recipes/built-in.js";
import { loadRecipe } from "../src/recipes/load.js";
import { engineNames, engineVersions } from "../src/recipes/schema/compute.js";
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
const python = (script: string, args: string[]) =>
  promisify(execFile)(requiredEnv("FT_TEST_PYTHON"), [join(packageRoot, "trainer/tests", script), ...args], {
    maxBuffer: 1 << 26,
  });

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
    const { stdout } = await python("validate_trl.py", files);
    expect(Object.keys(JSON.parse(stdout))).toHaveLength(files.length);
  });
});
