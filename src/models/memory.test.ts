// The memory estimate against peaks that others measured and published, and against what torch saves for the backward pass.
import { expect, test } from "vitest";
import { findAlias } from "./catalogue.js";
import { estimateMemory, loraParameters, smallestSetting, type TrainingSetting } from "./memory.js";
import type { ModelShape } from "./model-shape.js";

const llama8b = findAlias("llama3.1-8b")!;
const mistral7b = { ...findAlias("mistral-7b")!, vocab: 32_000 };
const powerLm: ModelShape = {
  ...{ family: "granite", paramsB: 3.512, layers: 40, hidden: 2304, heads: 36, kvHeads: 36, headDim: 64 },
  ...{ intermediate: 9216, experts: 0, expertsPerToken: 0, vocab: 49_152, tiedEmbeddings: true },
};
const llama70b: ModelShape = { ...findAlias("llama3.1-70b")!, paramsB: 68.977, vocab: 32_000 };

/** foundation-model-stack/fms-acceleration benchmarks: torch's peak of allocated memory on one A100, 4096 packed tokens, checkpointing. */
test.each([
  ["Llama 3 8B, full, 4 rows", llama8b, "full", 4, true, 74.8],
  ["Llama 3 8B, lora, 4 rows", llama8b, "lora", 4, true, 23.2],
  ["Llama 3 8B, lora, 16 rows", llama8b, "lora", 16, true, 47.4],
  ["Mistral 7B, lora, 8 rows", mistral7b, "lora", 8, false, 36.1],
  ["PowerLM 3B, full, 4 rows", powerLm, "full", 4, false, 32.7],
  ["PowerLM 3B, full, 8 rows", powerLm, "full", 8, false, 43.8],
  ["PowerLM 3B, lora, 4 rows", powerLm, "lora", 4, false, 18.8],
  ["PowerLM 3B, qlora, 8 rows", powerLm, "qlora", 8, false, 26.2],
  ["Llama 2 70B, qlora, 4 rows", llama70b, "qlora", 4, false, 63.4],
] as const)("%s: a published peak is met within 6 %%", (_, shape, method, microBatch, tiledLoss, peak) => {
  const targets = ["q", "k", "v", "o"] as const;
  const setting: TrainingSetting = {
    ...{ method, microBatch, tiledLoss, targets, sequenceLength: 4096, gradientCheckpointing: true },
    ...{ accumulation: 1, rank: 16, weightBytes: 2 },
  };
  const { total, context } = estimateMemory(shape, setting);
  expect((total - context) / peak).toBeGreaterThan(0.94);
  expect((total - context) / peak).toBeLessThan(1.06);
});

/** Counted with torch.autograd.graph.saved_tensors_hooks on transformers 5.23 and PEFT 0.21 under bf16 autocast, bytes a token and layer. */
test.each([
  ["llama", "full", "all-linear", 27_176],
  ["llama", "lora", "all-linear", 24_328],
  ["llama", "lora", ["q", "v"], 17_256],
  ["llama", "qlora", "all-linear", 20_232],
  ["qwen3", "full", "all-linear", 31_056],
  ["qwen3", "lora", "all-linear", 26_928],
  ["qwen3", "qlora", ["q", "v"], 18_832],
] as const)("a %s layer of %s on %s keeps the tensors that torch keeps", (family, method, targets, bytes) => {
  const of = (layers: number): number => {
    const shape: ModelShape = {
      ...{ family, layers, paramsB: 1, hidden: 512, heads: 8, kvHeads: 2, headDim: 64, intermediate: 1408 },
      ...{ experts: 0, expertsPerToken: 0, vocab: 512, tiedEmbeddings: true },
    };
    const tokens = 2 ** 20;
    const setting = { ...smallestSetting(method, tokens), gradientCheckpointing: false, targets };
    return (estimateMemory(shape, setting).activations * 2 ** 30) / tokens;
  };
  const ratio = (of(4) - of(2)) / 2 / bytes;
  expect(Math.abs(ratio - 1), `${ratio}`).toBeLessThan(0.01);
});

/** Counted in adapters that PEFT 0.21 made on small random models of transformers 5.23, rank 4, all-linear. */
test.each([
  ["mixtral", 128, 30_752],
  ["qwen3-moe", 32, 15_392],
  ["gpt-oss", 128, 3_584],
  ["llama4", 128, 8_736],
])("a %s model gets as many LoRA parameters as PEFT gives it", (family, intermediate, parameters) => {
  const shape: ModelShape = {
    ...{ family, intermediate, paramsB: 1, layers: 2, hidden: 64, heads: 4, kvHeads: 2, headDim: 16 },
    ...{ experts: 4, expertsPerToken: 2, vocab: 256, tiedEmbeddings: false },
  };
  expect(loraParameters(shape, { ...smallestSetting("lora"), rank: 4 })).toBe(parameters);
});

test("Llama 3.1 8B has 41.9 million LoRA parameters at rank 16 on all linear layers", () => {
  expect(loraParameters(llama8b, smallestSetting("lora"))).toBe(41_943_040);
});

test("QLoRA packs dense layers into 4.127 bits a weight, and leaves the experts of a mixture alone", () => {
  const weights = (alias: string): number => estimateMemory(findAlias(alias)!, smallestSetting("qlora")).weights;
  const embeddings = 2 * 128_256 * 4096;
  const largest = 4096 * 14_336;
  expect(weights("llama3.1-8b")).toBeCloseTo(
    ((8.03e9 - embeddings) * (4.127 / 8) + (embeddings + largest) * 2) / 2 ** 30,
    2,
  );
  expect(weights("qwen3-30b-a3b")).toBeGreaterThan(55);
  expect(weights("llama4-scout")).toBeLessThan(62);
});
