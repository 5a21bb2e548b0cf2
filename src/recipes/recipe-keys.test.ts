// Which dotted keys a recipe has, and which one was meant.
import { describe, expect, it } from "vitest";
import { isRecipeKey, nearestRecipeKey } from "./recipe-keys.js";

describe("a recipe's keys", () => {
  it.each([
    "train.learning_rate",
    "method",
    "method.rank",
    "objective.beta",
    "train.early_stopping.patience",
    "engine.overrides.adam_beta2",
    "data.train",
    "model.base",
  ])("has %s", (key) => {
    expect(isRecipeKey(key)).toBe(true);
  });

  it.each([
    ["learning_rate", "train.learning_rate"],
    ["train.lerning_rate", "train.learning_rate"],
    ["metod.rank", "method.rank"],
    ["colour", null],
    ["extends", null],
  ])("has no %s; what is meant is %s", (key, meant) => {
    expect(isRecipeKey(key)).toBe(false);
    expect(nearestRecipeKey(key)).toBe(meant);
  });
});
