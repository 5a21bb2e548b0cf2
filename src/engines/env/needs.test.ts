// Options that need packages which ft's locked environments do not have are refused before anything is made.
import { expect, it } from "vitest";
import { parseRecipe } from "../../recipes/parse.js";
import { requirePackages } from "./needs.js";

const check = (changes: object) => () =>
  requirePackages(parseRecipe({ name: "n", model: { base: "b" }, method: "lora", data: { train: "r" }, ...changes }));

it.each([
  [{ compute: { gpus: 2, parallel: "zero2" } }, "compute.parallel zero2 needs deepspeed"],
  [{ train: { liger: true } }, "train.liger needs liger-kernel"],
  [{ model: { base: "b", attention: "flash_attention_2" } }, "model.attention flash_attention_2 needs flash-attn"],
  [{ objective: { type: "grpo", rewards: ["json_valid"], vllm: true } }, "objective.vllm needs vllm"],
])("%j is refused: %s", (changes, message) => {
  expect(check(changes)).toThrow(
    expect.objectContaining({ exit: "environment", problems: [expect.objectContaining({ message })] }),
  );
});

it("lets pass what the engine's own lock has", () => {
  expect(check({})).not.toThrow();
  expect(check({ train: { liger: true }, engine: "axolotl" })).not.toThrow();
});
