// Files for OpenAI's fine-tuning API, and for Together and Fireworks, which take the same lines under rules of their own.
import type { CanonicalRow, Message } from "../canonical.js";
import { type Feature, hasAny, notAlternating, notEndingWithAssistant } from "./findings.js";
import { openaiTurns, toolsColumn, withCallIds } from "./openai-turns.js";
import { type Line, Refusal, type Target } from "./target.js";

/** platform.openai.com/docs, fine-tuning: 10 rows or more; weight 0 or 1 on assistant turns. */
export const openaiTarget: Target = {
  about: "OpenAI: messages; for preferences input, preferred_output, non_preferred_output",
  rows: { least: 10 },
  convert: (row) => convertWith(row, { lacks: ["reasoning", "chat_template_kwargs"], judge: notEndingWithAssistant }),
};

/** docs.together.ai, fine-tuning/data-preparation: system or user first, then user and assistant in turn; one format a file; no reasoning. */
export const togetherTarget: Target = {
  about: "Together: messages in strict turn, or text; for preferences input, preferred_output, non_preferred_output",
  convert: (row) =>
    row.kind === "text"
      ? { text: row.text }
      : convertWith(row, { lacks: ["tools", "reasoning", "name", "chat_template_kwargs"], judge: notAlternating }),
};

/** docs.fireworks.ai, fine-tuning-models: 3 to 3 million rows; a system turn only at the start; weight 0 or 1; reasoning_content. */
export const fireworksTarget: Target = {
  about: "Fireworks: messages with reasoning_content; for preferences input, preferred_output, non_preferred_output",
  rows: { least: 3, most: 3_000_000 },
  convert: (row) => convertWith(row, { lacks: ["chat_template_kwargs"], judge: lateSystem }),
};

interface Rules {
  lacks: readonly Feature[];
  judge(messages: readonly Message[]): string | null;
}

function convertWith(row: CanonicalRow, { lacks, judge }: Rules): Line | Refusal {
  const lost = hasAny(row, lacks);
  if (lost) return new Refusal(lost);
  if (row.kind === "messages") {
    const crooked = judge(row.messages);
    if (crooked) return new Refusal(crooked);
    const turns = withCallIds(row.messages);
    return turns ? { messages: openaiTurns(turns), ...toolsColumn(row) } : new Refusal(unasked);
  }
  if (row.kind === "preference") {
    const crooked = judge([...row.prompt, ...row.chosen]) ?? judge([...row.prompt, ...row.rejected]);
    if (crooked) return new Refusal(crooked);
    if (row.chosen.length !== 1 || row.rejected.length !== 1) return new Refusal("an answer is more than one turn");
    const [chosen, rejected] = [row.chosen, row.rejected].map((answer) => withCallIds([...row.prompt, ...answer]));
    if (!chosen || !rejected) return new Refusal(unasked);
    return {
      input: { messages: openaiTurns(chosen.slice(0, -1)), ...toolsColumn(row) },
      preferred_output: openaiTurns(chosen.slice(-1)),
      non_preferred_output: openaiTurns(rejected.slice(-1)),
    };
  }
  return new Refusal(`it has no place for ${inWords[row.kind]}`);
}

const unasked = "a tool's answer is to no call before it";

const inWords = {
  text: "plain text",
  unpaired: "single judged answers",
  prompt: "a prompt without an answer",
  segments: "segments",
  tokens: "tokens",
} as const;

function lateSystem(messages: readonly Message[]): string | null {
  const late = messages.findIndex(({ role }, index) => role === "system" && index > 0);
  return late > 0 ? `turn ${late + 1} is a system turn, but not the first` : notEndingWithAssistant(messages);
}
