// Operations by hand for small numbers, and against torch's own counter for small models with and without PEFT.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { requiredEnv } from "../../../test/project.js";
import { findAlias } from "../../models/catalogue.js";
import type { ModelShape } from "../../models/model-shape.js";
import { readConfig } from "../../models/read-config.js";
import { packageRoot } from "../../paths.js";
import { smallestSetting } from "../smallest.js";
import { attentionFlops, backwardFlops, forwardFlops, productsOf, trainingFlops } from "./flops.js";

const dense: ModelShape = {
  ...{ family: "llama", paramsB: 0, layers: 2, hidden: 4, heads: 2, kvHeads: 1, headDim: 2, intermediate: 8 },
  ...{ experts: 0, expertsPerToken: 0, vocab: 10, tiedEmbeddings: true },
};
const setting = (shape: ModelShape, method: "full" | "lora") => ({
  ...smallestSetting(shape, method),
  loss: { kind: "whole" as const, bytesPerLogit: 10 },
});

describe("by hand", () => {
  // A layer: q 4x4, k 4x2, v 4x2, o 4x4, gate, up and down 4x8 each = 48 + 96 = 144; the tied head 4 x 10.
  const adapters = 2 * 16 * (8 + 6 + 6 + 8 + 12 * 3);

  it("multiplies a token with every matrix it passes, the tied head too, and not with the embedding", () => {
    expect(productsOf(setting(dense, "full"))).toEqual({ layers: 288, last: 64, head: 40, adapters: 0, trained: 328 });
    expect(productsOf(setting(dense, "lora"))).toEqual({ layers: 288, last: 0, head: 40, adapters, trained: 0 });
  });

  it("is 2N forward, 4N backward for all weights, 2N backward and 6N of the adapter for LoRA", () => {
    const [full, lora] = [productsOf(setting(dense, "full")), productsOf(setting(dense, "lora"))];
    expect([forwardFlops(full, 10), backwardFlops(full, 10)]).toEqual([6560, 13_120]);
    expect(forwardFlops(lora, 10) + backwardFlops(lora, 10)).toBe(10 * (4 * 328 + 6 * adapters));
  });

  it("grows with the square of the length for attention, half of it with causal kernels", () => {
    expect(attentionFlops({ shape: dense }, 100 ** 2, false)).toBe(2 * 10_000 * (4 + 4) * 2);
    expect(attentionFlops({ shape: dense }, 100 ** 2, true)).toBe(10_000 * (4 + 4) * 2);
  });

  it("counts the experts that a token passes, not those that there are", () => {
    const mixture = findAlias("qwen3-30b-a3b")!;
    const { layers, head } = productsOf(setting(mixture, "full"));
    // Active parameters without the embedding's look-up; norms are no products.
    expect((layers + head + mixture.vocab * mixture.hidden) / 1e9).toBeCloseTo(mixture.activeParamsB, 1);
  });

  it("is nearly 6N a token for short rows, 8N with all layers computed again, 4N and 6N for LoRA", () => {
    const shape = findAlias("llama3.1-8b")!;
    const { layers, head } = productsOf(setting(shape, "full"));
    const share = (method: "full" | "lora", isAgain: boolean) => {
      const of = { ...setting(shape, method), checkpointing: { layers: isAgain, offloaded: isAgain } };
      return trainingFlops(of, { tokens: 1000, squaredTokens: 1000 * 10 }) / 1000 / (layers + head);
    };
    expect(share("full", false)).toBeCloseTo(6, 1);
    expect(share("full", true)).toBeCloseTo(8, 0);
    expect(share("lora", false)).toBeCloseTo(4.03, 1);
    expect(share("lora", true)).toBeCloseTo(6, 0);
  });
});

describe("against torch.utils.flop_counter", () => {
  const llama = {
    ...{ model_type: "llama", hidden_size: 64, num_hidden_layers: 8, num_attention_heads: 4, num_key_value_heads: 2 },
    ...{ intermediate_size: 160, vocab_size: 256, tie_word_embeddings: true, max_position_embeddings: 512 },
  };
  const qwen3 = { ...llama, model_type: "qwen3", head_dim: 32, tie_word_embeddings: false };
  const mixture = {
    ...{ ...qwen3, model_type: "qwen3_moe", num_experts: 8, num_experts_per_tok: 2, moe_intermediate_size: 64 },
    norm_topk_prob: true,
  };
  const cases = [
    { name: "llama, all weights", config: llama, rank: 0, checkpointing: false, rows: 2, tokens: 64 },
    { name: "llama, all weights, computed again", config: llama, rank: 0, checkpointing: true, rows: 2, tokens: 64 },
    { name: "llama, long rows", config: llama, rank: 0, checkpointing: false, rows: 1, tokens: 256 },
    { name: "llama, LoRA", config: llama, rank: 8, checkpointing: false, rows: 2, tokens: 64 },
    { name: "llama, LoRA, computed again", config: llama, rank: 8, checkpointing: true, rows: 2, tokens: 64 },
    { name: "qwen3, LoRA", config: qwen3, rank: 16, checkpointing: false, rows: 2, tokens: 64 },
    { name: "qwen3 mixture, all weights", config: mixture, rank: 0, checkpointing: false, rows: 2, tokens: 64 },
  ];

  it("agrees within 4 %: the first layer's inputs have no gradient, which the formulas do not leave out", () => {
    const lines = execFileSync(requiredEnv("FT_TEST_PYTHON"), [join(packageRoot, "trainer/tests/count_flops.py")], {
      input: JSON.stringify(cases),
      stdio: ["pipe", "pipe", "ignore"],
    });
    const counted = lines
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { name: string; flops: number });
    expect(counted.map(({ name }) => name)).toEqual(cases.map(({ name }) => name));
    for (const [index, { config, rank, checkpointing, rows, tokens }] of cases.entries()) {
      const shape = readConfig(config) as ModelShape;
      const of = setting(shape, rank > 0 ? "lora" : "full");
      const predicted = trainingFlops(
        {
          ...of,
          adapter: of.adapter && { ...of.adapter, rank },
          checkpointing: { layers: checkpointing, offloaded: false },
          kernels: { attention: "eager", layer: "eager" },
        },
        { tokens: rows * tokens, squaredTokens: rows * tokens ** 2 },
      );
      const { name, flops } = counted[index]!;
      expect(Math.abs(predicted / flops - 1), `${name}: ${predicted} for ${flops}`).toBeLessThan(0.04);
    }
  }, 600_000);
});
