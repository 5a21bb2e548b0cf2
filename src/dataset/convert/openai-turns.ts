// Turns as OpenAI's API has them: a call's arguments are JSON text, the content beside calls may be null.
import type { ChatExtras, Message } from "../canonical.js";
import type { Json } from "../json/json.js";
import { stringifyJson } from "../json/stringify-json.js";
import type { Line } from "./target.js";

/** `weight` stays; reasoning is left to the caller, as OpenAI itself has no place for it. */
export function openaiTurns(messages: readonly Message[]): Line[] {
  return messages.map(({ tool_calls, ...turn }) => ({
    ...(turn as Line),
    ...(tool_calls && {
      content: turn.content === "" ? null : turn.content,
      tool_calls: tool_calls.map(({ function: { name, arguments: args }, ...call }) => ({
        ...call,
        function: { name, arguments: stringifyJson(args) },
      })),
    }),
  }));
}

/** `tools` where the row has some. */
export function toolsColumn({ tools }: ChatExtras): Line {
  return tools === undefined ? {} : { tools: tools as Json };
}
