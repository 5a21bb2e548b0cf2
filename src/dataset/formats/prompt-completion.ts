// Prompt + completion rows: both strings (one user turn, one assistant turn) or both lists of messages.
import { reportUnsupportedColumns } from "./convert-messages.js";
import { convertSide } from "./convert-side.js";
import type { RowFormat } from "./format.js";

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
