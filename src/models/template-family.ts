// Which family a chat template belongs to, by the marks that it writes, and the token that ends its turns.

export interface TemplateFamily {
  family: string;
  endOfTurn: string;
}

/** More telling marks first: Qwen3's template has ChatML's marks too. */
const marks: readonly (TemplateFamily & { mark: string })[] = [
  { mark: "<|header_start|>", family: "llama4", endOfTurn: "<|eot|>" },
  { mark: "<|start_header_id|>", family: "llama3", endOfTurn: "<|eot_id|>" },
  { mark: "<start_of_turn>", family: "gemma", endOfTurn: "<end_of_turn>" },
  { mark: "<|channel|>", family: "harmony", endOfTurn: "<|return|>" },
  { mark: "<｜User｜>", family: "deepseek", endOfTurn: "<｜end▁of▁sentence｜>" },
  { mark: "<|im_sep|>", family: "phi4", endOfTurn: "<|im_end|>" },
  { mark: "<|im_start|>", family: "chatml", endOfTurn: "<|im_end|>" },
  { mark: "[INST]", family: "mistral", endOfTurn: "</s>" },
  { mark: "<|user|>", family: "zephyr", endOfTurn: "the end-of-sequence token" },
];

/** Null: a template that ft has no name for. */
export function templateFamily(source: string): TemplateFamily | null {
  const found = marks.find(({ mark }) => source.includes(mark));
  return found ? { family: found.family, endOfTurn: found.endOfTurn } : null;
}
