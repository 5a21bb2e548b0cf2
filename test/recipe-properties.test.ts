// Properties of all recipes, over many random ones: every valid recipe renders the same bytes each time, and what the engine would not read never passes.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { checkKeys } from "../src/engines/check-keys.js";
import type { Engine, RenderInput, Rendering } from "../src/engines/contract.js";
import { loadEngine } from "../src/engines/index.js";
import { engineKeys } from "../src/engines/key-table.js";
import { FtError } from "../src/errors.js";
import { packageRoot } from "../src/paths.js";
import { type LoadedRecipe, loadRecipe } from "../src/recipes/load.js";
import { engineNames, engineVersions } from "../src/recipes/schema/compute.js";
import { enginePackages } from "./engine-packages.js";
import { emptyFolder, requiredEnv } from "./project.js";
import { pick, type Random, randomRecipe, seeded } from "./random-recipe.js";

const minutes = 60_000;
const wanted = 1_000;
const folder = emptyFolder();
const engines = Object.fromEntries(await Promise.all(engineNames.map(async (name) => [name, await loadEngine(name)])));

interface Case {
  engine: Engine["name"];
  version: string;
  values: Record<string, unknown>;
  loaded: LoadedRecipe;
  rendering: Rendering;
}

function load(values: Record<string, unknown>): LoadedRecipe {
  writeFileSync(join(folder, "ft.yaml"), stringify(values));
  return loadRecipe("ft.yaml", { cwd: folder, env: {} });
}

function render(recipe: RenderInput["recipe"]): Rendering {
  const model = { asked: "m", source: "hub" as const, id: "org/m", revision: null, dir: null, template: null };
  return engines[recipe.engine.name]!.render({
    recipe,
    model: { ...model, notice: null, maxContext: 131_072, family: "llama", paramsB: 8 },
    dataset: null,
    device: { kind: "cuda", count: recipe.compute.gpus, bf16: true },
  });
}

/** Recipes that the engine can, until there are enough. */
function cases(): Case[] {
  const random = seeded(20261123);
  const found: Case[] = [];
  let refused = 0;
  while (found.length < wanted) {
    const engine = pick(random, engineNames);
    const version = pick(random, engineVersions[engine]);
    const values = { ...randomRecipe(random), engine: { name: engine, version } };
    const loaded = load(values);
    if (engines[engine]!.unsupported(loaded.recipe) !== null) {
      refused += 1;
      expect(refused).toBeLessThan(20 * wanted);
      continue;
    }
    found.push({ engine, version, values, loaded, rendering: render(loaded.recipe) });
  }
  return found;
}

const all = cases();
const configOf = ({ rendering }: Case) =>
  Object.keys(rendering.files).find((path) => /axolotl\.yaml|trl\.yaml|\.py$/.test(path))!;

describe(`${wanted} random valid recipes`, () => {
  it("render to the same bytes each time, for every engine, objective and method", () => {
    for (const { loaded, rendering } of all) expect(render(structuredClone(loaded.recipe))).toEqual(rendering);
    const kinds = (of: (each: Case) => string) => new Set(all.map(of)).size;
    expect(kinds(({ engine }) => engine)).toBe(3);
    expect(kinds(({ loaded }) => loaded.recipe.objective.type)).toBe(8);
    expect(kinds(({ loaded }) => loaded.recipe.method.type)).toBe(3);
  });

  it("hold no key that the key tables do not have, or know to have no effect", () => {
    for (const each of all) {
      if (each.engine === "unsloth") continue; // a script: its keywords are checked below
      const config = parse(each.rendering.files[configOf(each)]!) as Record<string, unknown>;
      const { objective } = each.loaded.recipe;
      const plugins = Array.isArray(config.plugins) ? config.plugins.map(String) : [];
      const keys = engineKeys(each.engine, each.version, objective.type, plugins);
      const problems = checkKeys(keys, config, { engine: each.engine, prefix: "", objective: objective.type });
      expect(
        problems.filter(({ message }) => !/ds_type/.test(message)),
        each.rendering.files[configOf(each)],
      ).toEqual([]);
    }
  });

  it.each(engineVersions.axolotl)(
    "are taken by axolotl %s's own schema",
    { timeout: 15 * minutes },
    async (version) => {
      const chosen = all.filter((each) => each.engine === "axolotl" && each.version === version);
      const { folder: packages, python } = await enginePackages("axolotl", version);
      const files = written(chosen, `axolotl-${version}`);
      const { stdout } = await execa(python, [
        join(packageRoot, "trainer/tests/validate_axolotl.py"),
        packages,
        ...files,
      ]);
      expect(Object.keys(JSON.parse(stdout))).toHaveLength(chosen.length);
    },
  );

  it("are read by the real TRL with nothing left over", { timeout: 15 * minutes }, async () => {
    const chosen = all.filter(({ engine }) => engine === "trl").slice(0, 300);
    const files = written(chosen, "trl").map((file, index) => `${chosen[index]!.loaded.recipe.objective.type}=${file}`);
    const { stdout } = await execa(requiredEnv("FT_TEST_PYTHON"), [
      join(packageRoot, "trainer/tests/validate_trl.py"),
      ...files,
    ]);
    expect(Object.keys(JSON.parse(stdout))).toHaveLength(chosen.length);
  });

  it("are scripts whose every keyword the pinned Unsloth has", { timeout: 15 * minutes }, async () => {
    const chosen = all.filter(({ engine }) => engine === "unsloth").slice(0, 300);
    const { folder: packages, python } = await enginePackages("unsloth", engineVersions.unsloth[0]);
    const files = written(chosen, "unsloth").map(
      (file, index) => `${chosen[index]!.loaded.recipe.objective.type}=${file}`,
    );
    const { stdout } = await execa(python, [
      join(packageRoot, "trainer/tests/validate_unsloth.py"),
      packages,
      ...files,
    ]);
    expect(Object.keys(JSON.parse(stdout))).toHaveLength(chosen.length);
  });
});

