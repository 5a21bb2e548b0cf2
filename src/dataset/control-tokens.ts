// Finds control tokens inside content: there they end a turn or fake one, whatever the person meant.
import type { CanonicalRow } from "./canonical.js";
import { rowTurns } from "./row-turns.js";
import type { RowProblem } from "./rules.js";

export type ControlTokenCheck = (row: CanonicalRow) => RowProblem[];

/** Widely used ones, for when no tokenizer is known; then only a warning, since the model may not have the token. */
const wellKnown = [
  "<|im_start|>",
  "<|im_end|>",
  "<|im_sep|>",
  "<|endoftext|>",
  "<|begin_of_text|>",
  "<|end_of_text|>",
  "<|start_header_id|>",
  "<|end_header_id|>",
  "<|eot_id|>",
  "<|eom_id|>",
  "<|python_tag|>",
  "<|header_start|>",
  "<|header_end|>",
  "<|eot|>",
  "<start_of_turn>",
  "<end_of_turn>",
  "<bos>",
  "<eos>",
  "<s>",
  "</s>",
  "[INST]",
  "[/INST]",
  "<<SYS>>",
  "<</SYS>>",
  "[SYSTEM_PROMPT]",
  "[/SYSTEM_PROMPT]",
  "[AVAILABLE_TOOLS]",
  "[TOOL_CALLS]",
  "[TOOL_RESULTS]",
  "<|system|>",
  "<|user|>",
  "<|assistant|>",
  "<|end|>",
  "<|start|>",
  "<|channel|>",
  "<|message|>",
  "<|return|>",
  "<|call|>",
  "<|eod_id|>",
  "<｜begin▁of▁sentence｜>",
  "<｜end▁of▁sentence｜>",
  "<｜User｜>",
  "<｜Assistant｜>",
] as const;

/**
 * @param specialTokens of the model's tokenizer, then a hit is an error; null: the well-known ones, a warning
 * Plain text rows are not looked at: documents may carry their own markup on purpose.
 */
export function controlTokenCheck(specialTokens: readonly string[] | null): ControlTokenCheck {
  const tokens = specialTokens ?? wellKnown;
  const severity = specialTokens ? "error" : "warning";
  if (tokens.length === 0) return () => [];
  const longestFirst = [...tokens].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map((token) => token.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|"));
  return (row) => {
    const problems: RowProblem[] = [];
    for (const { at, turn } of rowTurns(row)) {
      const hit = pattern.exec(turn.content)?.[0];
      if (hit) problems.push({ rule: "SEC001", severity, message: `${at} contains ${hit}` });
    }
    return problems;
  };
}
