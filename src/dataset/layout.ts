// How one canonical row is cut into the engine's lines; the token rules and the snapshot share it, so that what is checked is what trains.
import type { CanonicalRow, Message } from "./canonical.js";

/** Same names as the engine's data layouts. */
export type Layout = "messages" | "prompt-completion" | "text" | "preference" | "unpaired" | "prompt";

export type EngineLine =
  | { messages: Message[] }
  /** Loss on the completion, one assistant turn. */
  | { prompt: Message[]; completion: [Message] }
  | { text: string }
  | { prompt: Message[]; chosen: Message[]; rejected: Message[] }
  | { prompt: Message[]; completion: Message[]; label: boolean }
  | { [column: string]: unknown; prompt: Message[] };

/** The row's lines; `layout` chooses only how conversations are cut. Conversations have no text layout: that needs a template. */
export function engineLines(row: CanonicalRow, layout: Layout): EngineLine[] {
  if (row.kind === "prompt") return [{ ...row.columns, prompt: row.prompt }];
  if (row.kind !== "messages") {
    const { kind: _, ...line } = row;
    return [line];
  }
  return layout === "messages" ? [{ messages: row.messages }] : completions(row.messages);
}

/** One prompt + completion for each assistant turn. */
export function completions(messages: Message[]): { prompt: Message[]; completion: [Message] }[] {
  return trainedTurns(messages).map((index) => ({
    prompt: messages.slice(0, index),
    completion: [messages[index] as Message],
  }));
}

/** Indices of the assistant turns that have something before them: templates and engines refuse an empty prompt. */
export function trainedTurns(messages: Message[]): number[] {
  return messages.flatMap(({ role }, index) => (role === "assistant" && index > 0 ? [index] : []));
}
