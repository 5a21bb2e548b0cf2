// What TRL is given for whole scenarios, as files to read (fixtures/<scenario>/expected), each parsed by the real TRL too.
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { z } from "zod";
import type { DatasetFacts } from "../../dataset/canonical.js";
import type { ModelFacts } from "../../models/facts.js";
import { packageRoot } from "../../paths.js";
import { parseRecipe } from "../../recipes/parse.js";
import type { recipeSchema } from "../../recipes/schema.js";
import type { RenderInput } from "../contract.js";
import { keyTable } from "../key-table.js";
import { trl } from "./index.js";
import { renderTrl } from "./render.js";

const fixtures = fileURLToPath(new URL("fixtures", import.meta.url));
const cpu = { kind: "cpu", count: 0, bf16: false } as const;
const cuda = { kind: "cuda", count: 2, bf16: true } as const;

const ownTemplate = { source: "{{ x }}", sha256: "00", origin: "model", hasGenerationMarkers: false };
const known = { ...ownTemplate, sha256: keyTable("trl", "1.16.0").trainingTemplates[0]! };
const fileTemplate = {
  source: "{% generation %}{{ x }}{% endgeneration %}\n",
  sha256: "01",
  origin: "file:my.jinja",
  hasGenerationMarkers: true,
};

function model(template: ModelFacts["template"]): ModelFacts {
  return {
    asked: "tiny",
    source: "hub",
    id: "org/tiny",
    revision: "abc",
    dir: "/models/tiny",
    template,
    notice: null,
    maxContext: 2048,
    family: "llama",
    paramsB: 0.1,
  };
}

function dataset(text = false): DatasetFacts {
  const none = { messages: 0, text: 0, preference: 0, unpaired: 0, prompt: 0, segments: 0, tokens: 0 };
  const kinds = text ? { ...none, text: 90 } : { ...none, messages: 90 };
  const train = {
    rows: 90,
    sha256: "aa",
    kinds,
    longestChars: 900,
    totalChars: 9000,
    assistantTurns: text ? 0 : 120,
    carries: [],
  };
  return { train, eval: { ...train, rows: 10, sha256: "bb" } };
}

function ofKind(kind: "segments" | "tokens"): DatasetFacts {
  const { train } = dataset();
  return { train: { ...train, kinds: { ...train.kinds, messages: 0, [kind]: 90 } }, eval: null };
}

function carrying(...carries: DatasetFacts["train"]["carries"]): DatasetFacts {
  const { train } = dataset();
  return { train: { ...train, carries }, eval: null };
}

type Input = z.input<typeof recipeSchema>;

interface Changes extends Omit<Partial<Input>, "data"> {
  data?: Partial<Input["data"]>;
}

function input(changes: Changes, more: Partial<RenderInput> = {}): RenderInput {
  const { data, ...rest } = changes;
  const written = { name: "n", model: { base: "org/tiny" }, method: "lora", ...rest };
  const recipe = parseRecipe({ ...written, data: { train: "rows.jsonl", ...data } });
  return { recipe, model: model(ownTemplate), dataset: dataset(), device: cpu, ...more };
}

