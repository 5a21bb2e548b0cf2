// Predicted parameters, gradients and optimizer states against torch's own, for models of the catalogue built by transformers and PEFT on the meta device.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type CatalogueEntry, findAlias } from "../src/models/catalogue.js";
import type { ModelShape } from "../src/models/model-shape.js";
import { type ConfigShape, readConfig } from "../src/models/read-config.js";
import { countParameters, weightGroups } from "../src/models/weight-groups.js";
import { packageRoot } from "../src/paths.js";
import { trainedParts } from "../src/plan/memory/adapters.js";
import { estimateMemory } from "../src/plan/memory/estimate.js";
import type { MemorySetting, Method } from "../src/plan/memory/setting.js";
import { packedParameters } from "../src/plan/memory/weights.js";
import { targetTest } from "../src/plan/recipe-setting.js";
import { smallestSetting } from "../src/plan/smallest.js";

/** One of each architecture of the catalogue, and sizes that differ in more than numbers (tied or not, GQA or not, vision beside). */
const aliases = [
  ...["llama3.1-8b", "llama3.2-1b", "llama3.2-3b", "deepseek-r1-distill-llama-70b", "llama4-scout", "llama4-maverick"],
  ...["qwen2.5-0.5b", "qwen2.5-7b", "deepseek-r1-distill-qwen-1.5b", "qwen3-0.6b", "qwen3-8b", "qwen3-30b-a3b"],
  ...[
    "mistral-7b",
    "mistral-nemo-12b",
    "ministral-8b",
    "mixtral-8x7b",
    "deepseek-v3",
    "gemma3-270m",
    "gemma3-1b",
    "gemma3-12b",
  ],
  ...["gpt-oss-20b", "phi-4", "phi-4-mini", "smollm2-135m", "smollm2-1.7b", "smollm3-3b", "olmo2-7b", "falcon3-7b"],
];

interface AskedMethod {
  method: Method;
  rank?: number;
  targets?: "all-linear" | string[];
  dora?: boolean;
  modulesToSave?: string[];
}

const attention = (family: string): string[] =>
  family.startsWith("deepseek")
    ? ["q_a_proj", "q_b_proj", "o_proj"]
    : family.startsWith("phi4")
      ? ["qkv_proj"]
      : ["q_proj", "v_proj"];

const methodsFor = ({ family }: CatalogueEntry): AskedMethod[] => [
  { method: "full" },
  { method: "lora", rank: 16, targets: "all-linear" },
  { method: "lora", rank: 8, targets: attention(family), dora: true, modulesToSave: ["embed_tokens", "lm_head"] },
  { method: "qlora", rank: 32, targets: "all-linear" },
];

interface Counted {
  name: string;
  parameters: number;
  bytes: number;
  methods: { trainable: number; gradientBytes: number; optimizerBytes: number; packed: number }[];
}

const counted = new Map<string, Counted>();

beforeAll(() => {
  const python = process.env.FT_TEST_PYTHON;
  if (!python || !existsSync(python)) throw new Error(`FT_TEST_PYTHON (${python}) is no file`);
  const cases = aliases.map((alias) => {
    const entry = findAlias(alias)!;
    return { name: alias, config: configOf(entry), short: shortConfigOf(entry), methods: methodsFor(entry) };
  });
  const lines = execFileSync(python, [join(packageRoot, "trainer/tests/count_parameters.py")], {
    input: JSON.stringify(cases),
    maxBuffer: 2 ** 24,
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...process.env, CUDA_VISIBLE_DEVICES: "", HF_HUB_OFFLINE: "1" },
  });
  for (const line of lines.toString().trim().split("\n")) {
    const result = JSON.parse(line) as Counted;
    counted.set(result.name, result);
  }
}, 600_000);

