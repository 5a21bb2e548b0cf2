// Rows that say themselves what is learnt: segments and tokens. Every engine takes them as they are, in one sequence and with no token added.
import type { CanonicalRow } from "../canonical.js";
import { cutLine, type MaskedLine, type MaskModel } from "./mask-model.js";

export type GivenRow = Extract<CanonicalRow, { kind: "segments" | "tokens" }>;
/** A row whose mask is the engine's affair. */
export type MaskableRow = Exclude<CanonicalRow, GivenRow>;

export function isGiven(row: CanonicalRow): row is GivenRow {
  return row.kind === "segments" || row.kind === "tokens";
}

export function givenLines(row: GivenRow, { tokenizer, maxLength }: MaskModel): MaskedLine[] {
  if (row.kind === "tokens") {
    const trained = Uint8Array.from(row.labels, (label) => Number(label !== -100));
    const text = row.ids.map((id) => tokenizer.token(id)).join("");
    return [cutLine({ ids: row.ids, trained, text, offsets: null }, maxLength)];
  }
  // Each piece by itself, as Axolotl's input_output does and ft_trainer/exact_chat.py for TRL.
  const pieces = row.segments.map(({ text, trained }) => ({ ids: tokenizer.encode(text), text, trained }));
  const trained = Uint8Array.from(pieces.flatMap((piece) => piece.ids.map(() => Number(piece.trained))));
  const text = pieces.map((piece) => piece.text).join("");
  return [cutLine({ ids: pieces.flatMap(({ ids }) => ids), trained, text, offsets: null }, maxLength)];
}
