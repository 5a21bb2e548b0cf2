// Tokens of a training: an epoch's, with what padding adds or packing saves and what is cut, and the steps that they make.
import { packing } from "../../dataset/curate/pack.js";
import { batchOf } from "../../recipes/batch.js";
import type { Recipe } from "../../recipes/schema.js";
import { noPadding } from "../overrides.js";
import type { Work } from "./flops.js";
import type { Example, RowSample } from "./row-sample.js";
import { evenly, largestOf, type Weighted, weightedMean } from "./weighted.js";

export interface TokenPlan {
  by: RowSample["by"];
  /** Rows of the sample. */
  sampledRows: number;
  charsPerToken: number;
  /** Share by which the tokens may be off: one standard error of the sample, or of the assumed characters a token. */
  error: number;
  /** Tokens of a sequence, uncut. */
  mean: number;
  longest: number;
  /** Share of the sequences that are longer than data.max_length: cut, or (data.too_long: drop) left out. */
  cutShare: number;
  tooLong: "cut" | "drop";
  /** Sequences in an epoch: rows, turns, or packed ones. */
  sequences: number;
  epoch: { tokens: number; withPadding: number };
  epochs: number;
  steps: number;
  /** Of the whole training. */
  total: { tokens: number; withPadding: number };
  /** Of one forward pass and GPU. */
  pass: Work;
}

export interface TokenFacts {
  sample: RowSample;
  /** Examples in an epoch: rows, or turns that are a line each. */
  examples: number;
  /** Characters of a row on average, over all of the data. */
  meanChars: number;
  /** As the renderers count them (engines/steps.ts); null: packing decides. */
  steps: number | null;
}

/** Pure. `recipe`: on the hardware that is planned for. */
export function tokenPlan(recipe: Recipe, { sample, examples, meanChars, steps }: TokenFacts): TokenPlan {
  const { data, objective, train } = recipe;
  const { micro, accumulation } = batchOf(recipe);
  const scale = sample.by === "tokenizer" || sample.rows < 2000 ? meanChars / sample.meanChars : 1;
  const generated = objective.type === "grpo" ? generatedShare * objective.max_completion_length : 0;
  const uncut = sample.examples.map(({ sequences, share }) => ({
    sequences: sequences.map((tokens) => tokens * scale),
    share,
  }));
  const isDropped = (sequences: readonly number[]): boolean =>
    data.too_long === "drop" && sequences.some((tokens) => tokens > data.max_length);
  const taken = uncut.filter(({ sequences }) => !isDropped(sequences));
  const cut = (taken.length > 0 ? taken : uncut).map(({ sequences, share }) => ({
    sequences: sequences.map((tokens) => Math.min(data.max_length, tokens) + generated),
    share,
  }));
  const flat = cut.flatMap(eachSequence);
  const each = uncut[0]?.sequences.length ?? 1;
  const meanKept = weightedMean(flat);
  const isPacked = data.packing;
  const packed = isPacked ? packing(evenly(flat).map(Math.round), data.max_length, "bfd") : null;
  const multiple = recipe.engine.name === "axolotl" ? axolotlMultiple : 1;
  const isTight = noPadding(recipe);
  const padded = largestOf(
    cut.map(({ sequences, share }) => ({ value: Math.max(...sequences), share })),
    isTight ? 1 : micro,
  );
  const length = packed ? data.max_length : roundedUp(padded.mean, multiple);
  const sequencesPerEpoch = packed
    ? Math.max(1, Math.ceil((examples * each * meanKept) / (packed.filled * data.max_length)))
    : examples * each;
  const exactSteps = steps ?? Math.ceil(Math.ceil(sequencesPerEpoch / train.batch_size) * train.epochs);
  const perStep = train.batch_size * each;
  const realPerSequence = packed ? packed.filled * data.max_length : meanKept;
  const rows = micro * each;
  const squares =
    isPacked && recipe.model.attention.startsWith("flash")
      ? rows * packed!.filled * (meanSquare(flat) / meanKept) * data.max_length
      : rows * (packed ? data.max_length ** 2 : Math.max(padded.square, length ** 2));
  const trained = exactSteps * perStep;
  return {
    ...{ by: sample.by, sampledRows: sample.rows, charsPerToken: sample.charsPerToken, error: sample.error },
    ...{ mean: weightedMean(uncut.flatMap(eachSequence)), longest: sample.longest.train },
    cutShare: weightedMean(
      uncut.flatMap(eachSequence).map(({ value, share }) => ({ value: value > data.max_length ? 1 : 0, share })),
    ),
    tooLong: data.too_long ?? "cut",
    sequences: sequencesPerEpoch,
    epoch: { tokens: sequencesPerEpoch * realPerSequence, withPadding: sequencesPerEpoch * length },
    epochs: trained / sequencesPerEpoch,
    steps: exactSteps,
    total: {
      tokens: trained * realPerSequence,
      withPadding: exactSteps * accumulation * rows * length * replicas(recipe),
    },
    pass: { tokens: rows * length, squaredTokens: squares },
  };
}

function replicas({ compute }: Recipe): number {
  return Math.max(1, compute.gpus / compute.context_parallel);
}

/** Of the longest answer, what sampled ones take on average: assumed. */
const generatedShare = 0.6;

/** Axolotl pads a batch to a multiple of this (its collators' pad_to_multiple_of). */
const axolotlMultiple = 64;

function eachSequence({ sequences, share }: Example): Weighted[] {
  return sequences.map((value) => ({ value, share }));
}

function meanSquare(values: readonly Weighted[]): number {
  return weightedMean(values.map(({ value, share }) => ({ value: value ** 2, share })));
}

function roundedUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
