// Tokens of an epoch and of the training: padding, packing, what is cut, and steps as the renderers count them.
import { describe, expect, it } from "vitest";
import { parseRecipe } from "../../recipes/parse.js";
import type { RowSample } from "./row-sample.js";
import { tokenPlan } from "./token-plan.js";
import { largestOf } from "./weighted.js";

const sample = (examples: number[][]): RowSample => ({
  ...{ by: "tokenizer", rows: examples.length, charsPerToken: 4, meanChars: 100, error: 0 },
  examples: examples.map((sequences) => ({ sequences, share: 1 })),
  longest: { train: Math.max(...examples.flat()), heldOut: null },
});
const recipe = (more: Record<string, unknown> = {}) =>
  parseRecipe({
    ...{ name: "x", model: { base: "qwen3-8b" }, method: "lora" },
    data: { train: "x.jsonl", max_length: 100, ...(more.data as object) },
    train: { batch_size: 4, micro_batch: 2, epochs: 2, ...(more.train as object) },
    ...(more.objective ? { objective: more.objective } : {}),
  });
const facts = (examples: number[][], count = examples.length) => ({
  ...{ sample: sample(examples), examples: count, meanChars: 100 },
  steps: Math.ceil(Math.ceil(count / 4) * 2),
});

describe("largestOf", () => {
  it("is the mean of one draw, and 1/n^2 sums by hand for two", () => {
    const alike = (...values: number[]) => values.map((value) => ({ value, share: 5 }));
    expect(largestOf(alike(10, 20, 30), 1).mean).toBeCloseTo(20);
    // Of nine pairs the largest is 10 once, 20 three times, 30 five times.
    expect(largestOf(alike(30, 10, 20), 2).mean).toBeCloseTo((10 + 3 * 20 + 5 * 30) / 9);
  });
});

describe("tokenPlan", () => {
  it("cuts long rows, pads a pass to its longest row, and takes the steps that the renderers count", () => {
    const plan = tokenPlan(recipe(), facts([[40], [60], [200], [80]], 400));
    expect(plan).toMatchObject({ steps: 200, cutShare: 0.25, mean: 95, longest: 200, sequences: 400, epochs: 2 });
    expect(plan.epoch.tokens).toBeCloseTo((400 * (40 + 60 + 100 + 80)) / 4);
    // Of 16 pairs: 40 once, 60 three, 80 five, 100 seven times.
    const padded = (40 + 3 * 60 + 5 * 80 + 7 * 100) / 16;
    expect(plan.epoch.withPadding).toBeCloseTo(400 * Math.ceil(padded));
    expect(plan.pass.tokens).toBe(2 * Math.ceil(padded));
  });

  it("has no padding to speak of when one row is a pass, or rows of a length lie together", () => {
    const plan = tokenPlan(recipe({ train: { micro_batch: 1 } }), facts([[40], [60], [80], [100]]));
    expect(plan.epoch.withPadding).toBe(plan.epoch.tokens);
  });

  it("packs rows into whole sequences, and counts steps by them", () => {
    const packed = tokenPlan(recipe({ data: { packing: true } }), {
      ...facts([[50], [50], [25], [75]], 400),
      steps: null,
    });
    expect(packed).toMatchObject({ sequences: 200, steps: 100 });
    expect(packed.epoch).toEqual({ tokens: 20_000, withPadding: 20_000 });
  });

  it("takes both answers of a pair, padded to the longer", () => {
    const plan = tokenPlan(recipe({ objective: "dpo" }), facts([[50, 70]], 8));
    expect(plan).toMatchObject({ sequences: 16, pass: { tokens: 2 * 2 * 70 } });
    expect(plan.epoch.tokens).toBe(8 * 120);
  });

  it("takes the whole data's characters where the sample is of its beginning", () => {
    const plan = tokenPlan(recipe(), { ...facts([[40]], 100), meanChars: 200 });
    expect(plan.mean).toBe(80);
  });
});
