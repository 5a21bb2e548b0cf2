// What transformers 5 makes of a tokenizer.json: some of its classes take the vocabulary and the merges alone and build the rest anew.
// From models/*/tokenization_*.py, models/auto/tokenization_auto.py and tokenization_utils_tokenizers.py of 5.16 to 5.23.
import type { TokenizerDescription } from "./encoder.js";
import type { PreTokenizerStep } from "./pre-tokenize.js";

/** tokenizer_config.json, as far as it changes tokens. */
export interface ClassSettings {
  tokenizer_class?: string | null | undefined;
  add_prefix_space?: boolean | null | undefined;
  legacy?: boolean | null | undefined;
  unk_token?: string | null | undefined;
}

export interface TokenizerClass {
  rebuild: (description: TokenizerDescription, settings: ClassSettings) => TokenizerDescription;
  /** What named tokens are when tokenizer_config.json does not say. */
  defaults: Record<string, string>;
  /** Named tokens are always special and found verbatim. */
  readdsNamedTokens?: true;
}

/** Null: the file is used as it is. */
export function transformersClass(
  description: TokenizerDescription,
  { tokenizer_class }: ClassSettings,
  modelType: string | undefined,
): TokenizerClass | null {
  const named = tokenizer_class?.replace(/Fast$/, "");
  const registered = modelType === undefined ? undefined : classOf(modelType);
  if (named === undefined) return classes[registered ?? ""] ?? null;
  if (named === "LlamaTokenizer" && namesByteLevel(description) && !mislabelled.has(modelType ?? "")) return null;
  if (registered === undefined || registered === named) return classes[named] ?? null;
  if (registered === "TokenizersBackend") return null;
  return classes[mislabelled.has(modelType!) ? registered : named] ?? null;
}

const qwen2Pattern =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const qwen35Pattern =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

const classes: Record<string, TokenizerClass> = {
  LlamaTokenizer: {
    rebuild: (description, { add_prefix_space, legacy }) => ({
      ...description,
      normalizer: null,
      pre_tokenizer: metaspace((add_prefix_space ?? true) ? (legacy ? "always" : "first") : "never"),
      model: bpe(description, { fuse_unk: true, byte_fallback: true }),
    }),
    defaults: { unk_token: "<unk>", bos_token: "<s>", eos_token: "</s>" },
  },
  CodeLlamaTokenizer: {
    rebuild: (description, { add_prefix_space, unk_token }) => ({
      ...description,
      normalizer: null,
      pre_tokenizer: metaspace((add_prefix_space ?? true) ? "first" : "never"),
      model: bpe(description, { fuse_unk: true, byte_fallback: true, unk_token: unk_token ?? "<unk>" }),
    }),
    defaults: { unk_token: "<unk>", bos_token: "<s>", eos_token: "</s>" },
  },
  GemmaTokenizer: {
    rebuild: (description, { unk_token }) => ({
      ...description,
      normalizer: { type: "Replace", pattern: { String: " " }, content: "\u2581" },
      pre_tokenizer: { type: "Split", pattern: { String: " " }, behavior: "MergedWithPrevious", invert: false },
      model: bpe(description, { fuse_unk: true, byte_fallback: true, unk_token: unk_token ?? "<unk>" }),
    }),
    defaults: { unk_token: "<unk>", bos_token: "<bos>", eos_token: "<eos>", pad_token: "<pad>", mask_token: "<mask>" },
  },
  Qwen2Tokenizer: {
    rebuild: (description, settings) => splitBytes(description, settings, qwen2Pattern),
    defaults: { unk_token: "<|endoftext|>", eos_token: "<|endoftext|>", pad_token: "<|endoftext|>" },
    readdsNamedTokens: true,
  },
  Qwen3_5Tokenizer: {
    rebuild: (description, settings) => splitBytes(description, settings, qwen35Pattern),
    defaults: { unk_token: "<|endoftext|>", eos_token: "<|endoftext|>", pad_token: "<|endoftext|>" },
  },
  GPT2Tokenizer: {
    rebuild: (description, { add_prefix_space }) => ({
      ...description,
      normalizer: null,
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: add_prefix_space ?? false },
      model: bpe(description, {}),
    }),
    defaults: { unk_token: "<|endoftext|>", bos_token: "<|endoftext|>", eos_token: "<|endoftext|>" },
  },
  GPTNeoXTokenizer: {
    rebuild: (description, { add_prefix_space }) => ({
      ...description,
      normalizer: { type: "NFC" },
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: add_prefix_space ?? false },
      post_processor: null,
      model: bpe(description, {}),
    }),
    defaults: {
      unk_token: "<|endoftext|>",
      bos_token: "<|endoftext|>",
      eos_token: "<|endoftext|>",
      pad_token: "<|padding|>",
    },
  },
  CohereTokenizer: {
    rebuild: (description, { add_prefix_space }) => ({
      ...description,
      normalizer: { type: "NFC" },
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [
          { type: "Digits", individual_digits: true },
          { type: "ByteLevel", add_prefix_space: add_prefix_space ?? false },
        ],
      },
      model: bpe(description, {}),
    }),
    defaults: {
      unk_token: "<UNK>",
      bos_token: "<BOS_TOKEN>",
      eos_token: "<|END_OF_TURN_TOKEN|>",
      pad_token: "<PAD>",
      cls_token: "<CLS>",
      sep_token: "<SEP>",
      mask_token: "<MASK_TOKEN>",
    },
  },
};

