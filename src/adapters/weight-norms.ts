// How far an adapter moves each layer from its base, and two adapters from each other: Frobenius norms of what is added to the layer's weights.
import { type AdapterConfig, loraName, readAdapterConfig, readWeights } from "./lora-checks.js";
import { readNumbers, type Tensor } from "./safetensors.js";

export interface LayerNorms {
  /** `layers.0`, or the whole name of what belongs to no numbered layer. */
  layer: string;
  /** Of the change to the base's weights; null: the layer is not adapted. A whole model: of the weights themselves. */
  a: number | null;
  b: number | null;
  /** Of the difference of the two; null where one is missing or shapes differ. */
  distance: number | null;
}

/** One row a layer, in the order of the layers. Null: one of the folders has no readable weights. */
export function compareNorms(dirA: string, dirB: string): LayerNorms[] | null {
  const [a, b] = [readUpdates(dirA), readUpdates(dirB)];
  if (a === null || b === null) return null;
  const layers = new Map<string, { a: number | null; b: number | null; distance: number | null }>();
  for (const module of new Set([...a.keys(), ...b.keys()])) {
    const layer = layerOf(module);
    const sum = layers.get(layer) ?? { a: null, b: null, distance: 0 };
    const [left, right] = [a.get(module)?.() ?? null, b.get(module)?.() ?? null];
    const [squareA, squareB] = [left && inner(left, left), right && inner(right, right)];
    const cross = left && right && inner(left, right);
    sum.a = squareA === null ? sum.a : (sum.a ?? 0) + squareA;
    sum.b = squareB === null ? sum.b : (sum.b ?? 0) + squareB;
    sum.distance =
      squareA === null || squareB === null || cross === null || sum.distance === null
        ? null
        : sum.distance + Math.max(0, squareA - 2 * cross + squareB);
    layers.set(layer, sum);
  }
  return [...layers]
    .map(([layer, sums]) => ({ layer, a: root(sums.a), b: root(sums.b), distance: root(sums.distance) }))
    .sort((one, other) => one.layer.localeCompare(other.layer, "en", { numeric: true }));
}

/** What is added to a layer: scale * B A of a LoRA pair (A is rank x in, B out x rank), or the tensor itself where there is no pair. */
type Update = { scale: number; rank: number; a: Float32Array; b: Float32Array } | { whole: Float32Array };

/** By module; read when asked for, so that one module at a time is in memory. */
function readUpdates(dir: string): Map<string, () => Update | null> | null {
  const weights = readWeights(dir);
  if ("problem" in weights) return null;
  const config = readAdapterConfig(dir);
  const pairs = new Map<string, Partial<Record<"A" | "B", { file: string; tensor: Tensor }>>>();
  const updates = new Map<string, () => Update | null>();
  for (const { path, tensors } of weights.files) {
    for (const tensor of tensors) {
      const [, module, , side] = loraName.exec(tensor.name) ?? [];
      if (module && side) pairs.set(module, { ...pairs.get(module), [side]: { file: path, tensor } });
      else updates.set(tensor.name, () => whole(path, tensor));
    }
  }
  for (const [module, { A, B }] of pairs) {
    if (A && B) updates.set(module, () => pair(A, B, scaleOf(module, A.tensor.shape[0]!, config)));
  }
  return updates;
}

function whole(file: string, tensor: Tensor): Update | null {
  const numbers = readNumbers(file, tensor);
  return numbers && { whole: numbers };
}

function pair(A: { file: string; tensor: Tensor }, B: { file: string; tensor: Tensor }, scale: number): Update | null {
  const [a, b] = [readNumbers(A.file, A.tensor), readNumbers(B.file, B.tensor)];
  return a && b && { scale, rank: A.tensor.shape[0]!, a, b };
}

/** As PEFT scales: alpha / r, with rsLoRA alpha / sqrt(r); a pattern's alpha holds for the modules whose name ends with its key. */
function scaleOf(module: string, rank: number, config: AdapterConfig | null): number {
  const patterns = Object.entries(config?.alpha_pattern ?? {});
  const own = patterns.find(([name]) => module === name || module.endsWith(`.${name}`))?.[1];
  const alpha = own ?? config?.lora_alpha ?? rank;
  return alpha / (config?.use_rslora ? Math.sqrt(rank) : rank);
}

/** Frobenius inner product; of pairs without multiplying them out: <B1 A1, B2 A2> = trace((B2' B1)(A1 A2')). Null: shapes differ. */
function inner(one: Update, other: Update): number | null {
  if ("whole" in one || "whole" in other) {
    if (!("whole" in one && "whole" in other) || one.whole.length !== other.whole.length) return null;
    return one.whole.reduce((sum, value, index) => sum + value * other.whole[index]!, 0);
  }
  const [width, height] = [one.a.length / one.rank, one.b.length / one.rank];
  if (width !== other.a.length / other.rank || height !== other.b.length / other.rank) return null;
  let sum = 0;
  for (let i = 0; i < one.rank; i++) {
    for (let j = 0; j < other.rank; j++) {
      let ofA = 0;
      const [rowOne, rowOther] = [i * width, j * width];
      for (let k = 0; k < width; k++) ofA += one.a[rowOne + k]! * other.a[rowOther + k]!;
      let ofB = 0;
      for (let k = 0; k < height; k++) ofB += one.b[k * one.rank + i]! * other.b[k * other.rank + j]!;
      sum += ofA * ofB;
    }
  }
  return sum * one.scale * other.scale;
}

function layerOf(module: string): string {
  return /\b(?:layers|h|blocks?|layer)\.\d+\b/.exec(module)?.[0] ?? module.replace(/^base_model\.model\./, "");
}

function root(square: number | null): number | null {
  return square === null ? null : Math.sqrt(square);
}
