// Prompt + completion rows: both strings (one user turn, one assistant turn) or both lists of messages.
import { withSystem } from "./convert-prompt.js";
import { convertSide } from "./convert-side.js";
import type { RowFormat } from "./format.js";
import { convertExtras, extraColumns, reportBadAnswer } from "./row-extras.js";

export const promptCompletionFormat: RowFormat = {
  name: "prompt-completion",
  shape: '{"prompt", "completion"}',
  columns: ["prompt", "completion", "system", ...extraColumns],
  recognises: (row) => "prompt" in row && "completion" in row,
  convert(row, report) {
    const extras = convertExtras(row, report);
    const asked = convertSide(row.prompt, "prompt", "user", report);
    const completion = convertSide(row.completion, "completion", "assistant", report);
    if (!extras || !asked || !completion || reportBadAnswer(row, report)) return null;
    const prompt = withSystem(asked, row, report);
    if (prompt.some(({ role, weight }) => role === "assistant" && weight !== 0)) {
      const message = "the prompt holds assistant turns: they are trained too, not the completion alone";
      report({
        rule: "SCH006",
        severity: "warning",
        message,
        fix: 'nothing to do if every assistant turn is worth learning; else give them "weight": 0',
      });
    }
    return { kind: "messages", messages: [...prompt, ...completion], ...extras };
  },
};
