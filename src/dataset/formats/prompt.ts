// Prompts without an answer, for reinforcement learning; every other column goes to the reward functions.
import { reportUnsupportedColumns } from "./convert-messages.js";
import type { RowFormat } from "./format.js";
import { turnsOf } from "./turns.js";

export const promptFormat: RowFormat = {
  name: "prompt",
  shape: '{"prompt", ...columns for the rewards}',
  columns: [],
  recognises: (row) => "prompt" in row && !("completion" in row),
  convert({ prompt: asked, ...columns }, report) {
    if (reportUnsupportedColumns(columns, report)) return null;
    const prompt = turnsOf(asked, "prompt", "user", report);
    return prompt && { kind: "prompt", prompt, columns };
  },
};
