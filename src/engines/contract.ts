// What an engine is to ft: capabilities, and a pure render from recipe and facts to the files the engine reads.
import type { DatasetFacts } from "../dataset/canonical.js";
import type { ModelFacts } from "../models/facts.js";
import type { EngineName, Recipe } from "../recipes/schema.js";

/** How canonical rows are laid out for the engine; see dataset/snapshot.ts. */
export type DataLayout =
  /** {messages:[...]}: the engine renders the template and masks by `{% generation %}` markers. */
  | "messages"
  /** {prompt:[...], completion:[...]}: one line per assistant turn, loss on the completion. Exact with any template. */
  | "prompt-completion"
  /** {text}: every token carries loss. */
  | "text"
  /** {prompt:[...], chosen:[...], rejected:[...]}: for dpo, orpo, simpo, cpo, reward. */
  | "preference"
  /** {prompt:[...], completion:[...], label}: for kto. */
  | "unpaired"
  /** {prompt:[...], ...columns for the reward functions}: for grpo. */
  | "prompt"
  /** {messages, tools}, both as JSON text, which Axolotl reads exactly; per-turn weights are in it. */
  | "messages-json"
  /** {segments:[{label, text}]}. */
  | "segments"
  /** {input_ids, attention_mask, labels}. */
  | "tokens";

export interface RenderInput {
  recipe: Recipe;
  model: ModelFacts;
  /** Unknown (null) for `ft render` before the data was read. */
  dataset: DatasetFacts | null;
  device: {
    kind: "cpu" | "cuda" | "mps";
    count: number;
    bf16: boolean;
    /** As CUDA_VISIBLE_DEVICES names the first GPU that may be used; left out: "0". */
    firstGpu?: string | undefined;
  };
}

export interface Rendering {
  /** Path relative to the job folder -> content. Byte-stable for equal input. */
  files: Record<string, string>;
  /** A person's own files that the job needs: path relative to the recipe -> path relative to the job folder. */
  copies: Record<string, string>;
  layout: DataLayout;
  /** Runs in the job folder, in the engine's environment. */
  train: { module: string; args: string[] };
  evaluate: { module: string; args: string[] };
  env: Record<string, string>;
  /** What the reader should know: choices made for them, with the reason. */
  notes: string[];
}

export interface Engine {
  name: EngineName;
  /** For the version that the recipe names. Null when supported, else the reason and what to do. */
  unsupported(recipe: Recipe): string | null;
  render(input: RenderInput): Rendering;
}
