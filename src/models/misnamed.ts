// Names that people type for models that don't exist, what ft uses instead, and what it says about it. Never silently.

export interface Misnamed {
  typed: string;
  /** An alias of the catalogue. */
  use: string;
  /** Shown on stderr and written into ft.yaml: what doesn't exist, what is used, what else there is. */
  notice: string;
}

/** Exact names only: a guess at anything else is a did-you-mean, not a substitution. */
export const misnamed: readonly Misnamed[] = [
  {
    typed: "llama4-8b",
    use: "llama3.1-8b",
    notice:
      "Meta never released an 8B Llama 4. Using llama3.1-8b, the nearest Llama of 8B (one 24 GB GPU with qlora). " +
      "Other ways: llama4-scout, the smallest Llama 4 (109B in all, 17B active, about 218 GB in bf16; its licence grants no rights to people and companies in the EU), " +
      "or qwen3-8b (8B, Apache-2.0).",
  },
  {
    typed: "llama3.2-8b",
    use: "llama3.1-8b",
    notice:
      "Llama 3.2 has no text model of 8B. Using llama3.1-8b, the newest Llama of 8B. " +
      "Other ways: llama3.2-3b (smaller, same generation) or qwen3-8b (8B, Apache-2.0).",
  },
  {
    typed: "llama3.3-8b",
    use: "llama3.1-8b",
    notice:
      "Llama 3.3 was released as 70B only. Using llama3.1-8b, the newest Llama of 8B. " +
      "Other ways: llama3.3-70b or qwen3-8b (8B, Apache-2.0).",
  },
  {
    typed: "qwen3-7b",
    use: "qwen3-8b",
    notice:
      "Qwen3 has no 7B. Using qwen3-8b, the nearest. Other ways: qwen3-4b, or qwen2.5-7b of the generation before.",
  },
];
