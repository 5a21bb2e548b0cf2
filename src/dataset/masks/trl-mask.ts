// The mask of TRL 1.16 (tokenize_fn and build_labels of trl/trainer/sft_trainer.py) on transformers 5.23, as ft drives it.
import type { CanonicalRow, ChatExtras, Message } from "../canonical.js";
import { extrasOf } from "../carried.js";
import { type ChatLine, chatLines } from "../layout.js";
import type { RenderChat } from "../template/compile.js";
import { commonPrefixLength } from "./common-prefix.js";
import type { MaskableRow } from "./given-lines.js";
import { cutLine, type MaskedLine, type MaskModel, UnknownMask } from "./mask-model.js";
import { type PairRow, pairLines } from "./pair-mask.js";
import { encodeWithOffsets, tokenAt } from "./token-offsets.js";

/**
 * ft gives TRL whole conversations (assistant_only_loss) where the template, or TRL's twin of it, has generation markers, and one prompt +
 * completion line an assistant turn where not, or where turns have weights, which markers know nothing of. Of a prompt alone: what generation
 * starts from. Rows that are packed stay, whatever the cut leaves of them. Throws TemplateRefusal, UnknownMask.
 */
export function trlLines(row: MaskableRow, model: MaskModel): MaskedLine[] {
  if (row.kind === "preference" || row.kind === "unpaired") return pairLines(row, model, "trl");
  const lines = uncutLines(row, model, model.render as RenderChat).map((line) => cutLine(line, model.maxLength));
  return model.packing ? lines.map((line) => ({ ...line, dropped: false })) : lines;
}

type UncutLine = Omit<MaskedLine, "kept" | "dropped">;

function uncutLines(row: Exclude<MaskableRow, PairRow>, model: MaskModel, render: RenderChat): UncutLine[] {
  switch (row.kind) {
    case "text":
      return [maskText(row.text, model)];
    case "messages":
      return maskChat(row, model, render);
    case "prompt": {
      const { text } = render(row.prompt, { ...extrasOf(row), addGenerationPrompt: true });
      const ids = model.tokenizer.encode(text);
      return [{ ids, trained: new Uint8Array(ids.length), text, offsets: null }];
    }
  }
}

/** TRL appends the end-of-sequence token to plain text that does not end with it (add_eos), and the tokenizer adds what it adds. */
function maskText(text: string, { tokenizer }: MaskModel): UncutLine {
  const eos = tokenizer.eosToken ?? "";
  const whole = text.endsWith(eos) ? text : text + eos;
  return allTrained(tokenizer.encodePlain(whole), whole);
}

function maskChat(row: Extract<CanonicalRow, { kind: "messages" }>, model: MaskModel, render: RenderChat): UncutLine[] {
  if (model.trainOn === "all") {
    const { text } = render(row.messages, { ...extrasOf(row), addGenerationPrompt: false });
    return [allTrained(model.tokenizer.encode(text), text)];
  }
  const byMarkers = model.template?.hasGenerationMarkers ? render : model.renderTwin;
  const hasWeights = row.messages.some(({ weight }) => weight !== undefined);
  if (byMarkers && !hasWeights && !model.turnByTurn) return [maskGenerated(row, model, byMarkers)];
  return chatLines(row.messages, "prompt-completion").map((line) =>
    maskCompletion(line as Extract<ChatLine, { prompt: unknown }>, extrasOf(row), model, render),
  );
}

/** The completion starts where the prompt alone (with its generation prompt) and the whole diverge (common_prefix_length). */
function maskCompletion(
  { prompt, completion }: { prompt: Message[]; completion: Message[] },
  extras: ChatExtras,
  { tokenizer }: MaskModel,
  render: RenderChat,
): UncutLine {
  const asked = tokenizer.encode(render(prompt, { ...extras, addGenerationPrompt: true }).text);
  const { text } = render([...prompt, ...completion], { ...extras, addGenerationPrompt: false });
  const ids = tokenizer.encode(text);
  const trained = new Uint8Array(ids.length).fill(1, commonPrefixLength(asked, ids));
  return { ids, trained, text, offsets: null };
}

/**
 * apply_chat_template(return_assistant_tokens_mask=True) of transformers/tokenization_utils_base.py: each block is trained from the token
 * that holds its first character to the one that holds its last. Where no token holds the first (trimmed offsets) it stops; where none, or
 * the very first, holds the last it goes on to the end.
 */
function maskGenerated(
  row: Extract<CanonicalRow, { kind: "messages" }>,
  { tokenizer }: MaskModel,
  render: RenderChat,
): UncutLine {
  const { text, generated } = render(row.messages, { ...extrasOf(row), addGenerationPrompt: false });
  const encoded = encodeWithOffsets(text, tokenizer);
  if (!encoded) throw new UnknownMask("the tokenizer's offsets are not known, so neither are the tokens of a block");
  const trained = new Uint8Array(encoded.ids.length);
  for (const [start, end] of generated) {
    if (end === 0) throw new UnknownMask("the template opens with an empty generation block");
    const first = tokenAt(start, encoded);
    const last = tokenAt(lastCharacter(text, end), encoded);
    if (first === null) break;
    trained.fill(1, first, last ? last + 1 : encoded.ids.length);
  }
  return { ids: encoded.ids, trained, text, offsets: encoded };
}

/** Python counts code points: the character before `end` may be two units. */
function lastCharacter(text: string, end: number): number {
  const low = text.charCodeAt(end - 1) & 0xfc00;
  return end - (low === 0xdc00 && end > 1 ? 2 : 1);
}

function allTrained(ids: number[], text: string): UncutLine {
  return { ids, trained: new Uint8Array(ids.length).fill(1), text, offsets: null };
}
