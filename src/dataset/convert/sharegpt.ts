// ShareGPT rows with tools as LLaMA-Factory reads them (its data/README.md): conversations of {from, value}.
import type { CanonicalRow, ChatExtras, Message } from "../canonical.js";
import type { Json } from "../json/json.js";
import { stringifyJson } from "../json/stringify-json.js";
import { hasAny } from "./findings.js";
import { type Line, Refusal, type Target } from "./target.js";

export const sharegptTarget: Target = {
  about: "{conversations: [{from, value}], system?, tools?}",
  convert(row: CanonicalRow): Line | Refusal {
    const lost = hasAny(row, ["reasoning", "weight", "name", "chat_template_kwargs", "empty_system"]);
    if (lost) return new Refusal(lost);
    switch (row.kind) {
      case "messages":
        return conversation(row.messages, row, (turns) => ({ conversations: turns }));
      case "preference":
        return conversation(row.prompt, row, (turns) => {
          const [chosen, rejected] = [sides(row.chosen), sides(row.rejected)];
          if (chosen instanceof Refusal) return chosen;
          return rejected instanceof Refusal ? rejected : { conversations: turns, chosen, rejected };
        });
      case "unpaired":
        return conversation([...row.prompt, ...row.completion], row, (turns) => ({
          conversations: turns,
          kto_tag: row.label,
        }));
      default:
        return new Refusal(`it has no place for ${row.kind === "prompt" ? "a prompt without an answer" : row.kind}`);
    }
  },
};

function conversation(
  messages: Message[],
  { tools }: ChatExtras,
  build: (turns: Line[]) => Line | Refusal,
): Line | Refusal {
  const system = messages[0]?.role === "system" ? messages[0].content : null;
  const turns = turnsOf(system === null ? messages : messages.slice(1));
  if (turns instanceof Refusal) return turns;
  const line = build(turns);
  if (line instanceof Refusal) return line;
  // tools are JSON text there.
  return { ...line, ...(system !== null && { system }), ...(tools?.length && { tools: stringifyJson(tools as Json) }) };
}

function sides(messages: Message[]): Line | Refusal {
  const turns = turnsOf(messages);
  if (turns instanceof Refusal) return turns;
  return turns.length === 1 ? turns[0]! : new Refusal("an answer is more than one turn");
}

function turnsOf(messages: readonly Message[]): Line[] | Refusal {
  const turns: Line[] = [];
  for (const [index, { role, content, tool_calls, tool_call_id }] of messages.entries()) {
    if (role === "system") return new Refusal(`turn ${index + 2} is a system turn, but not the first`);
    if (tool_call_id !== undefined || tool_calls?.some(({ id }) => id !== undefined))
      return new Refusal("it has no place for the ids of calls");
    if (!tool_calls) turns.push({ from: speakers[role], value: content });
    else if (content !== "") return new Refusal("it has no place for text beside a call");
    else {
      const calls = tool_calls.map(({ function: { name, arguments: args } }) => ({ name, arguments: args }) as Json);
      turns.push({ from: "function_call", value: stringifyJson(calls.length === 1 ? (calls[0] as Json) : calls) });
    }
  }
  return turns;
}

const speakers = { user: "human", assistant: "gpt", tool: "observation" } as const;
