// Rules that one canonical row can be judged by alone, without a tokenizer.
import type { CanonicalRow, Message } from "./canonical.js";
import { trainedTurns } from "./layout.js";
import type { RowProblem } from "./rules.js";

/** All problems of the row's turns. */
export function judgeRow(row: CanonicalRow): RowProblem[] {
  if (row.kind === "text") {
    return row.text.trim() === "" ? [{ rule: "SCH002", message: "the text is empty" }] : [];
  }
  return [...emptyTurns(row.messages), ...assistantTurns(row.messages), ...order(row.messages)];
}

/** A tool may answer nothing and a system turn may be empty; a question or an answer may not. */
function emptyTurns(messages: Message[]): RowProblem[] {
  const problems: RowProblem[] = [];
  for (const [index, { role, content }] of messages.entries()) {
    if ((role === "user" || role === "assistant") && content.trim() === "") {
      problems.push({ rule: "SCH002", message: `turn ${index + 1} (${role}) is empty` });
    }
  }
  return problems;
}

function assistantTurns(messages: Message[]): RowProblem[] {
  if (messages.length === 0) return [{ rule: "SCH003", message: "the row has no turns at all" }];
  if (messages.every(({ role }) => role !== "assistant")) {
    return [{ rule: "SCH003", message: `none of the ${messages.length} turns is the assistant's` }];
  }
  if (trainedTurns(messages).length === 0) {
    return [
      { rule: "SCH003", message: "the assistant speaks before anyone else and never again: there is no question" },
    ];
  }
  const last = messages.at(-1) as Message;
  if (last.role === "assistant") return [];
  return [{ rule: "SCH005", message: `the last turn is the ${last.role}'s` }];
}

function order(messages: Message[]): RowProblem[] {
  const problem = (message: string): RowProblem[] => [{ rule: "SCH004", message }];
  for (const [index, { role }] of messages.entries()) {
    const before = messages[index - 1]?.role;
    const at = `turn ${index + 1}`;
    if (role === "system" && index > 0) return problem(`${at} is a system turn, but not the first`);
    if (role === "assistant" && (before === undefined || before === "system")) {
      return problem(`${at} is the assistant's, before any user turn${index === 0 ? "; it gets no loss" : ""}`);
    }
    if (role === before && role !== "tool") return problem(`turns ${index} and ${index + 1} are both the ${role}'s`);
    if (role === "tool" && before !== "assistant" && before !== "tool") {
      return problem(`${at} is a tool's answer that no assistant turn asked for`);
    }
  }
  return [];
}
