// Predicts the ids and the loss mask that TRL 1.16 makes of a row (SFTTrainer's tokenize_fn), before truncation.
import type { CanonicalRow, Message } from "./canonical.js";
import { engineLines, type Layout } from "./layout.js";
import type { RenderChat } from "./template.js";
import type { ModelTokenizer } from "./tokenizer.js";

/** One training sequence: a line of the engine's data. */
export interface MaskedLine {
  ids: number[];
  /** 1: the token carries loss. */
  trained: Uint8Array;
}

export interface MaskModel {
  tokenizer: ModelTokenizer;
  /** Null: the model has no template; then only plain text rows can be tokenised. */
  render: RenderChat | null;
  layout: Layout;
  trainOn: "assistant" | "all";
}

/** A row's sequences. Throws TemplateRefusal when the template refuses its turns. */
export function maskRow(row: CanonicalRow, model: MaskModel): MaskedLine[] {
  const layout = model.trainOn === "all" ? "messages" : model.layout;
  return engineLines(row, layout).map((line) => {
    if ("text" in line) return maskText(line.text, model);
    const render = model.render as RenderChat;
    if ("prompt" in line) return maskCompletion(line, model.tokenizer, render);
    if (model.trainOn === "all") return allTrained(encodeChat(line.messages, model.tokenizer, render, false));
    return maskGenerated(line.messages, model.tokenizer, render);
  });
}

/** TRL appends the end-of-sequence token to plain text that does not end with it. */
function maskText(text: string, { tokenizer }: MaskModel): MaskedLine {
  const eos = tokenizer.eosToken ?? "";
  return allTrained(tokenizer.encodePlain(text.endsWith(eos) ? text : text + eos));
}

/** The completion starts where the prompt alone (with its generation prompt) and the whole diverge. */
function maskCompletion(
  { prompt, completion }: { prompt: Message[]; completion: Message[] },
  tokenizer: ModelTokenizer,
  render: RenderChat,
): MaskedLine {
  const promptIds = encodeChat(prompt, tokenizer, render, true);
  const ids = encodeChat([...prompt, ...completion], tokenizer, render, false);
  return { ids, trained: new Uint8Array(ids.length).fill(1, commonPrefixLength(promptIds, ids)) };
}

/**
 * Masks by {% generation %} blocks: from the token that holds a block's first character to the one that holds its last.
 * The tokenizer tells no offsets; a boundary's token is found by encoding the text before it, which diverges where a token crosses it.
 */
function maskGenerated(messages: Message[], tokenizer: ModelTokenizer, render: RenderChat): MaskedLine {
  const { text, generated } = render(messages, { addGenerationPrompt: false });
  const ids = tokenizer.encode(text);
  const trained = new Uint8Array(ids.length);
  for (const [start, end] of generated) {
    if (start === end) continue;
    const before = commonPrefixLength(tokenizer.encode(text.slice(0, start)), ids);
    const through = tokenizer.encode(text.slice(0, end));
    const whole = commonPrefixLength(through, ids);
    trained.fill(1, before, whole < through.length ? whole + 1 : whole);
  }
  return { ids, trained };
}

function encodeChat(
  messages: Message[],
  tokenizer: ModelTokenizer,
  render: RenderChat,
  addGenerationPrompt: boolean,
): number[] {
  return tokenizer.encode(render(messages, { addGenerationPrompt }).text);
}

function allTrained(ids: number[]): MaskedLine {
  return { ids, trained: new Uint8Array(ids.length).fill(1) };
}

function commonPrefixLength(a: readonly number[], b: readonly number[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}