/** Whether the file has such a step anywhere. */
export function namesByteLevel({ model: _, added_tokens: __, ...steps }: TokenizerDescription): boolean {
  return JSON.stringify(steps).includes('"ByteLevel"');
}

function bpe(
  { model }: TokenizerDescription,
  set: Pick<TokenizerDescription["model"], "fuse_unk" | "byte_fallback" | "unk_token">,
): TokenizerDescription["model"] {
  return { type: model.type ?? "BPE", vocab: model.vocab, merges: model.merges, ...set };
}

function metaspace(prepend_scheme: string): PreTokenizerStep {
  return { type: "Metaspace", replacement: "\u2581", prepend_scheme, split: false };
}

function splitBytes(
  description: TokenizerDescription,
  { add_prefix_space }: ClassSettings,
  pattern: string,
): TokenizerDescription {
  return {
    ...description,
    normalizer: { type: "NFC" },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: add_prefix_space ?? false, use_regex: false },
      ],
    },
    model: bpe(description, {}),
  };
}

/** Model types whose tokenizer_config.json names a class that transformers does not believe. */
const mislabelled = new Set(
  "arctic chatlm ernie4_5 ernie4_5_moe fuyu h2ovl_chat hyperclovax hyperclovax_vlm hyperclovax_vision_v2 internlm2 internlm3 iquestcoder jamba llava llava_next minicpm3 minicpmv minimax_m2 modernbert modernbert-decoder molmo molmo2 nemotron nvfp4 opencua openvla paddleocr_vl phi3 phi3_v phimoe qwen2 qwen3_5 qwen3_5_moe qwen3_5_moe_text qwen4_exp step3_vl vipllava cohere_asr camembertv2-base siglip2 smolvlm".split(
    " ",
  ),
);

const modelTypes: Record<string, string> = {
  TokenizersBackend:
    "aria flex_olmo glm glm4 glm4_moe glm4_moe_lite glm4v glm4v_moe gpt_bigcode granite granitemoe granitemoehybrid granitemoeshared kimi_k25 kimi_linear mimo_v2_flash ministral ministral3 mistral mistral3 mistral_large4 mixtral olmo2 olmo3 olmo_hybrid persimmon pixtral stablelm voxtral phi3 internlm2 openvla minicpmv fuyu hyperclovax opencua step3_vl molmo2 ernie4_5 molmo paddleocr_vl vipllava phimoe smolvlm modernbert phi3_v minicpm3 h2ovl_chat llava internlm3 arctic chatlm ernie4_5_moe jamba llava_next minimax_m2 nvfp4 nemotron hyperclovax_vlm modernbert-decoder iquestcoder",
  Qwen2Tokenizer:
    "audioflamingo3 colqwen2 cosmos3_omni dots3_note hunyuan_vl internvl ovis2 qwen2 qwen2_5_omni qwen2_5_vl qwen2_audio qwen2_moe qwen2_vl qwen3 qwen3_asr qwen3_moe qwen3_next qwen3_omni_moe qwen3_vl qwen3_vl_moe",
  GPT2Tokenizer:
    "blip-2 codegen dbrx emu3 gpt2 gpt_neo gptj hyperclovax_vision_v2 instructblip instructblipvideo jais2 opt phi starcoder2",
  GemmaTokenizer:
    "diffusion_gemma gemma gemma2 gemma3 gemma3_text gemma3n gemma3n_text recurrent_gemma shieldgemma2 t5gemma zaya",
  GPTNeoXTokenizer: "falcon_mamba gpt_neox mamba mamba2 mpt olmo olmoe rwkv xlstm",
  Qwen3_5Tokenizer: "qwen3_5 qwen3_5_moe qwen3_5_moe_text qwen3_5_text qwen4_exp",
  CohereTokenizer: "aya_vision cohere cohere2",
  LlamaTokenizer: "idefics idefics2",
  CodeLlamaTokenizer: "code_llama",
};

function classOf(modelType: string): string | undefined {
  return Object.keys(modelTypes).find((name) => modelTypes[name]!.split(" ").includes(modelType));
}
