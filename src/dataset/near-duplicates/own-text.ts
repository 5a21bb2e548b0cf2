// What one row says, without what many rows share (system turns, tools): near duplicates are judged by it.
import type { CanonicalRow } from "../canonical.js";
import type { Json } from "../json/json.js";
import { stringifyJson } from "../json/stringify-json.js";
import { rowTurns } from "../row-turns.js";

export function ownText(row: CanonicalRow): string {
  switch (row.kind) {
    case "text":
      return row.text;
    case "segments":
      return row.segments.map(({ text }) => text).join("");
    case "tokens":
      return row.ids.join(" ");
    default:
      return rowTurns(row)
        .filter(({ turn }) => turn.role !== "system")
        .map(({ turn: { content, tool_calls: calls } }) =>
          calls ? `${content} ${stringifyJson(calls as unknown as Json)}` : content,
        )
        .join("\n");
  }
}
