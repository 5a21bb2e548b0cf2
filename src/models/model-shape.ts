// The dimensions of a transformer that its parameter count and its memory follow from.
import type { Architecture, Mixture } from "./architecture.js";

export interface ModelShape {
  /** Architecture ("llama", "qwen3-moe"), as the catalogue or config.json's model_type names it. */
  family: string;
  /** Billions of parameters, tied embeddings counted once. */
  paramsB: number;
  layers: number;
  hidden: number;
  heads: number;
  kvHeads: number;
  /** Null: multi-head latent attention (DeepSeek V3). */
  headDim: number | null;
  /** Of one expert where there are experts. */
  intermediate: number;
  /** Routed experts; 0: dense. */
  experts: number;
  expertsPerToken: number;
  /** Rows of the embedding, padding included. */
  vocab: number;
  tiedEmbeddings: boolean;
  /** What config.json says of the architecture; the family decides the rest (architecture.ts). */
  details?: Partial<Omit<Architecture, "mixture">> & { mixture?: Partial<Mixture> };
}

/** What a recipe's target_modules name, whatever the architecture calls or fuses it. */
export type Projection = "q" | "k" | "v" | "o" | "gate" | "up" | "down";