const scenarios: Record<string, RenderInput> = {
  "lora-everything": input(
    {
      model: { base: "org/tiny", attention: "sdpa", new_tokens: ["<call>"] },
      method: {
        ...{ type: "lora", rank: 8, layers: [0, 1], modules_to_save: ["lm_head"], rslora: true, dora: true },
        ...{ lora_plus_ratio: 16, target_modules: { regex: ".*(q|v)_proj" } },
      },
      data: { packing: true, max_length: 512 },
      train: {
        ...{ optimizer: "paged_adamw_8bit", scheduler: "cosine_with_min_lr", neftune_alpha: 5, liger: true },
        ...{ eval_every: 10, save_every: 20, early_stopping: { patience: 2 }, gradient_checkpointing: true },
      },
    },
    { device: cuda },
  ),
  dpo: input(
    { objective: { type: "dpo", loss: "ipo" }, model: { base: "org/tiny", template: "my.jinja" } },
    { model: model(fileTemplate) },
  ),
  orpo: input({ objective: "orpo", method: "qlora" }, { device: cuda }),
  kto: input({ objective: { type: "kto", undesirable_weight: 1.5 }, method: "full" }),
  simpo: input({ objective: "simpo" }),
  cpo: input({ objective: { type: "cpo", loss: "hinge" } }),
  reward: input({ objective: { type: "reward", center_rewards: 0.01 } }),
  grpo: input({
    objective: { type: "grpo", rewards: ["json_valid", "my/own.py:score"], reward_weights: [1, 0.5], generations: 4 },
  }),
  "fsdp-context-parallel": input(
    { method: "qlora", compute: { gpus: 4, parallel: "fsdp", offload: "all", context_parallel: 2 } },
    { device: { ...cuda, count: 4 } },
  ),
  "zero3-offload": input(
    { method: "full", objective: "dpo", compute: { gpus: 2, parallel: "zero3", offload: "all" } },
    { device: cuda },
  ),
  "two-cpu-processes": input({ compute: { gpus: 2, device: "cpu" } }),
  "lora-cpu": input({}),
  "qlora-cuda": input(
    {
      method: { type: "qlora", rank: 64, target_modules: ["q_proj", "v_proj"] },
      train: { eval_every: 20, epochs: 2.5 },
    },
    { device: cuda },
  ),
  "full-cuda-bf16": input({ method: "full", train: { max_steps: 100, batch_size: 12 } }, { device: cuda }),
  "text-rows": input({ train: { scheduler: "constant", learning_rate: 1e-7 } }, { dataset: dataset(true) }),
  "tools-and-weights": input({}, { model: model(known), dataset: carrying("tool_calls", "tools", "weight") }),
  "segments-rows": input({}, { dataset: ofKind("segments") }),
  "template-file": input({ model: { base: "org/tiny", template: "my.jinja" } }, { model: model(fileTemplate) }),
  "train-on-all": input({ data: { train_on: "all" } }, { model: model(known) }),
  "template-that-trl-knows": input({}, { model: model(known) }),
  overrides: input({
    engine: {
      name: "trl",
      overrides: {
        loss_type: "dft",
        lr_scheduler_kwargs: { num_cycles: 2 },
        adam_epsilon: 1e-9,
        dataloader_pin_memory: true,
      },
    },
  }),
};

const yamlOf = (scenario: RenderInput) => renderTrl(scenario).files["config/trl.yaml"]!;

