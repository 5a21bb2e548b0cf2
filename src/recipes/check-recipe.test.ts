// Contradictions: each refused with its reason, at the key that is to blame; and what is not one passes.
import { describe, expect, it } from "vitest";
import { checkRecipe } from "./check-recipe.js";
import { type ChoiceFacts, nothingKnown } from "./defaults.js";
import { parseRecipe } from "./parse.js";

const grpo = { type: "grpo", rewards: ["json_valid"] };

function check(changes: Record<string, unknown>, facts: Partial<ChoiceFacts> = {}): string[] {
  const minimal = { name: "n", model: { base: "b" }, method: "lora", data: { train: "rows.jsonl" } };
  const data = { ...minimal.data, ...(changes.data as object) };
  const written = { ...minimal, ...changes, data };
  const isWritten = (path: string[]) =>
    path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], written) !== undefined;
  return checkRecipe(parseRecipe(written), isWritten, { ...nothingKnown, ...facts }).map(
    ({ path, message }) => `${path.join(".")}: ${message}`,
  );
}

describe("checkRecipe", () => {
  it.each<[string, Record<string, unknown>, Partial<ChoiceFacts>, RegExp]>([
    ["packing with kto", { objective: "kto", data: { packing: true } }, {}, /data.packing: .*kto.*row by row/],
    [
      "qlora in full precision on a GPU",
      { method: "qlora", train: { precision: "fp32" }, compute: { device: "cuda" } },
      {},
      /train.precision: .*4-bit base/,
    ],
    ["fp16 with qlora", { method: "qlora", train: { precision: "fp16" } }, {}, /train.precision: .*loss scaler/],
    ["fsdp on one GPU", { compute: { parallel: "fsdp" } }, {}, /compute.parallel: .*for several GPUs/],
    ["zero3 on one GPU without offload", { compute: { parallel: "zero3" } }, {}, /without offload/],
    ["fsdp on CPUs", { compute: { parallel: "fsdp", gpus: 2, device: "cpu" } }, {}, /needs CUDA GPUs/],
    ["offload without sharding", { compute: { offload: "optimizer" } }, {}, /compute.offload/],
    [
      "several CPU processes with Axolotl",
      { engine: "axolotl", compute: { gpus: 2, device: "cpu" } },
      {},
      /several need GPUs/,
    ],
    ["context parallel without fsdp", { compute: { gpus: 2, context_parallel: 2 } }, {}, /compute.context_parallel/],
    [
      "max_length above the context",
      { data: { max_length: 4096 } },
      { maxContext: 2048 },
      /above the model's context of 2048/,
    ],
    [
      "a version that is not pinned",
      { engine: { name: "trl", version: "0.1" } },
      {},
      /engine.version: ft does not pin trl 0.1/,
    ],
    ["pissa on a 4-bit base", { method: { type: "qlora", init: "pissa" } }, {}, /method.init/],
    ["loftq without a 4-bit base", { method: { type: "lora", init: "loftq" } }, {}, /method.init/],
    [
      "an adapter's rank for all weights",
      { method: { type: "full", rank: 8 } },
      {},
      /method.rank has no effect with method full/,
    ],
    [
      "layers beside a regex",
      { method: { type: "lora", layers: [1], target_modules: { regex: ".*q_proj" } } },
      {},
      /method.layers/,
    ],
    ["epochs beside max_steps", { train: { epochs: 1, max_steps: 3 } }, {}, /train.epochs/],
    [
      "a batch that does not divide",
      { train: { batch_size: 16, micro_batch: 3 } },
      {},
      /train.micro_batch does not divide/,
    ],
    ["a batch that does not divide over GPUs", { train: { batch_size: 9 }, compute: { gpus: 2 } }, {}, /over 2 GPUs/],
    ["early stopping without evaluations", { train: { early_stopping: {} } }, {}, /needs train.eval_every/],
    [
      "early stopping out of step",
      { train: { early_stopping: {}, eval_every: 3, save_every: 4 } },
      {},
      /multiple of train.eval_every/,
    ],
    [
      "answers that do not fill groups",
      { objective: grpo, train: { batch_size: 12 } },
      {},
      /multiple of objective.generations/,
    ],
    ["weights that are not one a reward", { objective: { ...grpo, reward_weights: [1, 2] } }, {}, /reward_weights/],
    ["exo_pair without smoothing", { objective: { type: "dpo", loss: "exo_pair" } }, {}, /label_smoothing/],
    ["kto row by row", { objective: "kto", train: { micro_batch: 1 } }, {}, /train.micro_batch must be 2/],
    ["kto in a batch that cannot be cut", { objective: "kto", train: { batch_size: 13 } }, {}, /must be 2/],
    [
      "pissa on a sharded base",
      { method: { type: "lora", init: "pissa" }, compute: { gpus: 2, parallel: "fsdp" } },
      {},
      /splits it/,
    ],
    [
      "a metric that cannot be",
      { objective: "dpo", eval: { metrics: ["exact_match"] } },
      {},
      /preference_accuracy, loss/,
    ],
    ["conversations for dpo", { objective: "dpo", data: { format: "sharegpt" } }, {}, /data.format/],
    ["an 8-bit optimizer without a GPU", { train: { optimizer: "adamw_8bit" } }, { device: "cpu" }, /train.optimizer/],
    ["liger without a GPU", { train: { liger: true } }, { device: "mps" }, /train.liger/],
    [
      "flash attention without a GPU",
      { model: { base: "b", attention: "flash_attention_2" } },
      { device: "cpu" },
      /model.attention/,
    ],
    ["vllm without a GPU", { objective: { ...grpo, vllm: true } }, { device: "cpu" }, /objective.vllm/],
    ["a lowest rate without its scheduler", { train: { min_lr_ratio: 0.1 } }, {}, /min_lr_ratio/],
    [
      "the training file as held-out rows",
      { data: { train: ["a.jsonl", "./b.jsonl"], eval: "b.jsonl" } },
      {},
      /data.eval is the training file/,
    ],
  ])("refuses %s", (_what, changes, facts, expected) => {
    expect(check(changes, facts)).toEqual([expect.stringMatching(expected)]);
  });

  it.each<[string, Record<string, unknown>, Partial<ChoiceFacts>]>([
    ["nothing special", {}, {}],
    ["qlora in fp32 on a CPU", { method: "qlora", train: { precision: "fp32" } }, { device: "cpu" }],
    ["zero3 with offload on one GPU", { compute: { parallel: "zero3", offload: "all" } }, { device: "cuda" }],
    ["two processes on a CPU", { compute: { gpus: 2 } }, { device: "cpu" }],
    ["packing for sft", { data: { packing: true, max_length: 2048 } }, { maxContext: 2048 }],
    ["grpo by default", { objective: grpo }, {}],
    ["preference rows split for kto", { objective: "kto", data: { format: "preference" } }, {}],
    ["a GPU optimizer where the machine is not known", { train: { optimizer: "paged_adamw_8bit" } }, {}],
  ])("lets pass: %s", (_what, changes, facts) => {
    expect(check(changes, facts)).toEqual([]);
  });
});
