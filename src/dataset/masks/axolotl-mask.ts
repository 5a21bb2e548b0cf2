// The mask of Axolotl 0.19 and 0.21 (ChatTemplateStrategy of axolotl/prompt_strategies/chat_template.py, alike in both), as ft drives it.
import type { CanonicalRow, Message } from "../canonical.js";
import type { RenderChat } from "../template/compile.js";
import type { ModelTokenizer } from "../tokens/tokenizer.js";
import type { MaskableRow } from "./given-lines.js";
import { cutLine, type MaskedLine, type MaskModel, type TokenOffsets, UnknownMask } from "./mask-model.js";
import { pairLines } from "./pair-mask.js";
import { encodeWithOffsets, firstAbove } from "./token-offsets.js";
import { trlLines } from "./trl-mask.js";

/** Conversations are one line each, with roles_to_train: [assistant] and train_on_eos: turn; pairs and answers are its TRL trainers'. */
export function axolotlLines(row: MaskableRow, model: MaskModel): MaskedLine[] {
  if (row.kind === "text") return maskText(row.text, model);
  if (row.kind === "preference" || row.kind === "unpaired") return pairLines(row, model, "axolotl");
  if (row.kind !== "messages") return trlLines(row, model);
  if (model.trainOn === "all") throw new UnknownMask("Axolotl never trains the markup between turns");
  return [cutLine(maskChat(row, model), model.maxLength)];
}

/**
 * CompletionPromptTokenizingStrategy (prompt_strategies/completion.py): every token, with the end-of-sequence token behind where it is not there,
 * at most 64 times sequence_len, cut into pieces of sequence_len.
 */
function maskText(text: string, { tokenizer, maxLength }: MaskModel): MaskedLine[] {
  const longest = 64 * maxLength;
  const ids = text === "" ? [] : tokenizer.encodePlain(text);
  if (ids.length > longest)
    throw new UnknownMask(`Axolotl cuts a text of more than ${longest} tokens in its tokenizer`);
  if (ids.length > 0 && ids.length < longest && tokenizer.eosId !== null && ids.at(-1) !== tokenizer.eosId)
    ids.push(tokenizer.eosId);
  const pieces: MaskedLine[] = [];
  for (let at = 0; at < ids.length; at += maxLength) {
    const piece = ids.slice(at, at + maxLength);
    // keep_min_len of utils/data/utils.py: one token predicts nothing.
    const dropped = piece.length < 2;
    const trained = new Uint8Array(piece.length).fill(1);
    pieces.push({ ids: piece, trained, text, offsets: null, kept: piece.length, dropped });
  }
  return pieces;
}

interface Rendered extends TokenOffsets {
  text: string;
  ids: number[];
}

/**
 * ft maps every key of a message, and hands them over as JSON text, so that the template sees them as they are; `weight` is
 * message_field_training.
 */
function maskChat(row: Extract<CanonicalRow, { kind: "messages" }>, { tokenizer, render }: MaskModel) {
  if (row.chat_template_kwargs) throw new UnknownMask("Axolotl takes chat_template_kwargs for the whole run alone");
  const turns = row.messages;
  const options = { addGenerationPrompt: false, aliasReasoning: false, ...(row.tools?.length && { tools: row.tools }) };
  const renderTurns = (messages: Message[]) => (render as RenderChat)(messages, options).text;
  const text = renderTurns(turns);
  const encoded = encodeWithOffsets(text, tokenizer);
  if (!encoded) throw new UnknownMask("the tokenizer's offsets are not known, so neither are the tokens of a turn");
  const rendered: Rendered = { text, ...encoded };
  const trained = new Uint8Array(encoded.ids.length);
  for (const [index, turn] of turns.entries()) {
    if (turn.role !== "assistant" || turn.weight === 0) continue;
    const span = findTurn(turns, index, rendered, renderTurns);
    if (span) trained.fill(1, span.start, span.end);
    const closing = closingToken(encoded.ids, span ? span.end : -1, tokenizer);
    if (closing !== null) trained[closing] = 1;
  }
  return { ids: encoded.ids, trained, text, offsets: encoded };
}

/** Two placeholders whose first and last characters differ: what a template glues to one shows in the other (_SENTINELS). */
const placeholders = ["[[dummy_message]]", "zzdummymessagezz"];

/**
 * The tokens of a turn (find_turn, _find_turn_from_text): what changes in the rendered conversation when a placeholder takes the place of the
 * turn, which then has a role and content alone. Null: nothing changes.
 */
function findTurn(
  turns: Message[],
  index: number,
  { text, starts, ends }: Rendered,
  renderTurns: (turns: Message[]) => string,
): { start: number; end: number } | null {
  const spans = placeholders.map((content) =>
    changed(text, renderTurns(turns.with(index, { role: turns[index]!.role, content }))),
  );
  const from = Math.min(...spans.map(({ start }) => start));
  const to = Math.max(...spans.map(({ end }) => end));
  if (to <= from) return null;
  const start = firstAbove(ends, from);
  const end = firstAbove(starts, to - 1); // the first that starts at `to` or behind
  if (start >= ends.length) throw new UnknownMask("Axolotl finds the turn by its slower way, which is not modelled");
  return end > start ? { start, end } : null;
}

/** What differs between two texts, as a range of the first (_diff_char_span); whole characters. */
function changed(text: string, other: string): { start: number; end: number } {
  const limit = Math.min(text.length, other.length);
  let start = 0;
  while (start < limit && text[start] === other[start]) start += 1;
  let suffix = 0;
  while (suffix < limit - start && text[text.length - 1 - suffix] === other[other.length - 1 - suffix]) suffix += 1;
  const end = text.length - suffix;
  const isInside = (at: number) => (text.charCodeAt(at) & 0xfc00) === 0xdc00;
  return { start: isInside(start) ? start - 1 : start, end: isInside(end) ? end + 1 : end };
}

/**
 * The end-of-sequence token behind a turn, when at most three tokens lie between (find_first_eos_token; eot_tokens is that token too). Of a turn
 * that was not found (-1) Axolotl looks at the last token first, and takes it for none.
 */
function closingToken(ids: readonly number[], after: number, { eosId }: ModelTokenizer): number | null {
  if (eosId === null || (after === -1 && ids.at(-1) === eosId)) return null;
  const at = ids.indexOf(eosId, Math.max(0, after));
  return at !== -1 && Math.abs(at - after) <= 3 ? at : null;
}
