// Prompts to sample answers to: {prompt} as a string or a list of messages, and any columns for the reward functions.
import type { Json } from "../json.js";
import { reportMediaAndTools } from "./convert-messages.js";
import { convertSide } from "./convert-side.js";
import type { RowFormat } from "./format.js";

/** Reward functions get these from the engine; a column of the name would be given twice (TRL 1.16: a TypeError in the first step). */
const reserved = ["prompts", "completions", "completion_ids"] as const;

export const promptFormat: RowFormat = {
  name: "prompt",
  shape: '{"prompt", ...columns for the reward functions}',
  columns: "all",
  recognises: (row) => typeof row.prompt === "string" || Array.isArray(row.prompt),
  convert(row, report) {
    if (reportMediaAndTools(row, report)) return null;
    const taken = reserved.find((column) => column in row);
    if (taken) {
      report({ rule: "SCH006", message: `reward functions get "${taken}" from the engine`, fix: "rename the column" });
      return null;
    }
    const { prompt: written, ...columns } = row;
    const prompt = convertSide(written, "prompt", "user", report);
    return prompt && { kind: "prompt", prompt, columns: columns as Record<string, Json> };
  },
};
