// Prompt + completion rows: both strings (one user turn, one assistant turn) or both lists of messages.
import type { Message } from "../canonical.js";
import { convertMessages, reportUnsupportedColumns } from "./convert-messages.js";
import { type Report, type RowFormat, typeName } from "./format.js";

export const promptCompletionFormat: RowFormat = {
  name: "prompt-completion",
  shape: '{"prompt", "completion"}',
  columns: ["prompt", "completion"],
  recognises: (row) => "prompt" in row && "completion" in row,
  convert(row, report) {
    if (reportUnsupportedColumns(row, report)) return null;
    const prompt = convertSide(row.prompt, "prompt", "user", report);
    const completion = convertSide(row.completion, "completion", "assistant", report);
    if (!prompt || !completion) return null;
    if (prompt.some(({ role }) => role === "assistant")) {
      const message = "the prompt holds assistant turns: they are trained too, not the completion alone";
      report({
        rule: "SCH006",
        severity: "warning",
        message,
        fix: "nothing to do if every assistant turn is worth learning",
      });
    }
    return { kind: "messages", messages: [...prompt, ...completion] };
  },
};

function convertSide(value: unknown, column: string, role: "user" | "assistant", report: Report): Message[] | null {
  if (typeof value === "string" || value === null) return [{ role, content: value ?? "" }];
  if (Array.isArray(value)) return convertMessages(value, report);
  report({ rule: "SCH007", message: `"${column}" is ${typeName(value)}, not a string or a list of messages` });
  return null;
}
