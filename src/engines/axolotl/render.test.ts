// What Axolotl is given for whole scenarios, as files to read (fixtures/<scenario>), each read by the real AxolotlInputConfig of both pinned versions.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { z } from "zod";
import { enginePackages } from "../../../test/engine-packages.js";
import type { DatasetFacts } from "../../dataset/canonical.js";
import { packageRoot } from "../../paths.js";
import { parseRecipe } from "../../recipes/parse.js";
import { engineVersions } from "../../recipes/schema/compute.js";
import type { recipeSchema } from "../../recipes/schema.js";
import type { RenderInput } from "../contract.js";
import { axolotl } from "./index.js";
import { renderAxolotl } from "./render.js";

const fixtures = fileURLToPath(new URL("fixtures", import.meta.url));
const cpu = { kind: "cpu", count: 0, bf16: false } as const;
const cuda = { kind: "cuda", count: 1, bf16: true } as const;
const template = { source: "{{ messages }}\n", sha256: "01", origin: "file:my.jinja", hasGenerationMarkers: false };

type Changes = Omit<Partial<z.input<typeof recipeSchema>>, "data"> & { data?: object };

function input({ data, ...changes }: Changes, more: Partial<RenderInput> = {}): RenderInput {
  const recipe = parseRecipe({
    ...{ name: "n", model: { base: "org/tiny" }, method: "lora", engine: "axolotl" },
    ...changes,
    data: { train: "rows.jsonl", ...data },
  });
  const model = { asked: "tiny", source: "hub" as const, id: "org/tiny", revision: "abc", dir: "/models/tiny" };
  return {
    recipe,
    model: { ...model, template: null, notice: null, maxContext: 2048, family: "llama", paramsB: 0.1 },
    dataset: dataset("messages"),
    device: cuda,
    ...more,
  };
}

function carrying(...carries: DatasetFacts["train"]["carries"]): DatasetFacts {
  return { train: { ...dataset("messages").train, carries }, eval: null };
}

function dataset(kind: "messages" | "text" | "preference" | "unpaired" | "segments" | "tokens"): DatasetFacts {
  const kinds = { messages: 0, text: 0, preference: 0, unpaired: 0, prompt: 0, segments: 0, tokens: 0, [kind]: 90 };
  const train = {
    rows: 90,
    sha256: "aa".repeat(32),
    kinds,
    longestChars: 900,
    totalChars: 9000,
    assistantTurns: 120,
    carries: [],
  };
  return { train, eval: { ...train, rows: 10, sha256: "bb" } };
}

const gpus = (count: number) => ({ device: { ...cuda, count } });

const scenarios: Record<string, RenderInput> = {
  "lora-cpu": input({}, { device: cpu }),
  "full-with-template": input({ method: "full" }, { model: { ...input({}).model, template } }),
  "qlora-everything": input({
    model: { base: "org/tiny", attention: "flash_attention_2" },
    method: {
      ...{ type: "qlora", rank: 8, layers: [0, 1], modules_to_save: ["lm_head"], rslora: true, lora_plus_ratio: 16 },
      ...{ target_modules: ["q_proj", "v_proj"], init: "gaussian" },
    },
    data: { packing: true, max_length: 512 },
    train: {
      ...{ optimizer: "paged_adamw_8bit", scheduler: "cosine_with_min_lr", neftune_alpha: 5, liger: true },
      ...{ eval_every: 10, save_every: 20, early_stopping: { patience: 2 }, gradient_checkpointing: true },
    },
  }),
  "text-rows": input({ train: { scheduler: "constant", max_steps: 50 } }, { dataset: dataset("text") }),
  "tools-and-weights": input({}, { dataset: carrying("tool_calls", "tools", "weight") }),
  "segments-rows": input({}, { dataset: dataset("segments") }),
  "new-tokens-muon": input({ model: { base: "org/tiny", new_tokens: ["<call>"] }, train: { optimizer: "muon" } }),
  dpo: input({ objective: { type: "dpo", loss: "ipo" }, train: { eval_every: 5 } }, { dataset: dataset("preference") }),
  orpo: input({ objective: "orpo", method: "qlora" }, { dataset: dataset("preference") }),
  simpo: input({ objective: "simpo" }, { dataset: dataset("preference") }),
  kto: input({ objective: { type: "kto", undesirable_weight: 1.5 }, method: "full" }, { dataset: dataset("unpaired") }),
  "fsdp-context-parallel": input(
    {
      model: { base: "org/tiny", attention: "flash_attention_2" },
      compute: { gpus: 4, parallel: "fsdp", context_parallel: 2 },
    },
    gpus(4),
  ),
  "zero3-offload": input({ method: "full", compute: { gpus: 2, parallel: "zero3", offload: "all" } }, gpus(2)),
  overrides: input({ engine: { name: "axolotl", overrides: { adam_epsilon: 1e-9, dataloader_num_workers: 2 } } }),
};