/** Each in a folder of its own, as the validators look beside the config. */
function written(chosen: Case[], name: string): string[] {
  return chosen.map((each, index) => {
    const dir = join(folder, name, String(index));
    mkdirSync(dir, { recursive: true });
    for (const [path, text] of Object.entries(each.rendering.files))
      writeFileSync(join(dir, path.split("/").at(-1)!), text);
    return join(dir, configOf(each).split("/").at(-1)!);
  });
}

it(`${wanted} random mutations of one key are refused, or what they say is really in the rendering`, () => {
  const random = seeded(7);
  let refused = 0;
  for (let count = 0; count < wanted; count += 1) {
    const each = all[count]!;
    const mutated = mutate(structuredClone(each.values), random, each);
    try {
      const { recipe } = load(mutated.values);
      if (engines[recipe.engine.name]!.unsupported(recipe) !== null) refused += 1;
      else {
        const config = Object.values(render(recipe).files).join("\n");
        expect(mutated.kept?.(config), `${mutated.what} passed, and is not in\n${config}`).toBe(true);
      }
    } catch (error) {
      if (!(error instanceof FtError)) throw error;
      expect(error.exit, mutated.what).toBe("recipe");
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(wanted * 0.7);
});

interface Mutation {
  what: string;
  values: Record<string, unknown>;
  /** Whether the rendered files say it, where it passes. Absent: it must be refused. */
  kept?: (config: string) => boolean;
}

function mutate(values: Record<string, unknown>, random: Random, { engine }: Case): Mutation {
  const section = pick(random, ["model", "data", "train", "compute"]);
  const map = values[section] as Record<string, unknown>;
  const key = pick(random, Object.keys(map));
  const overrides = (made: Record<string, unknown>) => {
    const inner = engine === "unsloth" ? { training: made } : made;
    return { ...values, engine: { ...(values.engine as object), overrides: inner } };
  };
  const seed = Math.floor(random() * 1000);
  return pick<() => Mutation>(random, [
    () => ({ what: `${section}.${key}x`, values: { ...values, [section]: { ...map, [`${key}x`]: map[key] } } }),
    () => ({ what: `${section}.${key} as a map`, values: { ...values, [section]: { ...map, [key]: { no: 1 } } } }),
    () => ({
      what: "train.batch_size negative",
      values: { ...values, train: { ...(values.train as object), batch_size: -4 } },
    }),
    () => ({
      what: "train.optimizer unknown",
      values: { ...values, train: { ...(values.train as object), optimizer: "adamx" } },
    }),
    () => ({ what: "a key at the top", values: { ...values, trian: { epochs: 1 } } }),
    () => ({ what: "override misspelled", values: overrides({ adam_epsilom: 1e-9 }) }),
    () => ({ what: "override of the wrong type", values: overrides({ adam_epsilon: ["a"] }) }),
    () => ({ what: "override of what the recipe decides", values: overrides({ learning_rate: 1 }) }),
    () => ({
      what: "train.seed",
      values: { ...values, train: { ...(values.train as object), seed } },
      kept: (config: string) => new RegExp(`"?(seed|random_state)"?: ${seed}\\b`).test(config),
    }),
    () => ({
      what: "override of a free key",
      values: overrides({ adam_epsilon: 3e-7 }),
      kept: (config: string) => /adam_epsilon"?: (3e-7|0\.0000003)/.test(config),
    }),
  ])();
}
