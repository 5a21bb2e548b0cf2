// What mask prediction takes and gives: a model's tokenizer and template in, the tokens of each training sequence out.
import type { ChatTemplate } from "../../models/facts.js";
import type { ObjectiveName } from "../../recipes/schema.js";
import type { RenderChat } from "../template/compile.js";
import type { ModelTokenizer } from "../tokens/tokenizer.js";

/**
 * Whose code reads the rows, as ft drives it. `unsloth-responses` is not a run of ft: it is what Unsloth's notebooks do
 * (train_on_responses_only), to compare with.
 */
export const maskEngines = ["trl", "axolotl", "unsloth", "unsloth-responses"] as const;
export type MaskEngine = (typeof maskEngines)[number];

/** Made by loadMaskModel; the same for every engine. */
export interface MaskModel extends RunSettings {
  tokenizer: ModelTokenizer;
  /** Null: the model has no template; then only plain text rows can be tokenised. */
  template: ChatTemplate | null;
  /** The template, compiled. */
  render: RenderChat | null;
  /** TRL's twin of the template, with generation markers; null where it has none, or the template has markers itself. */
  renderTwin: RenderChat | null;
  trainOn: "assistant" | "all";
  /** Tokens that a sequence keeps, from its start; the engine cuts the rest. */
  maxLength: number;
}

/** What else of a run decides which tokens it trains; left out: dpo for pairs, kto for judged answers, one row a sequence, long rows cut. */
export interface RunSettings {
  objective?: ObjectiveName | undefined;
  packing?: boolean | undefined;
  tooLong?: "cut" | "drop" | undefined;
  /** TRL's conversations are one line an assistant turn whatever the template: some row of them has a turn with a weight. */
  turnByTurn?: boolean | undefined;
}

/** The text of token i is [starts[i], ends[i]), in UTF-16 units: transformers' offset_mapping but for the unit. */
export interface TokenOffsets {
  starts: ArrayLike<number>;
  ends: ArrayLike<number>;
}

/** One training sequence: a line of the engine's data. */
export interface MaskedLine {
  ids: number[];
  /** 1: the token carries loss. */
  trained: Uint8Array;
  /** What was tokenised: the rendered conversation, or the text with what the engine appends. */
  text: string;
  /** Where each token lies in `text`, where the mask needed it; offsetsOfLine tells it of every line. */
  offsets: TokenOffsets | null;
  /** Tokens that the engine keeps, from the start: the rest is cut. */
  kept: number;
  /** The engine leaves the line out, as nothing that it keeps carries loss. */
  dropped: boolean;
}

/**
 * `unknown`: why the mask can't be told; a wrong one is never given. `refused`: the template refuses the row, so that there is no mask, and
 * the engine stops at it. `costly`: it was stopped for what it costs, after a second or two.
 */
export type Prediction = { lines: MaskedLine[] } | { unknown: string; refused?: true; costly?: true };

/** A template that is too costly takes a second or two a row before it is stopped: after so many rows it is not rendered any more. */
export const mostCostly = 3;

/** Thrown within this folder where an engine's way is not certain, and caught by predictMask. */
export class UnknownMask extends Error {}

/** A sequence as most engines make it: cut at maxLength, and left out when that leaves nothing to train. */
export function cutLine(line: Omit<MaskedLine, "kept" | "dropped">, maxLength: number): MaskedLine {
  const kept = Math.min(line.ids.length, maxLength);
  return { ...line, kept, dropped: !line.trained.subarray(0, kept).includes(1) };
}
