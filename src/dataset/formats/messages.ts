// OpenAI messages and ChatML rows: {messages | conversations: [{role, content}], tools?}.
import { recordOf } from "../json/json.js";
import { convertMessages } from "./convert-messages.js";
import type { RawRow, RowFormat } from "./format.js";
import { convertExtras, extraColumns, reportBadAnswer } from "./row-extras.js";

const columns = ["messages", "conversations"] as const;

export const messagesFormat: RowFormat = {
  name: "messages",
  shape: '{"messages": [{"role", "content"}]}',
  columns: [...columns, ...extraColumns],
  recognises: (row) => columns.some((column) => isTurnList(row[column], "role")),
  convert(row, report) {
    const extras = convertExtras(row, report);
    if (!extras || reportBadAnswer(row, report)) return null;
    const messages = convertMessages(turnsOf(row), report);
    return messages && { kind: "messages", messages, ...extras };
  },
};

function turnsOf(row: RawRow): unknown[] {
  const column = columns.find((name) => isTurnList(row[name], "role")) as string;
  return row[column] as unknown[];
}

/** One turn that has the key tells the dialect; an empty list belongs to no dialect in particular. */
export function isTurnList(turns: unknown, key: "role" | "from"): boolean {
  if (!Array.isArray(turns)) return false;
  return (
    turns.some((turn) => {
      const record = recordOf(turn);
      return record !== null && key in record;
    }) ||
    (key === "role" && turns.length === 0)
  );
}
