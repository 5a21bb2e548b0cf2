// The estimate's terms against what torch was seen to keep, what PEFT was seen to make, and the papers' own figures.
import { describe, expect, it, test } from "vitest";
import { findAlias } from "../../models/catalogue.js";
import type { ModelShape, Projection } from "../../models/model-shape.js";
import { smallestSetting } from "../smallest.js";
import { trainedParts } from "./adapters.js";
import { estimateMemory } from "./estimate.js";
import type { MemorySetting, Method } from "./setting.js";

const gib = 2 ** 30;
const llama8b = findAlias("llama3.1-8b")!;

const setting = (shape: ModelShape, method: Method, change: Partial<MemorySetting> = {}): MemorySetting => ({
  ...smallestSetting(shape, method),
  ...change,
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
    const base = smallestSetting(shape, method, tokens);
    const isTarget = ({ projections }: { projections: readonly Projection[] }): boolean =>
      targets === "all-linear"
        ? projections.length > 0
        : projections.some((one) => (targets as readonly string[]).includes(one));
    const { terms } = estimateMemory({
      ...base,
      checkpointing: { layers: false, offloaded: false },
      adapter: base.adapter && { ...base.adapter, isTarget },
    });
    return terms.activations / tokens;
  };
  const ratio = (of(4) - of(2)) / 2 / bytes;
  expect(Math.abs(ratio - 1), `${ratio}`).toBeLessThan(0.01);
});

test("Llama 3.1 8B has 41.9 million LoRA parameters at rank 16 on all linear layers", () => {
  expect(trainedParts(smallestSetting(llama8b, "lora"))[0]!.parameters).toBe(41_943_040);
});

describe("quantisation", () => {
  const weights = (alias: string) => estimateMemory(smallestSetting(findAlias(alias)!, "qlora")).terms;

  it("packs dense layers into 4 bits and 0.127 bits of constants (QLoRA, section 3)", () => {
    const embeddings = 2 * 128_256 * 4096 + 65 * 4096;
    const packed = 8_030_261_248 - embeddings;
    expect(weights("llama3.1-8b").weights).toBeCloseTo(packed / 2 + 2 * embeddings, -3);
    expect(weights("llama3.1-8b").quantisationConstants).toBeCloseTo((packed * (8 / 64 + 32 / (64 * 256))) / 8, -3);
  });

  it("leaves the experts of a mixture alone", () => {
    expect(weights("qwen3-30b-a3b").weights / gib).toBeGreaterThan(55);
    expect(weights("llama4-scout").weights / gib).toBeGreaterThan(180);
  });
});

describe("full training", () => {
  const bf16 = { weights: 2, compute: 2, residual: 2, trained: 2, masters: false } as const;

  it("takes 16 bytes a parameter with mixed-precision Adam (ZeRO, section 3.1), sharded by the stages", () => {
    const at = (parallelism: "zero1" | "zero2" | "zero3") => {
      const sharding = { parallelism, gpus: 64, offload: "none", gathersAll: false } as const;
      const { terms } = estimateMemory(setting(llama8b, "full", { sharding, precision: { ...bf16, masters: true } }));
      const { weights, gradients, optimizer, masters } = terms;
      return (weights + gradients + optimizer + masters) / 8_030_261_248;
    };
    // Table 1 of the paper: 2 + 2 + 12/N, 2 + 14/N, 16/N.
    expect(at("zero1")).toBeCloseTo(2 + 2 + 12 / 64, 5);
    expect(at("zero2")).toBeCloseTo(2 + 14 / 64, 5);
    expect(at("zero3")).toBeCloseTo(16 / 64, 5);
  });

  it("takes a foreach temporary in the step, none with a fused or 8-bit optimizer, and no gradients when stepping in the backward pass", () => {
    const of = (optimizer: MemorySetting["optimizer"]) =>
      estimateMemory(setting(llama8b, "full", { optimizer, precision: bf16 }));
    const plain = of({ kind: "adamw", foreach: true, inBackward: false });
    expect(plain.peak).toBe("step");
    expect(plain.allocated.mid / 8_030_261_248).toBeCloseTo(10, 5);
    expect(of({ kind: "adamw", foreach: false, inBackward: false }).terms.optimizerStep).toBe(0);
    expect(of({ kind: "adamw", foreach: true, inBackward: true }).terms.gradients).toBe(0);
    expect(of({ kind: "adamw_8bit", foreach: true, inBackward: false }).terms.optimizer).toBeLessThan(
      plain.terms.optimizer,
    );
    expect(of({ kind: "paged_adamw_32bit", foreach: true, inBackward: false }).terms.optimizer).toBe(0);
  });
});

describe("activations", () => {
  const peak = (change: Partial<MemorySetting>) =>
    estimateMemory(
      setting(llama8b, "lora", { batch: { ...smallestSetting(llama8b, "lora").batch, tokens: 8192 }, ...change }),
    ).allocated.mid;

  it.each<[string, Partial<MemorySetting>, Partial<MemorySetting>]>([
    ["offloaded checkpoints", { checkpointing: { layers: true, offloaded: true } }, {}],
    ["checkpoints", {}, { checkpointing: { layers: false, offloaded: false } }],
    ["flash attention", {}, { kernels: { attention: "eager", layer: "eager" } }],
    ["fused kernels", { kernels: { attention: "sdpa", layer: "fused" } }, {}],
    ["cut cross-entropy", { loss: { kind: "cut" } }, { loss: { kind: "whole", bytesPerLogit: 10 } }],
    ["a tiled loss", {}, { loss: { kind: "whole", bytesPerLogit: 10 } }],
    ["no DoRA", {}, { adapter: { ...smallestSetting(llama8b, "lora").adapter!, dora: true } }],
    [
      "Unsloth's chunks",
      { loss: { kind: "budgeted", bytesPerLogit: 4 } },
      { loss: { kind: "whole", bytesPerLogit: 4 } },
    ],
  ])("%s take less", (_, less, more) => {
    expect(peak(less)).toBeLessThan(peak(more));
  });
});

// The first is what an H200's peak shows (docs/engines.md); the second follows from get_chunk_size.
test.each([
  [2048, 2048],
  [8192, 2048],
])("of %d tokens Unsloth makes the logits of %d at a time", (tokens, chunk) => {
  const batch = { ...smallestSetting(llama8b, "lora").batch, tokens };
  const { terms } = estimateMemory(setting(llama8b, "lora", { batch, loss: { kind: "budgeted", bytesPerLogit: 4 } }));
  expect(terms.logits).toBe(4 * 128_256 * chunk + 2 * 4096 * tokens);
});
