// The dimensions of a transformer that its parameter count and its memory follow from.

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
}

export type Projection = "q" | "k" | "v" | "o" | "gate" | "up" | "down";

/** One weight matrix: its kind, and the widths of what goes in and out. */
export interface Matrix {
  projection: Projection;
  inputs: number;
  outputs: number;
}

/**
 * The attention matrices of one layer. Grouped-query attention, or DeepSeek V3's latent attention with that model's own ranks
 * (q 1536, kv 512 + rope 64; heads of 192 for keys, 128 for values: deepseek-ai/DeepSeek-V3 config_671B.json).
 */
export function attentionMatrices({ hidden, heads, kvHeads, headDim }: ModelShape): Matrix[] {
  if (headDim === null) {
    return [
      { projection: "q", inputs: hidden, outputs: 1536 },
      { projection: "q", inputs: 1536, outputs: heads * 192 },
      { projection: "k", inputs: hidden, outputs: 512 + 64 },
      { projection: "v", inputs: 512, outputs: heads * 256 },
      { projection: "o", inputs: heads * 128, outputs: hidden },
    ];
  }
  return [
    { projection: "q", inputs: hidden, outputs: heads * headDim },
    { projection: "k", inputs: hidden, outputs: kvHeads * headDim },
    { projection: "v", inputs: hidden, outputs: kvHeads * headDim },
    { projection: "o", inputs: heads * headDim, outputs: hidden },
  ];
}

/** The matrices of one gated MLP, or of one expert; two of them in the older architectures without a gate. */
export function mlpMatrices({ family, hidden, intermediate }: ModelShape): Matrix[] {
  const up: Matrix = { projection: "up", inputs: hidden, outputs: intermediate };
  const down: Matrix = { projection: "down", inputs: intermediate, outputs: hidden };
  return ungated.has(family) ? [up, down] : [{ ...up, projection: "gate" }, up, down];
}

const ungated = new Set(["phi", "gpt-neox", "starcoder2", "falcon", "gpt2", "gpt-bigcode", "opt"]);

/** Elements of the given matrices together. */
export function elements(matrices: readonly Matrix[]): number {
  return matrices.reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0);
}
