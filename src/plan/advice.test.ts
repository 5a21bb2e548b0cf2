// What makes a training fit: a fit is found where there is one, and what costs no quality is told beside it.
import { expect, it } from "vitest";
import { findAlias } from "../models/catalogue.js";
import { checkRecipe } from "../recipes/check-recipe.js";
import { nothingKnown } from "../recipes/defaults.js";
import { parseRecipe } from "../recipes/parse.js";
import type { Recipe } from "../recipes/schema.js";
import { adviseFit } from "./advice.js";
import type { Hardware } from "./hardware.js";

const gpu = (gib: number, count = 1): Hardware => ({
  ...{ label: "a GPU", alias: null, kind: "gpu", count, bytes: gib * 2 ** 30, bf16: true },
});

const isTaken = (recipe: Recipe): boolean =>
  checkRecipe(recipe, () => false, { ...nothingKnown, device: "cuda" }).length === 0;

function advise(values: object, hardware: Hardware) {
  const recipe = parseRecipe({
    ...{ name: "x", model: { base: "qwen3-8b" }, data: { train: "a.jsonl" }, train: {}, ...values },
  });
  const lengths = { longest: 150, mean: 100 };
  const advice = adviseFit({ recipe, shape: findAlias(recipe.model.base)!, lengths }, hardware, isTaken)!;
  const setsOf = (way: typeof advice.tight) => Object.assign({}, ...(way?.changes ?? []).map(({ set }) => set));
  return { ...advice, set: setsOf(advice), tightly: setsOf(advice.tight) };
}

it("takes up again what did not help before another change", () => {
  const { after, isEnough, set } = advise({ method: "full" }, gpu(22.5));
  expect({ verdict: after.verdict, isEnough, set }).toEqual({
    ...{ verdict: "fits", isEnough: true },
    set: { "train.gradient_checkpointing": true, "method.type": "lora" },
  });
});

it("goes from all weights to a 4-bit base where that is what it takes, and says it as one change", () => {
  const { after, changes } = advise({ method: "full" }, gpu(11.6));
  expect(after.verdict).toBe("fits");
  const [method] = changes.filter(({ set }) => "method.type" in set);
  expect(method).toMatchObject({ set: { "method.type": "qlora" }, what: expect.stringContaining("of all weights") });
});

it("tells what is tight and trains all weights, beside the adapter that fits", () => {
  const { set, tight, tightly } = advise({ method: "full" }, gpu(79.6));
  expect(set).toEqual({ "method.type": "lora" });
  expect(tightly).toEqual({ "train.gradient_checkpointing": true, "train.optimizer": "paged_adamw_8bit" });
  expect(tight?.after.verdict).toBe("tight");
});

it("counts rows from what the recipe has now", () => {
  const { changes } = advise(
    { method: "qlora", train: { batch_size: 16, micro_batch: 16, gradient_checkpointing: true } },
    gpu(9),
  );
  const [micro] = changes.filter(({ set }) => "train.micro_batch" in set);
  expect(micro?.what).toMatch(/^(1 row|\d+ rows) in a forward pass instead of 16,/);
});

it("says so when nothing is enough", () => {
  const { isEnough, after } = advise({ model: { base: "llama3.1-70b" }, method: "qlora" }, gpu(22.5));
  expect({ isEnough, verdict: after.verdict }).toEqual({ isEnough: false, verdict: "does not fit" });
});

it.each([2, 4, 8])("never pairs FSDP2 with an optimizer of bitsandbytes, on %d GPUs", (count) => {
  for (const optimizer of ["adamw", "paged_adamw_8bit"]) {
    const { set } = advise({ method: "full", train: { optimizer } }, gpu(39.5, count));
    const optimizerThen = set["train.optimizer"] ?? optimizer;
    expect(set["compute.parallel"] === "fsdp" && optimizerThen !== "adamw", JSON.stringify(set)).toBe(false);
  }
});
