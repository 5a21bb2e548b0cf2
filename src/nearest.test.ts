// What "did you mean" offers.
import { expect, it } from "vitest";
import { nearest } from "./nearest.js";

it.each([
  ["epohcs", ["epochs", "batch_size"], "epochs"],
  ["SmolLM2", ["qwen3-8b", "smollm2-135m"], "smollm2-135m"],
  ["nope", ["trl-1.16.0-cpu-1ec08023", "20261123-185037-ncco"], null],
  ["x", [], null],
])("%s among %j: %s", (word, names, expected) => {
  expect(nearest(word, names)).toBe(expected);
});
