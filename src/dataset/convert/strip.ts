// Takes out of a row, because the person said so, what a target has no place for.
import type { CanonicalRow, Message } from "../canonical.js";

export type Droppable = "ids" | "reasoning" | "weight" | "name" | "chat_template_kwargs" | "empty_system";

export function strip(row: CanonicalRow, features: ReadonlySet<Droppable>): CanonicalRow {
  if (features.size === 0) return row;
  const isKept = ({ role, content }: Message) => !features.has("empty_system") || role !== "system" || content !== "";
  const turns = (messages: Message[]) => messages.filter(isKept).map((message) => stripTurn(message, features));
  const stripped = features.has("chat_template_kwargs") ? withoutKwargs(row) : row;
  switch (stripped.kind) {
    case "messages":
      return { ...stripped, messages: turns(stripped.messages) };
    case "preference":
      return {
        ...stripped,
        prompt: turns(stripped.prompt),
        chosen: turns(stripped.chosen),
        rejected: turns(stripped.rejected),
      };
    case "unpaired":
      return { ...stripped, prompt: turns(stripped.prompt), completion: turns(stripped.completion) };
    case "prompt":
      return { ...stripped, prompt: turns(stripped.prompt) };
    default:
      return stripped;
  }
}

function withoutKwargs<T extends CanonicalRow>(row: T): T {
  if (!("chat_template_kwargs" in row)) return row;
  const { chat_template_kwargs: _, ...rest } = row;
  return rest as T;
}

function stripTurn(message: Message, features: ReadonlySet<Droppable>): Message {
  const turn = { ...message };
  if (features.has("reasoning")) delete turn.reasoning_content;
  if (features.has("weight")) delete turn.weight;
  if (features.has("name") && turn.role !== "tool") delete turn.name;
  if (features.has("ids")) {
    delete turn.tool_call_id;
    if (turn.tool_calls) turn.tool_calls = turn.tool_calls.map(({ id: _, ...call }) => call);
  }
  return turn;
}
