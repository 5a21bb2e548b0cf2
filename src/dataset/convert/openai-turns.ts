// Turns as OpenAI's API has them: a call's arguments are JSON text, the content beside calls may be null.
import type { ChatExtras, Message, ToolCall } from "../canonical.js";
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

/**
 * With an id for every call, and in every answer of a tool the id of the call that it answers, as the API demands them: where the row has none
 * call_1, call_2 and so on, answers in the order of the calls (to the first call of the function that an answer names). Null: an answer to no call.
 */
export function withCallIds(messages: readonly Message[]): Message[] | null {
  const taken = new Set(messages.flatMap(({ tool_calls = [] }) => tool_calls.flatMap(({ id }) => id ?? [])));
  let last = 0;
  const nextId = (): string => {
    do last += 1;
    while (taken.has(`call_${last}`));
    return `call_${last}`;
  };
  let open: (ToolCall & { id: string })[] = [];
  const turns: Message[] = [];
  for (const turn of messages) {
    if (turn.tool_calls) {
      open = turn.tool_calls.map((call) => ({ ...call, id: call.id ?? nextId() }));
      turns.push({ ...turn, tool_calls: open });
    } else if (turn.role !== "tool") turns.push(turn);
    else {
      const isAsked = ({ id, function: { name } }: ToolCall) =>
        turn.tool_call_id === undefined ? turn.name === undefined || turn.name === name : turn.tool_call_id === id;
      const answered = open.find(isAsked);
      const id = turn.tool_call_id ?? answered?.id;
      if (id === undefined) return null;
      open = open.filter((call) => call !== answered);
      turns.push({ ...turn, tool_call_id: id });
    }
  }
  return turns;
}

/** `tools` where the row has some. */
export function toolsColumn({ tools }: ChatExtras): Line {
  return tools === undefined ? {} : { tools: tools as Json };
}
