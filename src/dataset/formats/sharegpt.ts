// ShareGPT rows: {conversations: [{from, value}], system?}.
import { convertMessages, reportUnsupportedColumns } from "./convert-messages.js";
import { isObject, optionalText, type RawRow, type RowFormat } from "./format.js";
import { isTurnList } from "./messages.js";

const speakers: Readonly<Record<string, string>> = {
  human: "user",
  user: "user",
  gpt: "assistant",
  chatgpt: "assistant",
  assistant: "assistant",
  model: "assistant",
  bot: "assistant",
  system: "system",
  observation: "tool",
  tool: "tool",
  function_response: "tool",
};

export const sharegptFormat: RowFormat = {
  name: "sharegpt",
  shape: '{"conversations": [{"from", "value"}]}',
  columns: ["conversations", "messages", "system"],
  recognises: (row) => isTurnList(row.conversations, "from") || isTurnList(row.messages, "from"),
  convert(row, report) {
    if (reportUnsupportedColumns(row, report)) return null;
    const turns = (Array.isArray(row.conversations) ? row.conversations : row.messages) as unknown[];
    const call = turns.findIndex((turn) => isObject(turn) && turn.from === "function_call");
    if (call !== -1) {
      report({ rule: "SCH006", message: `turn ${call + 1} is a function_call (tool calls)` });
      return null;
    }
    const system = optionalText(row, "system", report);
    const messages = convertMessages(turns.map(toTurn), report);
    if (!messages) return null;
    if (system !== null) messages.unshift({ role: "system", content: system });
    return { kind: "messages", messages };
  },
};

/** Renames the keys and the speaker, where there is one; an unknown speaker stays, so that the report shows what was written. */
export function toTurn(turn: unknown): unknown {
  if (!isObject(turn) || !("from" in turn)) return turn;
  const { from, value, ...rest }: RawRow = turn;
  const role = typeof from === "string" && Object.hasOwn(speakers, from) ? speakers[from] : from;
  return { ...rest, role, content: value };
}
