// Pairs and judged answers, as the preference trainers of TRL join prompt and answer: each objective's trainer in its own way.
import type { CanonicalRow, Message } from "../canonical.js";
import { extrasOf } from "../carried.js";
import { type RenderChat, TemplateRefusal } from "../template/compile.js";
import type { ModelTokenizer } from "../tokens/tokenizer.js";
import { commonPrefixLength } from "./common-prefix.js";
import { type MaskedLine, type MaskModel, UnknownMask } from "./mask-model.js";

export type PairRow = Extract<CanonicalRow, { kind: "preference" | "unpaired" }>;

/** Axolotl 0.19 and 0.21 pin TRL 1.9 and 1.14, which are alike here; Unsloth pins 1.15, which is like 1.16. */
export type TrlOf = "trl" | "axolotl" | "unsloth";

interface Rendered {
  prompt: string;
  /** Prompt and answer, for each answer of the row. */
  wholes: string[];
}

/** One line an answer: of a pair chosen, then rejected. Throws TemplateRefusal, UnknownMask. */
export function pairLines(row: PairRow, model: MaskModel, engine: TrlOf): MaskedLine[] {
  const answers = row.kind === "preference" ? [row.chosen, row.rejected] : [row.completion];
  const text = (messages: Message[], addGenerationPrompt: boolean) =>
    // Only transformers 5.23, TRL's, gives the reasoning its second name.
    (model.render as RenderChat)(messages, { ...extrasOf(row), addGenerationPrompt, aliasReasoning: engine === "trl" })
      .text;
  const wholes = answers.map((answer) => text([...row.prompt, ...answer], false));
  switch (model.objective) {
    case "reward":
      return scoredLines(wholes, model);
    case "orpo":
    case "cpo":
    case "simpo":
      return oddsLines(row.prompt, { prompt: promptText(row.prompt, text), wholes }, model, engine);
    default:
      return comparedLines({ prompt: text(row.prompt, true), wholes }, model, engine);
  }
}

/**
 * DPOTrainer and KTOTrainer (_prepare_dataset, and the collators' cut). Since 1.15 the answer starts where prompt and whole part, of a pair where
 * the first of the two does; before that behind as many tokens as the prompt has, with the prompt's own tokens in front. A row whose prompt
 * fills max_length is dropped.
 */
function comparedLines({ prompt, wholes }: Rendered, { tokenizer, maxLength }: MaskModel, engine: TrlOf): MaskedLine[] {
  const asked = tokenizer.encode(prompt);
  const encoded = wholes.map((text) => ({ text, ids: tokenizer.encode(text) }));
  const start =
    engine === "axolotl" ? asked.length : Math.min(...encoded.map(({ ids }) => commonPrefixLength(asked, ids)));
  return encoded.map(({ text, ids: whole }) => {
    const ids = [...asked.slice(0, start), ...whole.slice(start)];
    const trained = new Uint8Array(ids.length).fill(1, start);
    return { ids, trained, text, offsets: null, kept: Math.min(ids.length, maxLength), dropped: start >= maxLength };
  });
}

/** RewardTrainer: the whole conversation gets one score, no token carries a loss of its own. Where one of the two is too long both are left out. */
function scoredLines(wholes: string[], { tokenizer, maxLength }: MaskModel): MaskedLine[] {
  const lines = wholes.map((text) => ({ text, ids: tokenizer.encode(text) }));
  const dropped = lines.some(({ ids }) => ids.length > maxLength);
  return lines.map(({ text, ids }) => ({
    ...{ text, ids, trained: new Uint8Array(ids.length), offsets: null, dropped },
    kept: Math.min(ids.length, maxLength),
  }));
}

/** apply_chat_template of trl/data_utils.py: the last speaker decides whether a generation prompt follows. */
function promptText(prompt: Message[], text: (messages: Message[], addGenerationPrompt: boolean) => string): string {
  const role = prompt.at(-1)?.role;
  if (role === "user" || role === "tool") return text(prompt, true);
  if (role === "assistant") throw new UnknownMask("the prompt ends with an assistant turn, which TRL has continued");
  throw new TemplateRefusal(`Invalid role in the last message: ${role}`);
}

/**
 * ORPOTrainer and CPOTrainer (tokenize_row of trl.experimental): prompt and answers are cut apart as text, tokenised without special tokens, a bos
 * put in front and an end-of-sequence token behind where they are not there. Only answers are cut to max_length, and nothing is dropped.
 */
function oddsLines(turns: Message[], { prompt, wholes }: Rendered, { tokenizer, maxLength }: MaskModel, engine: TrlOf) {
  if (turns.length === 0) throw new TemplateRefusal("the prompt has no turn");
  const shared = wholes.reduce(commonText, prompt);
  const joined = wholes.map((text) => ({ text, ...joinedTokens(shared, text, tokenizer) }));
  refuseOtherPrompts(joined.map((line) => line.prompt));
  const parts = joined.map(({ text, prompt, answer }) => ({
    ...{ text, prompt: withBos(prompt, tokenizer), answer: withEos(answer, tokenizer) },
  }));
  const longest = Math.max(...parts.map(({ answer }) => answer.length));
  return parts.map(({ text, prompt, answer }): MaskedLine => {
    const room = engine === "axolotl" ? maxLength - longest : Math.max(0, maxLength - prompt.length);
    const isCut = prompt.length + (engine === "axolotl" ? longest : answer.length) > maxLength;
    const left = isCut ? answer.slice(0, room).length : answer.length;
    const ids = [...prompt, ...answer];
    const trained = new Uint8Array(ids.length).fill(1, prompt.length);
    return { ids, trained, text, offsets: null, kept: prompt.length + left, dropped: false };
  });
}

/** What both texts begin with, in whole characters. */
function commonText(a: string, b: string): string {
  let end = 0;
  while (end < a.length && end < b.length && a[end] === b[end]) end += 1;
  const splitsPair = end > 0 && (a.charCodeAt(end - 1) & 0xfc00) === 0xd800;
  return a.slice(0, splitsPair ? end - 1 : end);
}

/** build_tokenized_answer: the prompt's last token goes to the answer where the two merge. */
function joinedTokens(prompt: string, whole: string, tokenizer: ModelTokenizer) {
  const ids = tokenizer.encode(whole);
  const asked = tokenizer.encode(prompt);
  if (asked.length > ids.length)
    throw new TemplateRefusal("Prompt input ids and answer input ids should have the same length.");
  const isPrefix = commonPrefixLength(asked, ids) === asked.length;
  const start = isPrefix ? asked.length : asked.length - 1;
  return { prompt: ids.slice(0, start), answer: ids.slice(start) };
}

function refuseOtherPrompts([one = [], other = one]: number[][]): void {
  const common = Math.min(one.length, other.length);
  const differing = one.slice(0, common).filter((id, at) => id !== other[at]).length;
  if (differing > 1 || Math.abs(one.length - other.length) > 1)
    throw new TemplateRefusal("Chosen and rejected prompt_input_ids might only differ on the last token.");
}

function withBos(ids: number[], { bosId }: ModelTokenizer): number[] {
  return bosId === null || ids[0] === bosId ? ids : [bosId, ...ids];
}

function withEos(ids: number[], { eosId }: ModelTokenizer): number[] {
  if (eosId === null)
    throw new UnknownMask("the tokenizer has no end-of-sequence token, which TRL puts behind answers");
  return ids.at(-1) === eosId ? ids : [...ids, eosId];
}
