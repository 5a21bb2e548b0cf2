// Tokenizer folders that differ from a real one in one part each: steps, flags and classes that the real ones of the test do not use.
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Variant {
  name: string;
  /** Changes tokenizer.json. */
  file?: Record<string, unknown>;
  /** Added tokens with these flags come on top. */
  flagged?: boolean;
  config?: Record<string, unknown>;
  modelType?: string;
}

const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };
const split = (pattern: object, behavior: string) => ({ type: "Split", pattern, behavior, invert: false });
const sequence = (...pretokenizers: object[]) => ({ pre_tokenizer: { type: "Sequence", pretokenizers } });
const normalizers = (...steps: object[]) => ({ normalizer: { type: "Sequence", normalizers: steps } });

const variants: Variant[] = [
  { name: "transformers builds GPT2Tokenizer anew", config: { tokenizer_class: "GPT2Tokenizer" } },
  { name: "GPTNeoXTokenizer", config: { tokenizer_class: "GPTNeoXTokenizer" }, modelType: "gpt_neox" },
  { name: "CohereTokenizer", config: { tokenizer_class: "CohereTokenizerFast" }, modelType: "cohere" },
  { name: "a class that transformers replaces", config: { tokenizer_class: "Qwen2Tokenizer" }, modelType: "qwen3_5" },
  {
    name: "NFKC, a regex replaced, text put in front",
    flagged: true,
    file: normalizers(
      { type: "NFKC" },
      { type: "Replace", pattern: { Regex: "\\s+" }, content: " " },
      { type: "Prepend", prepend: "_ " },
    ),
  },
  { name: "NFD", flagged: true, file: { normalizer: { type: "NFD" } } },
  {
    name: "text replaced by longer and by none",
    file: normalizers(
      { type: "Replace", pattern: { String: "ab" }, content: "xyz" },
      { type: "Replace", pattern: { String: "e" }, content: "" },
    ),
  },
  {
    name: "offsets without spaces",
    flagged: true,
    file: {
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      post_processor: {
        type: "RobertaProcessing",
        sep: ["<|im_end|>", 2],
        cls: ["<|im_start|>", 1],
        trim_offsets: true,
        add_prefix_space: true,
      },
    },
  },
  {
    name: "cuts joined with what is before them",
    file: sequence(
      split({ Regex: "[,.\\s]" }, "MergedWithPrevious"),
      split({ Regex: "[aeiou]" }, "Contiguous"),
      byteLevel,
    ),
  },
  {
    name: "cuts joined with what is after them",
    file: sequence(
      { type: "Digits", individual_digits: false },
      split({ Regex: "\\s+|[,.]" }, "MergedWithNext"),
      byteLevel,
    ),
  },
  {
    name: "possessive, lazy, atomic, counted, intersected",
    file: sequence(
      split(
        {
          Regex:
            "\\p{N}{1,3}+|[\\p{L}&&[^\\p{Han}]]++[\\-_]?|\\w+?|(?>\\s+)(?!x)|[^\\s\\w]*+[\\r\\n]|(?:ab|cd){2,}|\\S|\\s",
        },
        "Isolated",
      ),
      byteLevel,
    ),
  },
  {
    name: "added tokens of tokenizer_config.json",
    config: {
      cls_token: "<CLS>",
      image_token: "<think>",
      extra_special_tokens: ["<extra1>", "Straße"],
      added_tokens_decoder: {
        49153: { content: "jumps", lstrip: true, rstrip: false, normalized: false, single_word: false, special: false },
        1: {
          content: "<|im_start|>",
          lstrip: true,
          rstrip: true,
          normalized: false,
          single_word: false,
          special: true,
        },
      },
    },
  },
];

const flagged = [
  { content: "Hello", lstrip: true },
  { content: "world", single_word: true },
  { content: "fox", rstrip: true, normalized: true },
  { content: "<mask>", lstrip: true, special: true },
  { content: "日本", single_word: true, normalized: true },
  { content: "ﬁne", normalized: true },
  { content: "é", normalized: true },
  { content: "the", single_word: true, lstrip: true, rstrip: true },
  { content: "they" },
  { content: "\n\n" },
];

/** Made from a byte-level tokenizer of a ChatML model (SmolLM2's). */
export function tokenizerVariants(base: string): { name: string; folder: string }[] {
  const original = JSON.parse(readFileSync(join(base, "tokenizer.json"), "utf8"));
  const root = mkdtempSync(join(tmpdir(), "ft-tokenizers-"));
  return variants.map(({ name, file, flagged: isFlagged, config, modelType }, index) => {
    const folder = join(root, String(index));
    mkdirSync(folder);
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
    const added = isFlagged ? flagged.map((token, at) => ({ ...flags, ...token, id: 49152 + at })) : [];
    const tokenizer = { ...original, ...file, added_tokens: [...original.added_tokens, ...added] };
    const names = { bos_token: "<|im_start|>", eos_token: "<|im_end|>", unk_token: "<|endoftext|>" };
    write(folder, "tokenizer.json", tokenizer);
    write(folder, "tokenizer_config.json", { tokenizer_class: "PreTrainedTokenizerFast", ...names, ...config });
    write(folder, "config.json", { model_type: modelType ?? "llama" });
    return { name, folder };
  });
}

function write(folder: string, name: string, value: object): void {
  writeFileSync(join(folder, name), JSON.stringify(value));
}
