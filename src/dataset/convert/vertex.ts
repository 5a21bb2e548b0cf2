// Rows for supervised tuning of Gemini on Vertex AI: systemInstruction, contents of parts, function declarations (its guide, tuning data).
import type { CanonicalRow, ChatExtras, Message } from "../canonical.js";
import { type Json, recordOf } from "../json/json.js";
import { hasAny, notEndingWithAssistant } from "./findings.js";
import { type Line, Refusal, type Target } from "./target.js";

export const vertexTarget: Target = {
  about: "Vertex AI: {systemInstruction?, contents: [{role, parts}], tools?}",
  convert(row: CanonicalRow): Line | Refusal {
    if (row.kind !== "messages") return new Refusal("it takes conversations only");
    const lost =
      hasAny(row, ["reasoning", "weight", "name", "chat_template_kwargs"]) ?? notEndingWithAssistant(row.messages);
    if (lost) return new Refusal(lost);
    const isSystem = row.messages[0]?.role === "system";
    const contents = contentsOf(isSystem ? row.messages.slice(1) : row.messages);
    if (contents instanceof Refusal) return contents;
    const tools = declarations(row);
    if (tools instanceof Refusal) return tools;
    return {
      ...(isSystem && { systemInstruction: { role: "system", parts: [{ text: row.messages[0]!.content }] } }),
      contents,
      ...tools,
    };
  },
};

function contentsOf(messages: readonly Message[]): Json[] | Refusal {
  const contents: Json[] = [];
  for (const [index, { role, content, tool_calls, tool_call_id, name }] of messages.entries()) {
    if (tool_call_id !== undefined || tool_calls?.some(({ id }) => id !== undefined))
      return new Refusal("it has no place for the ids of calls");
    if (role === "system") return new Refusal(`turn ${index + 2} is a system turn, but not the first`);
    if (role === "tool") {
      if (name === undefined) return new Refusal(`turn ${index + 1} does not name the function whose answer it is`);
      contents.push({ role: "user", parts: [{ functionResponse: { name, response: { content } } }] });
      continue;
    }
    const calls = (tool_calls ?? []).map(
      ({ function: { name: called, arguments: args } }): Json => ({ functionCall: { name: called, args } }),
    );
    const text: Json[] = content === "" && calls.length > 0 ? [] : [{ text: content }];
    contents.push({ role: role === "assistant" ? "model" : "user", parts: [...text, ...calls] });
  }
  return contents;
}

function declarations({ tools }: ChatExtras): Line | Refusal {
  if (!tools?.length) return {};
  const functions = tools.map((tool) => recordOf(tool)?.function);
  if (functions.some((each) => each === undefined)) return new Refusal("a tool is not a function");
  return { tools: [{ functionDeclarations: functions as Json[] }] };
}
