// What ft chooses for open keys, by method, objective, model size and data; and that each choice says why.
import { describe, expect, it } from "vitest";
import { type ChoiceFacts, fillDefaults, nothingKnown } from "./defaults.js";
import { recipeSchema } from "./schema.js";

function filled(changes: object = {}, facts: Partial<ChoiceFacts> = {}) {
  const minimal = { name: "n", model: { base: "b" }, method: "lora", data: { train: "rows.jsonl" } };
  return fillDefaults(recipeSchema.parse({ ...minimal, ...changes }), { ...nothingKnown, ...facts });
}

describe("fillDefaults", () => {
  it.each([
    ["lora", "sft", 7, 2e-4],
    ["qlora", "sft", 70, 1e-4],
    ["full", "sft", 7, 2e-5],
    ["full", "sft", 70, 1e-5],
    ["lora", "dpo", 8, 5e-6],
    ["full", "grpo", 8, 1e-6],
  ])("learning rate of %s, %s, %d B parameters: %d", (method, type, paramsB, rate) => {
    const objective = type === "grpo" ? { type, rewards: ["json_valid"] } : type;
    expect(filled({ method, objective }, { paramsB }).recipe.train.learning_rate).toBe(rate);
  });

  it.each([
    [null, 1],
    [400, 3],
    [20_000, 2],
    [500_000, 1],
  ])("%s rows of answers are seen %d times; preferences once", (rows, times) => {
    expect(filled({}, { rows }).recipe.train.epochs).toBe(times);
    expect(filled({ objective: "dpo" }, { rows }).recipe.train.epochs).toBe(1);
  });

  it.each([
    [null, null, 1024],
    [500, null, 256],
    [5_000, null, 2048],
    [5_000, 1024, 1024],
    [10_000_000, null, 8192],
    [10_000_000, 131_072, 8192],
  ])("a longest row of %s characters, a context of %s: max_length %d", (longestChars, maxContext, tokens) => {
    expect(filled({}, { longestChars, maxContext }).recipe.data.max_length).toBe(tokens);
  });

  it("takes a bigger adapter for much data, and half the batch for little", () => {
    expect(filled({}, { rows: 100 }).recipe).toMatchObject({ method: { rank: 16 }, train: { batch_size: 8 } });
    expect(filled({}, { rows: 200_000 }).recipe).toMatchObject({ method: { rank: 64 }, train: { batch_size: 16 } });
  });

  it("makes a batch that divides over micro batches, GPUs and generations", () => {
    const objective = { type: "grpo", rewards: ["json_valid"], generations: 6 };
    const { recipe } = filled({ objective, train: { micro_batch: 4 }, compute: { gpus: 2 } });
    expect(recipe.train.batch_size).toBe(48);
  });

  it("leaves alone what is written, and tells each choice with its reason", () => {
    const { recipe, choices } = filled({ method: { type: "lora", rank: 3 }, train: { learning_rate: 0.1 } });
    expect(recipe).toMatchObject({ method: { rank: 3 }, train: { learning_rate: 0.1 } });
    const keys = choices.map(({ key }) => key);
    expect(keys).not.toContain("method.rank");
    expect(keys).toContain("train.epochs");
    for (const { reason } of choices) expect(reason).toMatch(/\w+ \w+/);
    for (const key of ["method.alpha", "train.batch_size", "train.warmup_ratio"])
      expect(choices.find((choice) => choice.key === key)?.source).toMatch(/20\d\d/);
  });

  it("does not speak of an adapter where there is none", () => {
    expect(filled({ method: "full" }).choices.some(({ key }) => key.startsWith("method."))).toBe(false);
  });
});
