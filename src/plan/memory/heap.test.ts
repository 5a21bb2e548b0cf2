// A CPU's memory against what torch was counted to write, and what the process was measured to take.
import { expect, test } from "vitest";
import { findAlias } from "../../models/catalogue.js";
import { parseRecipe } from "../../recipes/parse.js";
import type { Hardware } from "../hardware.js";
import { planMemory } from "../memory-plan.js";
import { smallestSetting } from "../smallest.js";
import { layerOutputs } from "./heap.js";

const shape = findAlias("smollm2-135m")!;

/** Sum of the outputs that torch 2.15 allocates in a forward pass (TorchDispatchMode), numbers a token and layer. */
test.each([
  ["full", 17_384],
  ["lora", 33_048],
] as const)("a layer with method %s writes what torch writes", (method, numbers) => {
  expect(Math.abs(layerOutputs(smallestSetting(shape, method)) / numbers - 1)).toBeLessThan(0.04);
});

const cpu: Hardware = { label: "CPU", alias: null, kind: "cpu", count: 1, bytes: 24 * 2 ** 30, bf16: false };

/** examples/support-triage, `ft plan --probe` with TRL 1.16 on Linux (glibc 2.36): GiB of the trainer's process, by rows of 89 tokens. */
test.each([
  [1, false, 1.824],
  [4, false, 2.761],
  [8, false, 3.794],
  [8, true, 3.23],
])("%d rows in a pass (checkpointing: %s) take %s GiB on a CPU", (rows, checkpointing, measured) => {
  const recipe = parseRecipe({
    ...{ name: "x", model: { base: "smollm2-135m" }, method: { type: "lora", rank: 16 } },
    ...{
      data: { train: "x.jsonl", max_length: 192 },
      train: { batch_size: 2 * rows, micro_batch: rows, gradient_checkpointing: checkpointing },
    },
  });
  const { needed } = planMemory({ recipe, shape, lengths: { longest: 89, mean: 89 } }, cpu);
  expect(Math.abs(needed.mid / measured - 1)).toBeLessThan(0.06);
});
