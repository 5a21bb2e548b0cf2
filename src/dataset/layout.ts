// How one canonical row is cut into the engine's lines; the token rules and the snapshot share it, so that what is checked is what trains.
import type { CanonicalRow, Message, RowKind } from "./canonical.js";

/** Same names as the engine's data layouts. */
export type Layout = "messages" | "prompt-completion" | "text" | "preference" | "unpaired" | "prompt";

/** A line of a conversation: {messages}, or {prompt, completion} with loss on the completion, one assistant turn. */
export type ChatLine = { messages: Message[] } | { prompt: Message[]; completion: [Message] };

/** The kind of the rows that a layout holds. */
export const kindOfLayout: Readonly<Record<Layout, RowKind>> = {
  messages: "messages",
  "prompt-completion": "messages",
  text: "text",
  preference: "preference",
  unpaired: "unpaired",
  prompt: "prompt",
};

/** The row's lines as the engine reads them. Only a conversation has a choice of layouts. */
export function engineLines(row: CanonicalRow, layout: Layout): object[] {
  switch (row.kind) {
    case "text":
      return [{ text: row.text }];
    case "messages":
      return chatLines(row.messages, layout);
    case "preference":
      return [{ prompt: row.prompt, chosen: row.chosen, rejected: row.rejected }];
    case "unpaired":
      return [{ prompt: row.prompt, completion: row.completion, label: row.label }];
    case "prompt":
      return [{ prompt: row.prompt, ...row.columns }];
  }
}

export function chatLines(messages: Message[], layout: Layout): ChatLine[] {
  if (layout === "messages") return [{ messages }];
  return trainedTurns(messages).map((index) => ({
    prompt: messages.slice(0, index),
    completion: [messages[index] as Message],
  }));
}

/** Indices of the assistant turns that have something before them: templates and engines refuse an empty prompt. */
export function trainedTurns(messages: Message[]): number[] {
  return messages.flatMap(({ role }, index) => (role === "assistant" && index > 0 ? [index] : []));
}
