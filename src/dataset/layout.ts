// How one canonical row is cut into the engine's lines; the token rules and the snapshot share it, so that what is checked is what trains.
import type { CanonicalRow, Carried, ChatExtras, Message, RowKind } from "./canonical.js";
import { carriedBy, extrasOf } from "./carried.js";
import type { Json } from "./json/json.js";
import { stringifyJson } from "./json/stringify-json.js";

/** Same names as the engine's data layouts. */
export type Layout =
  | "messages"
  | "messages-json"
  | "prompt-completion"
  | "text"
  | "preference"
  | "unpaired"
  | "prompt"
  | "segments"
  | "tokens";

/** A line of a conversation: {messages}, or {prompt, completion} with loss on the completion, one assistant turn. */
export type ChatLine = { messages: Message[] } | { prompt: Message[]; completion: [Message] };

/** The kind of the rows that a layout holds. */
export const kindOfLayout: Readonly<Record<Layout, RowKind>> = {
  messages: "messages",
  "messages-json": "messages",
  "prompt-completion": "messages",
  text: "text",
  preference: "preference",
  unpaired: "unpaired",
  prompt: "prompt",
  segments: "segments",
  tokens: "tokens",
};

export type EngineLine = { [column: string]: Json };

/**
 * The row's lines as the engine reads them; only a conversation has a choice of layouts. Arrow gives a column one type, so every line has
 * every key of `carries` (of the whole dataset: SplitFacts; left out: what this row has), and what has no fixed shape goes as JSON text: Arrow would fill the
 * arguments of one call with those of all others, and turn 1.0 and big integers into something else. ft_trainer/exact_chat.py reads it back.
 */
export function engineLines(
  row: CanonicalRow,
  layout: Layout,
  carries: readonly Carried[] = [...carriedBy(row)],
): EngineLine[] {
  const extras = extraColumns(extrasOf(row), carries);
  const turns = (messages: Message[]) => messages.map((message) => engineTurn(message, carries));
  switch (row.kind) {
    case "text":
      return [{ text: row.text }];
    case "messages":
      if (layout === "messages-json") return [jsonLine(row)];
      return chatLines(row.messages, layout).map((line) =>
        "prompt" in line
          ? { prompt: turns(line.prompt), completion: turns(line.completion), ...extras }
          : { messages: turns(line.messages), ...extras },
      );
    case "preference":
      return [{ prompt: turns(row.prompt), chosen: turns(row.chosen), rejected: turns(row.rejected), ...extras }];
    case "unpaired":
      return [{ prompt: turns(row.prompt), completion: turns(row.completion), label: row.label, ...extras }];
    case "prompt":
      return [{ prompt: turns(row.prompt), ...row.columns }];
    case "segments":
      return [{ segments: row.segments.map(({ text, trained }) => ({ label: trained, text })) }];
    case "tokens":
      return [{ input_ids: row.ids, attention_mask: row.ids.map(() => 1), labels: row.labels }];
  }
}

/** "" where this turn lacks what others have: a null in all the first rows would fix the type of the column. */
function engineTurn(message: Message, carries: readonly Carried[]): EngineLine {
  const turn: EngineLine = { role: message.role, content: message.content };
  for (const key of ["reasoning_content", "tool_call_id", "name"] as const)
    if (carries.includes(key)) turn[key] = message[key] ?? "";
  if (carries.includes("tool_calls"))
    turn.tool_calls = message.tool_calls ? stringifyJson(message.tool_calls as unknown as Json) : "";
  return turn;
}

/** Every trainer of TRL hands this column on to the template, where exact_chat.py takes it apart again. */
function extraColumns({ tools, chat_template_kwargs }: ChatExtras, carries: readonly Carried[]): EngineLine {
  if (!carries.includes("tools") && !carries.includes("chat_template_kwargs")) return {};
  return { chat_template_kwargs: { as_json: stringifyJson({ ...chat_template_kwargs, ...(tools && { tools }) }) } };
}

/** Axolotl reads both columns as JSON text by itself. */
function jsonLine({ messages, tools }: Extract<CanonicalRow, { kind: "messages" }>): EngineLine {
  return { messages: stringifyJson(messages as unknown as Json), tools: stringifyJson(tools ?? []) };
}

export function chatLines(messages: Message[], layout: Layout): ChatLine[] {
  if (layout !== "prompt-completion") return [{ messages }];
  return trainedTurns(messages).map((index) => ({
    prompt: messages.slice(0, index),
    completion: [messages[index] as Message],
  }));
}

/**
 * Indices of the assistant turns that are learnt: those of weight 0 are context alone, and so is one with nothing before it, since
 * templates and engines refuse an empty prompt.
 */
export function trainedTurns(messages: Message[]): number[] {
  const indices: number[] = [];
  for (let index = 1; index < messages.length; index += 1) {
    const { role, weight } = messages[index] as Message;
    if (role === "assistant" && weight !== 0) indices.push(index);
  }
  return indices;
}