const yamlOf = (scenario: RenderInput) => parse(renderAxolotl(scenario).files["config/axolotl.yaml"]!);

describe("renderAxolotl", () => {
  it.each(Object.entries(scenarios))("%s", async (name, scenario) => {
    const { files, ...rest } = renderAxolotl(scenario);
    for (const [path, content] of Object.entries(files))
      await expect(content).toMatchFileSnapshot(join(fixtures, name, path));
    await expect(`${JSON.stringify(rest, null, 2)}\n`).toMatchFileSnapshot(join(fixtures, name, "rendering.json"));
    expect(renderAxolotl(structuredClone(scenario))).toEqual({ files, ...rest });
  });

  it("has no scenario left over in fixtures/", () => {
    expect(readdirSync(fixtures).sort()).toEqual(Object.keys(scenarios).sort());
  });

  it.each(engineVersions.axolotl)(
    "axolotl %s's own schema takes every scenario, and would pass over no key",
    { timeout: 240_000 },
    async (version) => {
      const { folder, python } = await enginePackages("axolotl", version);
      const files = Object.entries(scenarios)
        .filter(([, { recipe }]) => axolotl.unsupported({ ...recipe, engine: { ...recipe.engine, version } }) === null)
        .map(([name]) => join(fixtures, name, "config/axolotl.yaml"));
      expect(files.length).toBeGreaterThan(10);
      const script = join(packageRoot, "trainer/tests/validate_axolotl.py");
      const { stdout } = await execa(python, [script, folder, ...files]);
      const read = JSON.parse(stdout) as Record<string, Record<string, unknown>>;
      expect(Object.keys(read)).toEqual(files);
      const of = (name: string) => read[join(fixtures, name, "config/axolotl.yaml")];
      expect(of("lora-cpu")).toMatchObject({ lora_r: 16, lora_target_linear: true, lora_mlp_kernel: false });
      expect(of("dpo")).toMatchObject({ rl: "dpo", dpo_loss_type: ["ipo"], rl_beta: 0.1 });
      expect(of("qlora-everything")).toMatchObject({
        load_in_4bit: true,
        peft_layers_to_transform: [0, 1],
        liger_rope: true,
      });
      expect(of("zero3-offload")).toMatchObject({ deepspeed: "config/deepspeed.json" });
    },
  );

  it("leaves the rounding of steps to the plugin; simpo, which takes no ratio, gets its warm-up in steps", () => {
    expect(yamlOf(input({ train: { batch_size: 16, epochs: 3 } }))).toMatchObject({
      num_epochs: 3,
      warmup_ratio: 0.03,
    });
    const simpo = { objective: "simpo", train: { max_steps: 101 } } as const;
    expect(yamlOf(input(simpo, { dataset: dataset("preference") }))).toMatchObject({ warmup_steps: 11 });
    expect(yamlOf(input({ objective: "simpo" }, { dataset: null }))).toMatchObject({ warmup_steps: 0 });
  });

  it("says which engine can where a row has variables for the template", () => {
    expect(() => renderAxolotl(input({}, { dataset: carrying("chat_template_kwargs") }))).toThrow(
      expect.objectContaining({ code: "data.unsupported-by-engine", message: expect.stringContaining("engine trl") }),
    );
  });

  it("leaves tokenised rows as they are", () => {
    const [source] = yamlOf(input({}, { dataset: dataset("tokens") })).datasets;
    expect(source).toEqual({ path: "data/train.jsonl", ds_type: "json", split: "train" });
  });

  it("keeps prepared rows apart by their content", () => {
    expect(yamlOf(input({})).dataset_prepared_path).toContain("aaaaaaaaaaaa");
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ["a key that Axolotl would pass over", { lora_rnak: 8 }, /has no key lora_rnak/],
    ["a nested one", { accelerator_config: 3 }, /cannot be 3/],
    ["a key that it takes and never reads", { heads_k_stride: 1 }, /does nothing with it/],
    ["what the recipe decides", { lora_r: 8 }, /is ft's own/],
  ])("refuses overrides: %s", (_what, overrides, message) => {
    expect(() => renderAxolotl(input({ engine: { name: "axolotl", overrides } }))).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ message: expect.stringMatching(message) })] }),
    );
  });

  it("says which engine can what it cannot", () => {
    const reason = (changes: Changes) => axolotl.unsupported(input(changes).recipe);
    expect(reason({})).toBeNull();
    expect(reason({ objective: "reward" })).toMatch(/trl/);
    expect(reason({ method: { type: "lora", lora_plus_ratio: 16 }, train: { weight_decay: 0.1 } })).toMatch(
      /decay.*trl/,
    );
    expect(reason({ objective: "cpo" })).toMatch(/simpo.*trl/);
    expect(reason({ method: { type: "lora", init: "pissa" } })).toMatch(/original base.*trl/);
  });
});
