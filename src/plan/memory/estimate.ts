// The peak of GPU memory in training: every term, the phases in which they exist together, and the largest of those.
import { weightGroups } from "../../models/weight-groups.js";
import { doraScratchBytes, type Trained, trainedParts } from "./adapters.js";
import {
  allocatedBand,
  type Band,
  type Constants,
  constants,
  contextBand,
  deviceBand,
  type PeakParts,
  reservedBand,
} from "./allocator.js";
import { heapHoles } from "./heap.js";
import { layerBytesPerToken, layerGradientBytes, layerTotal } from "./layer-activations.js";
import { endBytes, heldOutLossBytes, lossBytes, tokensOf } from "./loss.js";
import { isPaged, stateBytes, stepTemporaryBytes } from "./optimizer.js";
import type { MemorySetting } from "./setting.js";
import { communicationBytes, holdsLayerInputs, shares } from "./sharding.js";
import { autocastCopyBytes, dequantisationBytes, weightBytes } from "./weights.js";

/** Bytes on one GPU, of each term by itself. They do not all exist together: see `phases`. */
export interface Terms {
  weights: number;
  quantisationConstants: number;
  /** LoRA's own weights, and copies of modules that are trained whole. */
  adapters: number;
  gradients: number;
  /** Moments; 0 where they are paged or offloaded. */
  optimizer: number;
  /** fp32 copies of trained parameters. */
  masters: number;
  /** Copies of the embedding that the engine keeps. */
  embeddingCopies: number;
  /** Frozen copies of the model to compare with. */
  reference: number;
  /** Layer inputs that checkpointing keeps, or all that the layers keep. */
  activations: number;
  /** Of `activations`, or of the layer that is computed again: what attention keeps. */
  attention: number;
  /** The layer that is computed again, and its gradients. */
  recomputed: number;
  /** Of the heap on a CPU: blocks given back between those that are kept (heap.ts). */
  heapHoles: number;
  /** What the embedding and the last norm keep. */
  ends: number;
  logits: number;
  /** fp32 logits that the caller holds through the backward pass. */
  heldLogits: number;
  communication: number;
  dequantisation: number;
  autocastCopies: number;
  optimizerStep: number;
  /** A forward pass over held-out rows: one layer, the two ends, the loss. */
  heldOut: number;
}

export type Phase = "load" | "loss" | "backward" | "end of backward" | "step" | "held-out rows";

export interface MemoryEstimate {
  terms: Terms;
  /** Bytes of tensors that exist together in each phase. */
  phases: Record<Phase, number>;
  /** The phase of the peak. */
  peak: Phase;
  /** The peak as the allocator sees it. */
  parts: PeakParts;
  allocated: Band;
  reserved: Band;
  /** As nvidia-smi shows it. */
  device: Band;
}

/** Pure. `capacityBytes`: of the GPU, null when not known. */
export function estimateMemory(
  setting: MemorySetting,
  capacityBytes: number | null = null,
  by: Constants = constants,
): MemoryEstimate {
  const terms = termsOf(setting);
  const lasting =
    terms.weights +
    terms.quantisationConstants +
    terms.reference +
    terms.adapters +
    terms.optimizer +
    terms.masters +
    terms.embeddingCopies;
  const phases = phasesOf(terms, lasting, setting);
  const [peak, allocated] = (Object.entries(phases) as [Phase, number][]).reduce((a, b) => (b[1] > a[1] ? b : a));
  const passing = allocated - lasting;
  const isStep = peak === "step" || peak === "end of backward";
  const other = Math.max(isStep ? phases.loss : phases.step, isStep ? phases.backward : 0) - lasting;
  const parts: PeakParts = {
    lasting: isStep ? allocated : lasting,
    passing: isStep ? 0 : passing,
    otherPhases: Math.max(0, other),
    meanShare: setting.batch.meanShare,
    capacity: capacityBytes === null ? null : capacityBytes - contextBand(setting.sharding.gpus).mid,
    gpus: setting.sharding.gpus,
  };
  return {
    ...{ terms, phases, peak, parts },
    allocated: allocatedBand(parts, by),
    reserved: reservedBand(parts, by),
    device: deviceBand(parts, by),
  };
}

