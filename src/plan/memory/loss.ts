// What computing the loss over the vocabulary takes, and what the model's two ends keep.
import type { MemorySetting } from "./setting.js";

/**
 * Bytes at the moment when the loss is computed or its gradient begins.
 * whole: logits, their fp32 copy, the log-softmax and its gradient, tokens x vocabulary each; `bytesPerLogit` says which of them exist
 * together. tiled: one tile, and the hidden states' gradient in fp32 (TRL 1.16, kernels/chunked_logprob.py). fused: chunks of as many
 * tokens as make the logits no larger than the hidden states (Liger, arXiv 2410.10989, section 3.2). budgeted: `budgetedChunk`.
 * cut: the hidden states' gradient alone (arXiv 2411.09009). Where the head is trained, all but `whole` also sum its gradient.
 */
export function lossBytes(setting: MemorySetting): number {
  const { loss, shape, precision, method, adapter } = setting;
  const { vocab, hidden } = shape;
  const tokens = tokensOf(setting);
  if (loss.kind === "whole") return tokens * vocab * loss.bytesPerLogit;
  const isHeadTrained = method === "full" || (adapter?.trainedModules.includes("lm_head") ?? false);
  const hiddenGradient = tokens * hidden * (loss.kind === "tiled" ? 4 : precision.compute);
  const headGradient = isHeadTrained ? vocab * hidden * (loss.kind === "tiled" ? 4 : precision.trained) : 0;
  const tile =
    loss.kind === "tiled"
      ? (loss.bytesPerLogit ?? precision.compute) * Math.min(tokens, loss.tokens) * Math.min(vocab, loss.vocab)
      : loss.kind === "fused"
        ? (precision.compute + 4) * vocab * fusedChunk(tokens, vocab / hidden)
        : loss.kind === "budgeted"
          ? loss.bytesPerLogit * vocab * budgetedChunk(tokens, vocab, 2 * headGradient)
          : 0;
  return tile + hiddenGradient + headGradient;
}

/** Tokens of one of Liger's chunks: the next power of two of tokens / ceil(vocabulary / hidden). */
function fusedChunk(tokens: number, vocabOverHidden: number): number {
  return Math.min(tokens, 2 ** Math.ceil(Math.log2(Math.max(1, tokens / Math.ceil(vocabOverHidden)))));
}

/**
 * Tokens of one of Unsloth's chunks (unsloth_zoo/fused_losses/cross_entropy_loss.py, get_chunk_size): it takes a logit for 16 bytes, keeps
 * them within 4 GiB less the head's gradients, and makes one chunk or a multiple of four. (Half of what is free, where that is less: only a
 * GPU with under 8 GiB to spare meets it.)
 */
function budgetedChunk(tokens: number, vocab: number, headGradients: number): number {
  const cap = 4 * 2 ** 30;
  const chunks = (tokens * vocab * 16) / (headGradients < cap ? cap - headGradients : cap);
  return chunks <= 1 ? tokens : Math.ceil(tokens / Math.min(tokens, 4 * Math.ceil(chunks / 4)));
}

/** Of a pass without gradients: no gradient of the head is summed. */
export function heldOutLossBytes(setting: MemorySetting): number {
  return lossBytes({ ...setting, method: "lora", adapter: null });
}

/** The embedding's output, and the last norm's fp32 input and its output. */
export function endBytes({ shape, precision, ...setting }: MemorySetting): number {
  return tokensOf(setting) * shape.hidden * (precision.residual + 4 + precision.compute);
}

/** Tokens of one forward pass on one GPU. */
export function tokensOf({ batch }: Pick<MemorySetting, "batch">): number {
  return (batch.rows * batch.tokens) / batch.sharedBy;
}