describe("renderTrl", () => {
  it.each(Object.entries(scenarios))("%s", async (name, scenario) => {
    const { files, ...rest } = renderTrl(scenario);
    for (const [path, content] of Object.entries(files))
      await expect(content).toMatchFileSnapshot(join(fixtures, name, "expected", path));
    await expect(`${JSON.stringify(rest, null, 2)}\n`).toMatchFileSnapshot(
      join(fixtures, name, "expected/rendering.json"),
    );
  });

  it("has no scenario left over in fixtures/", () => {
    expect(readdirSync(fixtures).sort()).toEqual(Object.keys(scenarios).sort());
  });

  it("gives the same bytes for the same input", () => {
    for (const scenario of Object.values(scenarios))
      expect(renderTrl(structuredClone(scenario))).toEqual(renderTrl(scenario));
  });

  it.each([
    [16, undefined, 8, 2],
    [12, undefined, 6, 2],
    [7, undefined, 7, 1],
    [13, undefined, 1, 13],
    [16, 2, 2, 8],
  ])("batch_size %i, micro_batch %s: %i rows a pass, %i passes a step", (batch, micro, rows, passes) => {
    const train = { batch_size: batch, ...(micro ? { micro_batch: micro } : {}) };
    expect(parse(yamlOf(input({ train })))).toMatchObject({
      per_device_train_batch_size: rows,
      gradient_accumulation_steps: passes,
    });
  });

  it.each([
    ["auto", cpu, false, false],
    ["auto", cuda, true, false],
    ["auto", { ...cuda, bf16: false }, false, true],
    ["auto", { kind: "mps", count: 1, bf16: true }, false, false],
    ["bf16", cpu, true, false],
    ["fp32", cuda, false, false],
  ] as const)("precision %s on %o: bf16 %s, fp16 %s", (precision, device, bf16, fp16) => {
    expect(parse(yamlOf(input({ train: { precision } }, { device })))).toMatchObject({ bf16, fp16 });
  });

  it("trains qlora in fp32 on a GPU without bf16, because fp16 refuses its bf16 adapter", () => {
    const scenario = input({ method: "qlora" }, { device: { ...cuda, bf16: false } });
    expect(parse(yamlOf(scenario))).toMatchObject({ bf16: false, fp16: false, dtype: "float32" });
    expect(renderTrl(scenario).notes.join()).toContain("cannot train in fp16");
  });

  it("uses the first of the GPUs that the person gave it", () => {
    const env = (device: RenderInput["device"]) => renderTrl(input({}, { device })).env.CUDA_VISIBLE_DEVICES;
    expect(env({ ...cuda, firstGpu: "2" })).toBe("2");
    expect(env(cuda)).toBe("0");
    expect(env({ ...cuda, count: 1, firstGpu: "2" })).toBeUndefined();
  });

  it("believes data.format while the data was not read", () => {
    expect(renderTrl(input({ data: { format: "text" } }, { dataset: null })).layout).toBe("text");
    expect(renderTrl(input({}, { dataset: null })).layout).toBe("prompt-completion");
  });

  it("asks for no loss on rows that there are not, and says so", () => {
    const noEval = { ...dataset(), eval: null };
    const scenario = input({ train: { eval_every: 5 } }, { dataset: noEval });
    expect(parse(yamlOf(scenario)).eval_strategy).toBe("no");
    expect(renderTrl(scenario).notes.join()).toContain("train.eval_every computes nothing");
  });
});

describe("engine.overrides", () => {
  it("names every key that cannot be used at once, with what to use", () => {
    const overrides = { lora_r: 3, nefttune_noise_alpha: 5, constructor: 1, adam_beta1: 0.8 };
    const scenario = input({ engine: { overrides } });
    expect(() => renderTrl(scenario)).toThrow(
      expect.objectContaining({
        code: "recipe.overrides",
        exit: "recipe",
        problems: [
          { message: "engine.overrides.lora_r is ft's own", fix: "use method.rank" },
          {
            message: "engine.overrides.nefttune_noise_alpha: TRL 1.16.0 has no key nefttune_noise_alpha",
            fix: "did you mean neftune_noise_alpha?",
          },
          expect.objectContaining({ message: "engine.overrides.constructor: TRL 1.16.0 has no key constructor" }),
        ],
      }),
    );
  });

  it("cannot change what the recipe decides", () => {
    const free = [
      ...["dataloader_pin_memory", "per_device_eval_batch_size", "logging_first_step", "disable_tqdm", "report_to"],
      ...["lr_scheduler_kwargs", "adam_epsilon"],
    ];
    const decided = Object.entries(scenarios)
      .filter(([name]) => name !== "overrides")
      .flatMap(([, scenario]) => {
        const rendered = Object.entries(parse(yamlOf(scenario)) as Record<string, unknown>);
        return rendered.filter(([key]) => !free.includes(key)).map((pair) => [scenario, ...pair] as const);
      });
    expect(decided.length).toBeGreaterThan(500);
    for (const [{ recipe, ...scenario }, key, value] of decided)
      expect(
        () =>
          renderTrl({ ...scenario, recipe: { ...recipe, engine: { ...recipe.engine, overrides: { [key]: value } } } }),
        key,
      ).toThrow(
        expect.objectContaining({
          problems: [expect.objectContaining({ message: expect.stringContaining("ft's own") })],
        }),
      );
  });

  it.each([
    ["dataloader_pin_memory", "yes please"],
    ["dataloader_num_workers", 1.5],
    ["adam_epsilon", "small"],
    ["hub_model_id", 3],
    ["lora_target_parameters", "lm_head"],
    ["model_init_kwargs", [1]],
    ["optim_args", 3],
  ])("%s: %j is of the wrong type", (key, value) => {
    expect(() => renderTrl(input({ engine: { overrides: { [key]: value } } }))).toThrow(
      expect.objectContaining({
        problems: [expect.objectContaining({ fix: expect.stringMatching(/^TRL 1.16.0 wants: /) })],
      }),
    );
  });

  it("takes values of every type that TRL has", () => {
    const overrides = {
      dataloader_num_workers: 2,
      adam_epsilon: 1,
      lora_target_parameters: ["lm_head"],
      model_init_kwargs: { use_kernels: false },
      optim_args: null,
      packing_strategy: "wrapped",
    };
    expect(parse(yamlOf(input({ engine: { overrides } })))).toMatchObject(overrides);
  });

  it("replaces what ft rendered, once", () => {
    expect(parse(yamlOf(scenarios.overrides!))).toMatchObject({ dataloader_pin_memory: true });
    expect(yamlOf(scenarios.overrides!).match(/^dataloader_pin_memory:/gm)).toHaveLength(1);
  });
});

