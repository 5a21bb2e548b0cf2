// Preference rows: two answers to one prompt, as TRL, LLaMA-Factory and Axolotl's dialects write them.
import type { Message } from "../canonical.js";
import { isSameTurn } from "../carried.js";
import { convertPrompt, hasPrompt, promptColumns, withSystem } from "./convert-prompt.js";
import { convertSide, reportWeighed, unweighed } from "./convert-side.js";
import type { RawRow, Report, RowFormat } from "./format.js";
import { convertExtras, extraColumns } from "./row-extras.js";

const answerColumns = [
  ["chosen", "rejected"],
  ["chosen_response", "rejected_response"],
  ["chosen_messages", "rejected_messages"],
] as const;

export const preferenceFormat: RowFormat = {
  name: "preference",
  shape: '{"prompt", "chosen", "rejected"}',
  columns: [...promptColumns, ...answerColumns.flat(), ...extraColumns],
  recognises(row) {
    const columns = columnsOf(row);
    return columns !== null && (hasPrompt(row) || columns.every((column) => Array.isArray(row[column])));
  },
  convert(row, report) {
    const extras = convertExtras(row, report);
    const [better, worse] = columnsOf(row) as [string, string];
    const chosen = convertSide(row[better], better, "assistant", report);
    const rejected = convertSide(row[worse], worse, "assistant", report);
    if (!extras || !chosen || !rejected) return null;
    const isWhole = startsConversation(chosen) && startsConversation(rejected);
    const pair = isWhole
      ? cutPrompt(row, chosen, rejected, report)
      : { prompt: convertPrompt(row, report), chosen, rejected };
    if (!pair.prompt || reportWeighed([...pair.chosen, ...pair.rejected], report)) return null;
    return { kind: "preference", ...pair, prompt: unweighed(pair.prompt), ...extras };
  },
};

function columnsOf(row: RawRow): readonly [string, string] | null {
  return answerColumns.find(([chosen, rejected]) => chosen in row && rejected in row) ?? null;
}

/** An answer begins with the assistant; what begins otherwise holds its prompt too. */
function startsConversation(turns: Message[]): boolean {
  return turns.length > 0 && turns[0]?.role !== "assistant";
}

interface Pair {
  prompt: Message[] | null;
  chosen: Message[];
  rejected: Message[];
}

/** Whole conversations: the turns they share are the prompt, as in TRL's extract_prompt. At least one turn is left of each. */
function cutPrompt(row: RawRow, chosen: Message[], rejected: Message[], report: Report): Pair {
  const most = Math.min(chosen.length, rejected.length) - 1;
  let shared = 0;
  while (shared < most && isSameTurn(chosen[shared]!, rejected[shared]!)) shared += 1;
  const prompt = withSystem(chosen.slice(0, shared), row, report);
  if (!isContained(row.prompt, prompt, report)) {
    report({
      rule: "SCH008",
      severity: "warning",
      message: `"prompt" is not what both answers' conversations begin with: they are used, "prompt" is not`,
      fix: "make them agree, or remove the turns of the prompt from both answers",
    });
  }
  return { prompt, chosen: chosen.slice(shared), rejected: rejected.slice(shared) };
}

function isContained(column: unknown, prompt: Message[], report: Report): boolean {
  if (column === undefined || column === null) return true;
  const turns = convertSide(column, "prompt", "user", report) ?? [];
  return turns.every(({ content }) => prompt.some((turn) => turn.content.trim() === content.trim()));
}
