// ShareGPT rows: {conversations: [{from, value}], system?, tools?}, with LLaMA-Factory's function_call and observation turns.
import { recordOf } from "../json/json.js";
import { convertMessages } from "./convert-messages.js";
import { optionalText, type RawRow, type RowFormat } from "./format.js";
import { isTurnList } from "./messages.js";
import { convertExtras, extraColumns, reportBadAnswer } from "./row-extras.js";

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
  columns: ["conversations", "messages", "system", ...extraColumns],
  recognises: (row) => isTurnList(row.conversations, "from") || isTurnList(row.messages, "from"),
  convert(row, report) {
    const extras = convertExtras(row, report);
    if (!extras || reportBadAnswer(row, report)) return null;
    const turns = (isTurnList(row.conversations, "from") ? row.conversations : row.messages) as unknown[];
    const system = optionalText(row, "system", report);
    const messages = convertMessages(turns.map(toTurn), report);
    if (!messages) return null;
    if (system !== null) messages.unshift({ role: "system", content: system });
    return { kind: "messages", messages, ...extras };
  },
};

/** Renames the keys and the speaker, where there is one; an unknown speaker stays, so that the report shows what was written. */
export function toTurn(written: unknown): unknown {
  const turn = recordOf(written);
  if (!turn || !("from" in turn)) return written;
  const { from, value, ...rest }: RawRow = turn;
  if (from === "function_call") return { ...rest, role: "assistant", content: "", function_call: value };
  const role = typeof from === "string" && Object.hasOwn(speakers, from) ? speakers[from] : from;
  return { ...rest, role, content: value };
}
