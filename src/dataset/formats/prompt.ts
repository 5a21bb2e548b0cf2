// Prompts to sample answers to: {prompt} as a string or a list of messages, and any columns for the reward functions.
import type { Json } from "../json/json.js";
import { convertSide } from "./convert-side.js";
import type { RawRow, RowFormat } from "./format.js";
import { isTurnList } from "./messages.js";
import { convertExtras, extraColumns } from "./row-extras.js";

/** Reward functions get these from the engine; a column of the name would be given twice (TRL 1.16: a TypeError in the first step). */
const reserved = ["prompts", "completions", "completion_ids"] as const;

export const promptFormat: RowFormat = {
  name: "prompt",
  shape: '{"prompt", ...columns for the reward functions}',
  columns: "all",
  recognises: (row) => typeof row.prompt === "string" || Array.isArray(row.prompt) || isBfcl(row),
  convert(row, report) {
    const extras = convertExtras(isBfcl(row) ? { ...row, tools: row.function } : row, report);
    if (!extras) return null;
    const taken = reserved.find((column) => column in row);
    if (taken) {
      report({ rule: "SCH006", message: `reward functions get "${taken}" from the engine`, fix: "rename the column" });
      return null;
    }
    const read: readonly string[] = isBfcl(row) ? ["question", "function"] : ["prompt", ...extraColumns];
    const prompt = convertSide(row[read[0] as string], read[0] as string, "user", report);
    const columns = Object.fromEntries(Object.entries(row).filter(([column]) => !read.includes(column)));
    return prompt && { kind: "prompt", prompt, columns: columns as Record<string, Json>, ...extras };
  },
};

/** The Berkeley function-calling leaderboard's: {question: [[{role, content}], ...], function: [definitions]}. */
function isBfcl({ prompt, question }: RawRow): boolean {
  return prompt === undefined && Array.isArray(question) && isTurnList(question.flat(), "role");
}
