// How long rows may be: the curve crosses the GPU's line where the verdict changes.
import { expect, it } from "vitest";
import { findAlias } from "../models/catalogue.js";
import { parseRecipe } from "../recipes/parse.js";
import type { Hardware } from "./hardware.js";
import { lengthCurve } from "./length-curve.js";
import { type PlanInput, planMemory } from "./memory-plan.js";

const l4: Hardware = { label: "NVIDIA L4", alias: "l4", kind: "gpu", count: 1, bytes: 22.5 * 2 ** 30, bf16: true };

function input(set: object = {}): PlanInput {
  const recipe = parseRecipe({
    ...{ name: "x", model: { base: "llama3.1-8b" }, method: "qlora" },
    data: { train: "a.jsonl", max_length: 2048, ...set },
    train: { micro_batch: 4, gradient_checkpointing: true },
  });
  return { recipe, shape: findAlias("llama3.1-8b")!, lengths: null };
}

const verdictAt = (tokens: number) => planMemory(input({ max_length: tokens }), l4).verdict;

it("says up to which length it fits, is tight, and does not fit", () => {
  const { longest, points, planned } = lengthCurve(input(), l4, 131_072);
  expect(planned).toBe(2048);
  expect(verdictAt(longest.fits!)).toBe("fits");
  expect(verdictAt(Math.round(1.05 * longest.fits!))).toBe("tight");
  expect(verdictAt(longest.tight!)).toBe("tight");
  expect(verdictAt(Math.round(1.05 * longest.tight!))).toBe("does not fit");
  expect(points.every(({ low, mid, high }) => low < mid && mid < high)).toBe(true);
  expect(points.at(-1)!.mid).toBeGreaterThan(22.5);
  expect(points.at(-1)!.tokens).toBeGreaterThan(2048);
});

it("ends with the model's context, and says when no length fits", () => {
  expect(lengthCurve(input(), l4, 2500).points.at(-1)!.tokens).toBe(2500);
  expect(lengthCurve(input(), { ...l4, bytes: 2 ** 30 }, null).longest).toEqual({ fits: null, tight: null });
});