it("says why there is no qlora on MPS", () => {
  expect(trl.unsupported(input({ method: "qlora", compute: { device: "mps" } }).recipe)).toMatch(/lora/);
  expect(trl.unsupported(input({ compute: { device: "mps" } }).recipe)).toBeNull();
});

it("the real TRL reads every scenario and leaves no key over", { timeout: 600_000 }, async () => {
  const python = process.env.FT_TEST_PYTHON;
  if (!python || !existsSync(python)) throw new Error(`FT_TEST_PYTHON (${python}) is no Python of the TRL environment`);
  const files = Object.keys(scenarios).map((name) => join(fixtures, name, "expected/config/trl.yaml"));
  const named = Object.values(scenarios).map(({ recipe }, index) => `${recipe.objective.type}=${files[index]}`);
  const script = join(packageRoot, "trainer/tests/validate_trl.py");
  const { stdout } = await promisify(execFile)(python, [script, ...named], { maxBuffer: 1 << 24 });
  const parsed = JSON.parse(stdout) as Record<string, Record<string, unknown>>;
  expect(Object.keys(parsed)).toEqual(files);
  const of = (name: string) => parsed[join(fixtures, name, "expected/config/trl.yaml")];
  expect(of("lora-cpu")).toMatchObject({ lora_target_modules: "all-linear", learning_rate: 2e-4, warmup_steps: 0.03 });
  expect(of("qlora-cuda")).toMatchObject({ load_in_4bit: true, lora_target_modules: ["q_proj", "v_proj"], bf16: true });
  expect(of("full-cuda-bf16")).toMatchObject({ use_peft: false, max_steps: 100, dtype: "float32" });
  expect(of("text-rows")).toMatchObject({ learning_rate: 1e-7, assistant_only_loss: false });
  expect(of("overrides")).toMatchObject({ adam_epsilon: 1e-9, loss_type: "dft" });
  expect(of("simpo")).toMatchObject({ loss_type: "simpo", beta: 2, simpo_gamma: 1, cpo_alpha: 0 });
  expect(of("grpo")).toMatchObject({
    reward_funcs: ["ft_trainer.rewards.json_valid", "rewards.own.score"],
    num_generations: 4,
  });
  expect(of("reward")).toMatchObject({ lora_task_type: "SEQ_CLS", center_rewards_coefficient: 0.01 });
});
