// Predicts the ids and the loss mask that TRL 1.16 makes of a row (tokenize_fn of its trainers), before truncation.
import type { CanonicalRow, Message, Segment } from "../canonical.js";
import { chatLines, type Layout } from "../layout.js";
import type { RenderChat } from "../template/compile.js";
import type { ModelTokenizer } from "../tokens/tokenizer.js";

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

/**
 * A row's sequences: of a pair, the prompt with each of its answers; of a prompt alone, what generation starts from. Throws TemplateRefusal
 * when the template refuses its turns.
 */
export function maskRow(row: CanonicalRow, model: MaskModel): MaskedLine[] {
  if (row.kind === "text") return [maskText(row.text, model)];
  const { tokenizer } = model;
  const render = model.render as RenderChat;
  switch (row.kind) {
    case "messages":
      return maskChat(row.messages, model, render);
    case "preference":
      return [row.chosen, row.rejected].map((completion) =>
        maskCompletion({ prompt: row.prompt, completion }, tokenizer, render),
      );
    case "unpaired":
      return [maskCompletion(row, tokenizer, render)];
    case "segments":
      return [maskSegments(row.segments, tokenizer)];
    case "tokens":
      return [{ ids: row.ids, trained: Uint8Array.from(row.labels, (label) => (label === -100 ? 0 : 1)) }];
    case "prompt": {
      const ids = encodeChat(row.prompt, tokenizer, render, true);
      return [{ ids, trained: new Uint8Array(ids.length) }];
    }
  }
}

function maskChat(messages: Message[], { tokenizer, layout, trainOn }: MaskModel, render: RenderChat): MaskedLine[] {
  if (trainOn === "all") return [allTrained(encodeChat(messages, tokenizer, render, false))];
  return chatLines(messages, layout).map((line) =>
    "prompt" in line ? maskCompletion(line, tokenizer, render) : maskGenerated(line.messages, tokenizer, render),
  );
}

/** TRL appends the end-of-sequence token to plain text that does not end with it. */
function maskText(text: string, { tokenizer }: MaskModel): MaskedLine {
  const eos = tokenizer.eosToken ?? "";
  return allTrained(tokenizer.encodePlain(text.endsWith(eos) ? text : text + eos));
}

/** Each piece by itself, with no token added. */
function maskSegments(segments: Segment[], tokenizer: ModelTokenizer): MaskedLine {
  const pieces = segments.map(({ text, trained }) => ({ ids: tokenizer.encode(text), trained }));
  const trained = pieces.flatMap((piece) => piece.ids.map(() => (piece.trained ? 1 : 0)));
  return { ids: pieces.flatMap(({ ids }) => ids), trained: Uint8Array.from(trained) };
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

/** Masks by {% generation %} blocks: from the token that holds a block's first character to the first one that holds its last. */
function maskGenerated(messages: Message[], tokenizer: ModelTokenizer, render: RenderChat): MaskedLine {
  const { text, generated } = render(messages, { addGenerationPrompt: false });
  const { ids, ends } = tokenizer.encodeWithEnds(text);
  const trained = new Uint8Array(ids.length);
  for (const [start, end] of generated) {
    if (start === end) continue;
    const lastCharacter = end - ([...text.slice(end - 2, end)].length === 1 ? 2 : 1);
    const tokenAt = (at: number) => {
      if (!ends) return tokenAtByPrefix(text, at, ids, tokenizer);
      const byte = Buffer.byteLength(text.slice(0, at));
      return ends.findIndex((tokenEnd) => tokenEnd > byte);
    };
    trained.fill(1, tokenAt(start), tokenAt(lastCharacter) + 1);
  }
  return { ids, trained };
}

/** Without byte offsets: the text before a character, encoded alone, diverges from the whole at the token that holds it. */
function tokenAtByPrefix(text: string, at: number, ids: number[], tokenizer: ModelTokenizer): number {
  return commonPrefixLength(tokenizer.encode(text.slice(0, at)), ids);
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
