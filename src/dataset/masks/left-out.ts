// What a template or an engine leaves out of a conversation: turns, reasoning or tool calls that are in no training sequence.
import type { Message } from "../canonical.js";
import type { MaskedLine } from "./mask-model.js";

/** What is missing, in words, for a person: "the reasoning of turn 2". Texts are looked for without the space around them. */
export function leftOut(messages: readonly Message[], lines: readonly MaskedLine[]): string[] {
  const isThere = (text: string) => text.trim() === "" || lines.some((line) => line.text.includes(text.trim()));
  const missing = messages.map(({ role, content, reasoning_content, tool_calls }) => {
    // A tool's answer may be written anew as JSON.
    const [thought, said] = role === "tool" ? ["", ""] : splitThought(content);
    const reasoning = [thought, reasoning_content ?? ""];
    return [
      !isThere(said) && "the content",
      !reasoning.every(isThere) && "the reasoning",
      !(tool_calls ?? []).every(({ function: { name } }) => isThere(name)) && "the tool call",
    ].filter((part) => part !== false);
  });
  return missing.flatMap((parts, index) => (parts.length > 0 ? [`${parts.join(" and ")} of turn ${index + 1}`] : []));
}

/** Templates cut reasoning that is written into the content at its closing tag. */
function splitThought(content: string): [string, string] {
  const closing = content.indexOf("</think>");
  if (closing === -1) return ["", content];
  return [content.slice(0, closing).replace(/^\s*<think>/, ""), content.slice(closing + "</think>".length)];
}
