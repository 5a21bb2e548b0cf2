// How one canonical row is cut into the engine's lines; the token rules and the snapshot share it, so that what is checked is what trains.
import type { CanonicalRow, Message } from "./canonical.js";

/** Same names as the engine's data layouts. */
export type Layout = "messages" | "prompt-completion" | "text" | "preference" | "unpaired" | "prompt";

export type EngineLine =
  | { messages: Message[] }
  /** Loss on the completion, one assistant turn. */
  | { prompt: Message[]; completion: [Message] }
  | { text: string };

/** The row's lines. Plain text is a text line in every layout. Conversations have no text layout: that needs a template. */
export function engineLines(row: CanonicalRow, layout: Layout): EngineLine[] {
  if (row.kind === "text") return [{ text: row.text }];
  if (layout === "messages") return [{ messages: row.messages }];
  return trainedTurns(row.messages).map((index) => ({
    prompt: row.messages.slice(0, index),
    completion: [row.messages[index] as Message],
  }));
}

/** Indices of the assistant turns that have something before them: templates and engines refuse an empty prompt. */
export function trainedTurns(messages: Message[]): number[] {
  return messages.flatMap(({ role }, index) => (role === "assistant" && index > 0 ? [index] : []));
}
