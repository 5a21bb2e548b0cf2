// Ids by the package @huggingface/tokenizers, for tokenizers with parts that are not known here in every detail: slower, and without offsets.
import { Tokenizer } from "@huggingface/tokenizers";
import type { Encoder, TokenizerDescription } from "./encoder.js";
import type { PreTokenizerStep } from "./pre-tokenize.js";

export function libraryEncoder(description: TokenizerDescription, settings: object): Encoder {
  const library = new Tokenizer(withUnicodeDigits(description), settings);
  const ids = (text: string, add_special_tokens: boolean) => library.encode(text, { add_special_tokens }).ids;
  return {
    encode: (text) => ({ ids: text === "" ? [] : ids(text, false), offsets: null }),
    encodePlain: (text) => ids(text, true),
  };
}

/** The Rust step Digits splits at every Unicode number (\u00be, \u0663, ...); the JavaScript port only at 0-9. A Split by pattern does what Rust does. */
function withUnicodeDigits<T extends { pre_tokenizer?: PreTokenizerStep | null }>(description: T): T {
  const mend = (step: PreTokenizerStep): PreTokenizerStep => {
    if (step.type === "Sequence") return { ...step, pretokenizers: step.pretokenizers?.map(mend) ?? [] };
    if (step.type !== "Digits") return step;
    const pattern = { Regex: `[^\\p{N}]+|\\p{N}${step.individual_digits ? "" : "+"}` };
    return { type: "Split", pattern, behavior: "Removed", invert: true };
  };
  return description.pre_tokenizer ? { ...description, pre_tokenizer: mend(description.pre_tokenizer) } : description;
}
