// What Unsloth is given for whole scenarios, as scripts to read (fixtures/<scenario>), each checked against Unsloth's own source.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { enginePackages } from "../../../test/engine-packages.js";
import type { DatasetFacts, RowKind } from "../../dataset/canonical.js";
import { packageRoot } from "../../paths.js";
import { parseRecipe } from "../../recipes/parse.js";
import type { recipeSchema } from "../../recipes/schema.js";
import type { RenderInput } from "../contract.js";
import { unsloth } from "./index.js";
import { renderUnsloth } from "./render.js";

const fixtures = fileURLToPath(new URL("fixtures", import.meta.url));
const template = { source: "{{ messages }}\n", sha256: "01", origin: "file:my.jinja", hasGenerationMarkers: false };

type Changes = Omit<Partial<z.input<typeof recipeSchema>>, "data"> & { data?: object };

function input({ data, ...changes }: Changes, more: Partial<RenderInput> = {}): RenderInput {
  const recipe = parseRecipe({
    ...{ name: "n", model: { base: "org/tiny" }, method: "lora", engine: "unsloth" },
    ...changes,
    data: { train: "rows.jsonl", ...data },
  });
  const model = { asked: "tiny", source: "hub" as const, id: "org/tiny", revision: "abc", dir: "/models/tiny" };
  return {
    recipe,
    model: { ...model, template: null, notice: null, maxContext: 2048, family: "llama", paramsB: 0.1 },
    dataset: null,
    device: { kind: "cuda", count: 1, bf16: true },
    ...more,
  };
}

function facts(kind: RowKind, carries: DatasetFacts["train"]["carries"] = []): DatasetFacts {
  const none = { messages: 0, text: 0, preference: 0, unpaired: 0, prompt: 0, segments: 0, tokens: 0 };
  const train = {
    rows: 90,
    sha256: "aa",
    kinds: { ...none, [kind]: 90 },
    longestChars: 900,
    totalChars: 27_000,
    assistantTurns: 120,
    carries,
  };
  return { train, eval: null };
}

const grpo = { type: "grpo" as const, rewards: ["json_valid", "my/own.py:score"], reward_weights: [1, 0.5] };
const withTemplate = { ...input({}).model, template };

const scenarios: Record<string, RenderInput> = {
  qlora: input({ method: "qlora" }),
  "full-with-template": input({ method: "full" }, { model: withTemplate }),
  "lora-everything": input({
    model: { base: "org/tiny", new_tokens: ['<call>"; import os #'] },
    method: { type: "lora", layers: [0, 1], rslora: true, lora_plus_ratio: 16, target_modules: ["q_proj", "v_proj"] },
    data: { packing: true },
    train: {
      eval_every: 10,
      save_every: 10,
      early_stopping: { patience: 2 },
      gradient_checkpointing: true,
      neftune_alpha: 5,
    },
  }),
  dpo: input({ objective: "dpo", train: { eval_every: 5 } }),
  kto: input({ objective: "kto", method: "qlora" }),
  orpo: input({ objective: "orpo" }),
  grpo: input({ objective: grpo }),
  tools: input({}, { dataset: facts("messages", ["tool_calls", "tools"]) }),
  overrides: input({
    engine: {
      name: "unsloth",
      overrides: {
        from_pretrained: { offload_embedding: false },
        training: { adam_epsilon: 1e-9, dataloader_num_workers: 2 },
      },
    },
  }),
};

const script = (scenario: RenderInput) => renderUnsloth(scenario).files["config/train_unsloth.py"]!;

describe("renderUnsloth", () => {
  it.each(Object.entries(scenarios))("%s", async (name, scenario) => {
    await expect(script(scenario)).toMatchFileSnapshot(join(fixtures, `${name}.py`));
    expect(renderUnsloth(structuredClone(scenario)).files).toEqual(renderUnsloth(scenario).files);
  });

  it("has no scenario left over in fixtures/", () => {
    expect(readdirSync(fixtures).sort()).toEqual(
      Object.keys(scenarios)
        .map((name) => `${name}.py`)
        .sort(),
    );
  });

  it("compiles, and passes no name or keyword that the pinned Unsloth does not have", {
    timeout: 240_000,
  }, async () => {
    const { folder, python } = await enginePackages("unsloth", "2026.10.7");
    const files = Object.entries(scenarios).map(
      ([name, { recipe }]) => `${recipe.objective.type}=${join(fixtures, `${name}.py`)}`,
    );
    const checked = await execa(python, [join(packageRoot, "trainer/tests/validate_unsloth.py"), folder, ...files]);
    const keywords = Object.values(JSON.parse(checked.stdout) as Record<string, number>);
    expect(Math.min(...keywords)).toBeGreaterThan(30);
  });

  it.each<[string, object, RegExp]>([
    ["a call that the script does not have", { trainer: {} }, /trainer is no call of the script/],
    ["an unknown argument", { get_peft_model: { lora_rank: 3 } }, /has no key lora_rank/],
    ["what the recipe decides", { from_pretrained: { load_in_4bit: false } }, /is ft's own/],
    ["what Unsloth never reads", { get_peft_model: { max_seq_length: 3 } }, /does nothing with it/],
  ])("refuses overrides: %s", (_what, overrides, message) => {
    const scenario = input({ engine: { name: "unsloth", overrides: overrides as Record<string, unknown> } });
    expect(() => renderUnsloth(scenario)).toThrow(
      expect.objectContaining({
        code: "recipe.overrides",
        problems: [expect.objectContaining({ message: expect.stringMatching(message) })],
      }),
    );
  });

  it("says which engine can train rows that were tokenised before", () => {
    expect(() => renderUnsloth(input({}, { dataset: facts("tokens") }))).toThrow(/engine trl or axolotl/);
  });

  it("says which engine can what it cannot", () => {
    const reason = (changes: Changes) => unsloth.unsupported(input(changes).recipe);
    expect(reason({})).toBeNull();
    expect(reason({ compute: { device: "cpu" } })).toMatch(/GPU.*trl/);
    expect(reason({ compute: { gpus: 2 } })).toMatch(/one GPU.*axolotl/);
    expect(reason({ objective: "reward" })).toMatch(/trl/);
    expect(reason({ method: { type: "lora", dora: true } })).toMatch(/DoRA.*trl/);
  });
});
