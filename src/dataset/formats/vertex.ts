// Vertex AI's tuning rows for Gemini: {systemInstruction?, contents: [{role: user | model, parts}], tools?: [{functionDeclarations}]}.
import type { ToolCall } from "../canonical.js";
import { type Json, type JsonObject, recordOf } from "../json/json.js";
import { stringifyJson } from "../json/stringify-json.js";
import { convertMessages } from "./convert-messages.js";
import { type RawRow, type Report, type RowFormat, typeName } from "./format.js";
import { convertExtras } from "./row-extras.js";

export const vertexFormat: RowFormat = {
  name: "vertex",
  shape: '{"contents": [{"role", "parts"}]}',
  columns: ["systemInstruction", "contents", "tools"],
  recognises: ({ contents }) =>
    Array.isArray(contents) && contents.some((turn) => Array.isArray(recordOf(turn)?.parts)),
  convert(row, report) {
    const written = row.contents as unknown[];
    const system = recordOf(row.systemInstruction);
    const turns = [...(system ? [{ ...system, role: "system" }] : []), ...written].map((turn, index) =>
      openaiTurn(turn, `turn ${index + 1}`, report),
    );
    const extras = convertExtras({ tools: declarationsOf(row.tools) }, report);
    if (!extras || turns.includes(null)) return null;
    const messages = convertMessages(turns, report);
    return messages && { kind: "messages", messages, ...extras };
  },
};

/** Null: reported. */
function openaiTurn(turn: unknown, at: string, report: Report): RawRow | null {
  const record = recordOf(turn);
  const parts = record?.parts;
  if (!record || !Array.isArray(parts)) {
    report({ rule: "SCH007", message: `${at} is ${typeName(turn)}, not {role, parts}` });
    return null;
  }
  const texts: string[] = [];
  const calls: ToolCall[] = [];
  const answers: { name: string; content: string }[] = [];
  for (const part of parts.map(recordOf)) {
    const call = recordOf(part?.functionCall);
    const answer = recordOf(part?.functionResponse);
    if (typeof part?.text === "string") texts.push(part.text);
    else if (call)
      calls.push({
        type: "function",
        function: { name: String(call.name), arguments: (call.args ?? {}) as JsonObject },
      });
    else if (answer) answers.push({ name: String(answer.name), content: answerText(answer.response) });
    else {
      report({ rule: "SCH006", message: `${at} has a part that is not text: ${Object.keys(part ?? {}).join(", ")}` });
      return null;
    }
  }
  const [answer] = answers;
  if (answer) return { role: "tool", ...answer };
  const role = record.role === "model" ? "assistant" : record.role;
  return { role, content: texts.join(""), ...(calls.length > 0 && { tool_calls: calls }) };
}

/** {content: "..."} is how plain text is wrapped; anything else is the answer itself. */
function answerText(response: unknown): string {
  const record = recordOf(response);
  const isWrapped = record !== null && Object.keys(record).length === 1 && typeof record.content === "string";
  return isWrapped ? (record.content as string) : stringifyJson((response ?? null) as Json);
}

function declarationsOf(tools: unknown): unknown {
  if (!Array.isArray(tools)) return undefined;
  return tools.flatMap((tool) => recordOf(tool)?.functionDeclarations ?? []);
}
