// OpenAI messages and ChatML rows: {messages | conversations: [{role, content}]}.
import { convertMessages, reportUnsupportedColumns } from "./convert-messages.js";
import { isObject, type RawRow, type RowFormat } from "./format.js";

const columns = ["messages", "conversations"] as const;

export const messagesFormat: RowFormat = {
  name: "messages",
  shape: '{"messages": [{"role", "content"}]}',
  columns,
  recognises: (row) => isTurnList(turnsOf(row), "role"),
  convert(row, report) {
    if (reportUnsupportedColumns(row, report)) return null;
    const messages = convertMessages(turnsOf(row) ?? [], report);
    return messages && { kind: "messages", messages };
  },
};

function turnsOf(row: RawRow): unknown[] | null {
  for (const column of columns) if (Array.isArray(row[column])) return row[column];
  return null;
}

/** One turn that has the key tells the dialect; an empty list belongs to no dialect in particular. */
export function isTurnList(turns: unknown, key: "role" | "from"): boolean {
  if (!Array.isArray(turns)) return false;
  return turns.some((turn) => isObject(turn) && key in turn) || (key === "role" && turns.length === 0);
}
