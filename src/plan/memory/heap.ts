// What a CPU's memory is taken by beside tensors: blocks that glibc's heap got back and cannot use again.
import { architectureOf } from "../../models/architecture.js";
import { attentionWidths, weightGroups } from "../../models/weight-groups.js";
import { layerTotal } from "./layer-activations.js";
import { tokensOf } from "./loss.js";
import type { MemorySetting } from "./setting.js";

/**
 * Bytes of holes in the heap at the end of a forward pass. torch takes aligned blocks (posix_memalign), for which glibc looks for one that is
 * larger than asked for by the alignment: a freed block does not serve the next tensor of its own size. Between tensors that are kept for the
 * backward pass a layer frees what it wrote and does not keep; where two such blocks lie side by side they become one, in which one fits
 * again. So half of it stays empty. Checkpointing was measured to leave as many (8 rows: 1.2 GiB beside 0.1 of tensors).
 * Measured with torch 2.15 and glibc 2.36, SmolLM2 135M with LoRA, 1 and 8 rows of 89 tokens: 0.067 and 0.110 GiB a row, gone with
 * MALLOC_MMAP_THRESHOLD_=65536 (each block then goes back to the system); counted: 0.114.
 */
export function heapHoles(setting: MemorySetting): number {
  const passing = Math.max(0, setting.precision.compute * layerOutputs(setting) - layerTotal(setting));
  return (passing / 2) * tokensOf(setting) * setting.shape.layers;
}

/**
 * Numbers a token that the operations of one layer write in the forward pass, kept or not. A matrix its output; an adapted one also A's,
 * B's, B's scaled, and the sum (PEFT's lora/layer.py). RMSNorm in transformers' own module its square, its product and its scaled product; the
 * rotation two products, a sum, a half that is turned round and put together again; a gated MLP the activation and the product. Within 4 % of
 * what a TorchDispatchMode counted for Llama (33,048 with LoRA of rank 16 on all linear layers, 17,384 without, of SmolLM2 135M).
 */
export function layerOutputs({ shape, adapter }: MemorySetting): number {
  const { gated, normsPerLayer } = architectureOf(shape);
  const { queries, keys } = attentionWidths(shape);
  const matrices = weightGroups(shape).filter(
    ({ inLayer, kind }) => inLayer && (kind === "linear" || kind === "expert"),
  );
  const active = (kind: string): number => (kind === "expert" ? shape.expertsPerToken / Math.max(1, shape.experts) : 1);
  const products = matrices.reduce((sum, group) => {
    const written = adapter?.isTarget(group) ? 4 * group.outputs + adapter.rank : group.outputs;
    return sum + (written * group.copies * active(group.kind)) / shape.layers;
  }, 0);
  const width = shape.intermediate * Math.max(1, shape.expertsPerToken);
  return products + (3 * normsPerLayer + 2) * shape.hidden + 4.5 * (queries + keys) + queries + width * (gated ? 2 : 1);
}
