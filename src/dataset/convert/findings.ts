// Why rows do not fit a target: small questions about turns, asked by several targets.
import type { CanonicalRow, ChatExtras, Message } from "../canonical.js";
import { rowTurns } from "../row-turns.js";

export type Feature = "tools" | "reasoning" | "weight" | "name" | "chat_template_kwargs" | "empty_system";

/** The first of `features` that the row has, in words. */
export function hasAny(row: CanonicalRow, features: readonly Feature[]): string | null {
  const turns = rowTurns(row).map(({ turn }) => turn);
  const found: Record<Feature, boolean> = {
    tools:
      Boolean((row as ChatExtras).tools?.length) || turns.some(({ role, tool_calls }) => role === "tool" || tool_calls),
    reasoning: turns.some(({ reasoning_content }) => reasoning_content !== undefined),
    weight: turns.some(({ weight }) => weight !== undefined),
    name: turns.some(({ role, name }) => role !== "tool" && name !== undefined),
    chat_template_kwargs: (row as ChatExtras).chat_template_kwargs !== undefined,
    empty_system: turns.some(({ role, content }) => role === "system" && content === ""),
  };
  const feature = features.find((each) => found[each]);
  return feature === undefined ? null : inWords[feature];
}

const inWords: Record<Feature, string> = {
  tools: "it has no place for tools and their calls",
  reasoning: "it has no place for reasoning",
  weight: "it has no place for the loss weight of a turn",
  name: "it has no place for a speaker's name",
  chat_template_kwargs: "it has no place for chat_template_kwargs",
  empty_system: "it has no place for an empty system turn",
};

/** Why the turns are not: at most one system turn, then user and assistant in turn, the assistant last. */
export function notAlternating(messages: readonly Message[]): string | null {
  const turns = messages[0]?.role === "system" ? messages.slice(1) : messages;
  for (const [index, { role }] of turns.entries()) {
    const wanted = index % 2 === 0 ? "user" : "assistant";
    if (role !== wanted)
      return `turn ${messages.length - turns.length + index + 1} is the ${role}'s where the ${wanted}'s is wanted`;
  }
  return notEndingWithAssistant(messages);
}

export function notEndingWithAssistant(messages: readonly Message[]): string | null {
  return messages.at(-1)?.role === "assistant" ? null : "the last turn is not the assistant's";
}