function termsOf(setting: MemorySetting): Terms {
  const { shape, precision, optimizer, checkpointing, habits, sharding } = setting;
  const share = shares(sharding);
  const weights = weightBytes(weightGroups(shape), setting);
  const parts = trainedParts(setting);
  const sum = (of: (part: Trained) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const gradients = sum(({ parameters, bytes }) => parameters * bytes);
  const tokens = tokensOf(setting);
  const layer = layerTotal(setting);
  const kept = checkpointing.layers ? precision.residual * shape.hidden : layer;
  // Offloaded inputs are on the GPU for the layer at work and the next one.
  const layersOnGpu = checkpointing.offloaded && !habits.usesHeap ? 2 : shape.layers;
  // DeepSpeed's masters are fp32 and so are their moments; they are stepped by gradients in fp32.
  const stepped = (part: Trained): Trained => (precision.masters ? { ...part, bytes: 4 } : part);
  const states = sum((part) => stateBytes(stepped(part), optimizer.kind));
  return {
    weights: (weights.plain + weights.packed) * share.weights,
    quantisationConstants: weights.constants * share.weights,
    adapters: sum(({ parameters, bytes, isAdded }) => (isAdded ? parameters * bytes : 0)) * share.weights,
    gradients: optimizer.inBackward ? 0 : gradients * share.gradients,
    optimizer: isPaged(optimizer.kind) ? 0 : states * share.states,
    masters: precision.masters ? sum(({ parameters }) => 4 * parameters) * share.states : 0,
    embeddingCopies: habits.embeddingCopies * shape.vocab * shape.hidden * precision.weights,
    reference: habits.referenceCopies * (weights.plain + weights.packed) * share.weights,
    activations: kept * layersOnGpu * tokens,
    attention: layerBytesPerToken(setting).attention * tokens * (checkpointing.layers ? 1 : layersOnGpu),
    recomputed: ((checkpointing.layers ? layer : 0) + layerGradientBytes(setting)) * tokens,
    heapHoles: habits.usesHeap ? heapHoles(setting) : 0,
    ends: endBytes(setting),
    logits: lossBytes(setting),
    heldLogits: habits.holdsLogits ? 4 * tokens * shape.vocab : 0,
    communication: communicationBytes(setting, gradients),
    dequantisation: dequantisationBytes(setting) + doraScratchBytes(setting),
    autocastCopies: autocastCopyBytes(setting),
    optimizerStep:
      sum(
        (part) => part.parameters * (stepTemporaryBytes(stepped(part).bytes, optimizer) + (precision.masters ? 4 : 0)),
      ) * share.states,
    heldOut: heldOutBytes(setting),
  };
}

/** Trainer's evaluation loop (transformers 5.23): after a step, its gradients gone, as many rows in a pass as training has. */
function heldOutBytes(setting: MemorySetting): number {
  const { heldOut } = setting.batch;
  if (heldOut === undefined) return 0;
  const pass = { ...setting, batch: { ...setting.batch, ...heldOut } };
  return layerTotal(pass) * tokensOf(pass) + endBytes(pass) + heldOutLossBytes(pass);
}

function phasesOf(terms: Terms, lasting: number, setting: MemorySetting): Record<Phase, number> {
  const { batch, checkpointing, shape, precision, sharding } = setting;
  const before = batch.accumulation > 1 ? terms.gradients : 0;
  const forward = lasting + before + terms.activations + terms.heapHoles + terms.communication + terms.autocastCopies;
  const inputs = checkpointing.layers ? precision.residual * shape.hidden * shape.layers * tokensOf(setting) : 0;
  const held = holdsLayerInputs(setting) ? inputs : 0;
  const isWhole = setting.habits.loadsWhole && setting.sharding.parallelism.startsWith("fsdp");
  const whole = isWhole ? terms.weights * setting.sharding.gpus + terms.communication : 0;
  return {
    load: isWhole ? lasting + terms.gradients + whole : lasting + terms.dequantisation,
    loss: forward + terms.ends + terms.logits,
    backward: forward + held + terms.recomputed + terms.dequantisation + terms.heldLogits,
    "end of backward": lasting + terms.gradients + terms.communication + terms.recomputed + terms.dequantisation,
    step:
      lasting +
      terms.gradients +
      terms.optimizerStep +
      (sharding.parallelism.startsWith("zero") ? terms.communication : 0),
    "held-out rows": terms.heldOut === 0 ? 0 : lasting + terms.heldOut + terms.communication + terms.dequantisation,
  };
}
