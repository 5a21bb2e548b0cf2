// What the recipe's other rows and overrides change of the memory: a long held-out row, offloading without checkpointing.
import { expect, it } from "vitest";
import { findAlias } from "../models/catalogue.js";
import { parseRecipe } from "../recipes/parse.js";
import { gpuCatalogue } from "./gpus.js";
import { type Hardware, hardwareOf } from "./hardware.js";
import { planMemory } from "./memory-plan.js";

const l4: Hardware = hardwareOf({ gpu: gpuCatalogue({}).find(({ alias }) => alias === "l4")!, count: 1 });

const plan = (train: object, heldOut: number | null, overrides: object = {}) =>
  planMemory(
    {
      recipe: parseRecipe({
        ...{ name: "x", model: { base: "qwen3-1.7b" }, method: "lora", data: { train: "a.jsonl", max_length: 32_768 } },
        ...{ train: { micro_batch: 8, ...train }, engine: { name: "trl", overrides } },
      }),
      shape: findAlias("qwen3-1.7b")!,
      lengths: { longest: 84, mean: 60, heldOut },
    },
    l4,
  );

it("a long held-out row is in the peak when losses on held-out rows are computed, and only then", () => {
  const short = plan({ eval_every: 10 }, 84);
  const long = plan({ eval_every: 10 }, 30_000);
  expect([short.peak, long.peak]).toEqual(["loss", "held-out rows"]);
  expect(long.needed.mid).toBeGreaterThan(2 * short.needed.mid);
  expect(long.terms.find(({ term }) => term === "heldOut")).toMatchObject({ atPeak: true });
  expect(plan({}, 30_000).needed).toEqual(plan({}, null).needed);
});

it("activation_offloading moves what layers keep to the CPU, without checkpointing too", () => {
  const kept = (overrides: object) => plan({}, null, overrides).terms.find(({ term }) => term === "activations")!.gib;
  expect(kept({ activation_offloading: true })).toBeLessThan(kept({}) / 10);
});
