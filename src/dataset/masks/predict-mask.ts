// Which tokens an engine trains of a row: the one door to the engines' masks.
import { FtError } from "../../errors.js";
import type { CanonicalRow } from "../canonical.js";
import { TemplateRefusal } from "../template/compile.js";
import { axolotlLines } from "./axolotl-mask.js";
import { givenLines, isGiven, type MaskableRow } from "./given-lines.js";
import {
  type MaskEngine,
  type MaskedLine,
  type MaskModel,
  mostCostly,
  type Prediction,
  UnknownMask,
} from "./mask-model.js";
import { trlLines } from "./trl-mask.js";
import { unslothLines } from "./unsloth-mask.js";
import { responseLines } from "./unsloth-responses.js";

const linesOf: Record<MaskEngine, (row: MaskableRow, model: MaskModel) => MaskedLine[]> = {
  trl: trlLines,
  axolotl: axolotlLines,
  unsloth: unslothLines,
  "unsloth-responses": responseLines,
};

/** The row's training sequences as ft's run with the engine makes them: ids, what carries loss, what is cut. Never throws for a row. */
export function predictMask(row: CanonicalRow, model: MaskModel, engine: MaskEngine): Prediction {
  if (isGiven(row)) return { lines: kept(row, givenLines(row, model), model) };
  if (row.kind !== "text" && !model.render) return { unknown: "the model has no chat template", refused: true };
  try {
    return { lines: kept(row, linesOf[engine](row, model), model) };
  } catch (error) {
    if (error instanceof TemplateRefusal) return { unknown: error.message, refused: true };
    if (error instanceof UnknownMask) return { unknown: error.message };
    if (error instanceof FtError && error.code.startsWith("template.")) {
      const isCostly = error.code === "template.too-costly";
      return { unknown: `${error.message}: ${error.why}`, ...(isCostly && { costly: true }) };
    }
    throw error;
  }
}

export interface RowPredictor {
  predict(row: CanonicalRow): Prediction;
  /** The template was too costly for a few of them: nothing more is to be rendered. */
  isGivenUp(): boolean;
}

/** predictMask for rows one after the other. */
export function rowPredictor(model: MaskModel, engine: MaskEngine): RowPredictor {
  let costly = 0;
  return {
    predict(row) {
      const prediction = predictMask(row, model, engine);
      if ("costly" in prediction) costly += 1;
      return prediction;
    },
    isGivenUp: () => costly >= mostCostly,
  };
}

/** With data.too_long: drop the engine leaves out what is longer than max_length; of a pair both, or none. */
function kept({ kind }: CanonicalRow, lines: MaskedLine[], { tooLong, maxLength }: MaskModel): MaskedLine[] {
  if (tooLong !== "drop") return lines;
  const isLong = (line: MaskedLine) => line.ids.length > maxLength;
  const isPairLong = kind === "preference" && lines.some(isLong);
  return lines.map((line) => (isPairLong || isLong(line) ? { ...line, dropped: true } : line));
}
