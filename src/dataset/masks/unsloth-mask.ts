import { extrasOf } from "../carried.js";
import { type ChatLine, chatLines } from "../layout.js";
import type { RenderChat } from "../template/compile.js";
import type { MaskableRow } from "./given-lines.js";
import { type MaskedLine, type MaskModel, UnknownMask } from "./mask-model.js";
import { pairLines } from "./pair-mask.js";
import { trlLines } from "./trl-mask.js";

/**
 * Conversations go to Unsloth as one prompt + completion line an assistant turn, plain text as text. Pairs and prompts are TRL's trainers'.
 * Nothing is left out: a line whose answer was cut away stays, without loss.
 */
export function unslothLines(row: MaskableRow, model: MaskModel): MaskedLine[] {
  if (row.kind === "text") return [maskText(row.text, model)];
  if (row.kind === "preference" || row.kind === "unpaired") return pairLines(row, model, "unsloth");
  if (row.kind !== "messages") return trlLines(row, model);
  const render = model.render as RenderChat;
  refuseRepairedTemplate(model, render);
  if (model.trainOn === "all")
    throw new UnknownMask("ft gives Unsloth one line an assistant turn, with loss on it alone");
  return chatLines(row.messages, "prompt-completion").map((line) => {
    const { prompt, completion } = line as Extract<ChatLine, { prompt: unknown }>;
    const options = { ...extrasOf(row), aliasReasoning: false };
    return maskCompletion(
      render(prompt, { ...options, addGenerationPrompt: true }).text,
      render([...prompt, ...completion], { ...options, addGenerationPrompt: false }).text,
      model,
    );
  });
}

/** Loss starts after as many tokens as the prompt alone has (n_prompt), whether or not the whole begins with those. */
function maskCompletion(prompt: string, text: string, { tokenizer, maxLength }: MaskModel): MaskedLine {
  const ids = tokenizer.encode(text);
  const trained = new Uint8Array(ids.length).fill(1, Math.min(tokenizer.encode(prompt).length, ids.length));
  return { ids, trained, text, offsets: null, kept: Math.min(ids.length, maxLength), dropped: false };
}

/**
 * No end-of-sequence token is appended, unlike TRL. The tokenizer adds its special tokens unless the first row starts with bos or the template
 * holds it as text; rows are taken to be alike in this.
 */
function maskText(text: string, { tokenizer, template, maxLength }: MaskModel): MaskedLine {
  const bos = tokenizer.templateVariables.bos_token;
  const isPlain = bos !== undefined && (text.startsWith(bos) || (template?.source.includes(bos) ?? false));
  const ids = isPlain ? tokenizer.encode(text) : tokenizer.encodePlain(text);
  return {
    ids,
    trained: new Uint8Array(ids.length).fill(1),
    text,
    offsets: null,
    kept: Math.min(ids.length, maxLength),
    dropped: false,
  };
}

/**
 * Unsloth mends a model's own template that does nothing with add_generation_prompt (_fix_chat_template of unsloth/tokenizer_utils.py). It
 * leaves those with Llama 2's [INST] alone, and what the recipe names is set after.
 */
function refuseRepairedTemplate({ template }: MaskModel, render: RenderChat): void {
  if (template?.origin !== "model") return;
  if (["[INST]", "[/INST]", "bos_token", "eos_token"].every((part) => template.source.includes(part))) return;
  const ask = (addGenerationPrompt: boolean) =>
    render([{ role: "user", content: "Who are you?" }], { addGenerationPrompt }).text;
  if (ask(true) === ask(false)) throw new UnknownMask("Unsloth mends this template, which has no generation prompt");
}