describe.each(aliases)("%s", (alias) => {
  const entry = findAlias(alias)!;

  it("has as many parameters as transformers makes of its config.json, from the catalogue and from the file alike", () => {
    const { parameters, bytes } = counted.get(alias)!;
    expect(countParameters(weightGroups(entry))).toBe(parameters);
    const read = readConfig(configOf(entry)) as ConfigShape;
    expect(countParameters(weightGroups(read))).toBe(parameters);
    expect(estimateMemory({ ...smallestSetting(entry, "lora"), adapter: null }).terms.weights).toBe(bytes);
  });

  it.each(methodsFor(entry).map((method, index) => [JSON.stringify(method), method, index] as const))(
    "trains with %s what PEFT trains, and its gradients and moments take what torch allocates",
    (_, method, index) => {
      const real = counted.get(alias)!.methods[index]!;
      const setting = settingFor(readConfig(shortConfigOf(entry)) as ConfigShape, method);
      expect(trainedParts(setting).reduce((sum, { parameters }) => sum + parameters, 0)).toBe(real.trainable);
      const { terms } = estimateMemory(setting);
      expect(terms.gradients).toBe(real.gradientBytes);
      expect(terms.optimizer).toBe(real.optimizerBytes);
      expect(packedParameters(setting)).toBe(real.packed);
    },
  );
});

/** PEFT by itself: adapters in fp32, all else in bf16. */
function settingFor(shape: ModelShape, { method, rank, targets, dora, modulesToSave }: AskedMethod): MemorySetting {
  const base = smallestSetting(shape, method);
  return {
    ...base,
    precision: { weights: 2, compute: 2, residual: 2, trained: method === "full" ? 2 : 4, masters: false },
    adapter: base.adapter && {
      ...base.adapter,
      ...{ rank: rank!, isTarget: targetTest(targets!), dora: dora ?? false, trainedModules: modulesToSave ?? [] },
    },
  };
}

/** Fewer layers, of all kinds that there are. */
function shortConfigOf(entry: CatalogueEntry): Record<string, unknown> {
  return { ...configOf(entry), num_hidden_layers: 6 };
}

/** The config.json that the publisher's would be, from the catalogue's dimensions and what the architecture fixes. */
function configOf(entry: CatalogueEntry): Record<string, unknown> {
  const { hidden, layers, heads, kvHeads, headDim, intermediate, vocab, tiedEmbeddings, family } = entry;
  const { type, ...own } = ownKeys(entry);
  return {
    ...{ model_type: type ?? family, hidden_size: hidden, num_hidden_layers: layers, num_attention_heads: heads },
    ...{ num_key_value_heads: kvHeads, intermediate_size: intermediate, vocab_size: vocab, pad_token_id: 0 },
    ...{ tie_word_embeddings: tiedEmbeddings, ...(headDim === null ? {} : { head_dim: headDim }) },
    ...own,
  };
}

function ownKeys({
  family,
  experts,
  expertsPerToken,
  intermediate,
  alias,
}: CatalogueEntry): Record<string, unknown> & { type?: string } {
  const routed = { num_experts_per_tok: expertsPerToken };
  switch (family) {
    case "qwen2.5":
      return { type: "qwen2" };
    case "qwen3-moe":
      return { type: "qwen3_moe", num_experts: experts, moe_intermediate_size: intermediate, ...routed };
    case "mixtral":
      return { num_local_experts: experts, ...routed };
    case "llama4":
      return {
        ...{ type: "llama4_text", num_local_experts: experts, intermediate_size_mlp: 16_384, ...routed },
        interleave_moe_layer_step: alias.includes("maverick") ? 2 : 1,
      };
    case "deepseek-v3":
      return {
        ...{ type: "deepseek_v3", n_routed_experts: experts, moe_intermediate_size: intermediate, ...routed },
        ...{ intermediate_size: 18_432, n_shared_experts: 1, first_k_dense_replace: 3 },
        ...{ q_lora_rank: 1536, kv_lora_rank: 512, qk_rope_head_dim: 64, qk_nope_head_dim: 128, v_head_dim: 128 },
      };
    case "gpt-oss":
      return { type: "gpt_oss", num_local_experts: experts, attention_bias: true, ...routed };
    case "gemma3":
      return { type: "gemma3_text" };
    case "phi4":
    case "phi4-mini":
      return { type: "phi3" };
    case "smollm2":
    case "falcon3":
      return { type: "llama" };
    default:
      return {};
  }
}
