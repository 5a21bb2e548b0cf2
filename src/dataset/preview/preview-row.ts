// A row as an engine gets it: its sequences with their tokens, or why they are not known.
import type { CanonicalRow } from "../canonical.js";
import { endOfTurnIds } from "../masks/end-of-turn.js";
import type { MaskEngine, MaskModel } from "../masks/mask-model.js";
import { predictMask } from "../masks/predict-mask.js";
import { extrasOf, turnsOf } from "../stats/row-parts.js";
import { type PreviewLine, previewLine } from "./preview-line.js";

export interface RowPreview {
  kind: CanonicalRow["kind"];
  turns: number;
  tools: number;
  /** Whose way it is; of a run's samples also "predicted". */
  engine: string;
  /** Where the template comes from: "model", "builtin:chatml", "file:..."; null: plain text, or there is none. */
  template: string | null;
  maxLength: number;
  sequences: NamedLine[];
  /** The whole gets one score, and no token a loss of its own (reward). */
  isScored?: true;
  /** Why the mask cannot be told; then there are no sequences. */
  unknown?: string;
}

export interface NamedLine extends PreviewLine {
  /** "chosen", "rejected", "sequence 2 of 3"; "" for the only one. */
  name: string;
}

export function previewRow(row: CanonicalRow, model: MaskModel, engine: MaskEngine): RowPreview {
  const prediction = predictMask(row, model, engine);
  const endIds = endOfTurnIds(model.tokenizer, model.render);
  const lines = "lines" in prediction ? prediction.lines : [];
  return {
    kind: row.kind,
    turns: turnsOf(row).length,
    tools: extrasOf(row).tools?.length ?? 0,
    engine,
    template: turnsOf(row).length === 0 ? null : templateName(model, engine, row.kind),
    maxLength: model.maxLength,
    sequences: lines.map((line, index) => ({
      name: lineName(row.kind, index, lines.length),
      ...previewLine(line, model.tokenizer, endIds),
    })),
    ...(model.objective === "reward" && { isScored: true }),
    ...("unknown" in prediction && { unknown: prediction.unknown }),
  };
}

/** TRL renders conversations with its own version of some templates, which marks what is to be trained. */
function templateName(
  { template, renderTwin, trainOn, turnByTurn }: MaskModel,
  engine: MaskEngine,
  kind: CanonicalRow["kind"],
): string | null {
  if (!template) return null;
  const isWhole = engine === "trl" && kind === "messages" && trainOn === "assistant" && !turnByTurn;
  const isTwin = isWhole && renderTwin !== null;
  return isTwin ? `${template.origin}, in TRL's training version` : template.origin;
}

function lineName(kind: CanonicalRow["kind"], index: number, count: number): string {
  if (kind === "preference") return index === 0 ? "chosen" : "rejected";
  return count === 1 ? "" : `sequence ${index + 1} of ${count}`;
}
