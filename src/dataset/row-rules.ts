// Rules that one canonical row can be judged by alone, without a tokenizer.
import type { CanonicalRow, Message } from "./canonical.js";
import { trainedTurns } from "./layout.js";
import { allTurns } from "./row-turns.js";
import type { RowProblem } from "./rules.js";

/** All problems of the row's turns. */
export function judgeRow(row: CanonicalRow): RowProblem[] {
  if (row.kind === "text") {
    return row.text.trim() === "" ? [{ rule: "SCH002", message: "the text is empty" }] : [];
  }
  if (row.kind === "messages")
    return [...emptyTurns(row.messages), ...assistantTurns(row.messages), ...order(row.messages)];
  return [...emptyTurns(allTurns(row)), ...promptTurns(row.prompt), ...answers(row)];
}

/** Only prompts of their own: a conversation's are part of it. */
function promptTurns(prompt: Message[]): RowProblem[] {
  const last = prompt.at(-1);
  if (!last) return [{ rule: "SCH003", message: "the prompt has no turns" }];
  if (last.role !== "assistant") return order(prompt);
  return [{ rule: "SCH004", message: "the prompt ends with an assistant turn, and the answer follows it" }];
}

function answers(row: Exclude<CanonicalRow, { kind: "messages" | "text" }>): RowProblem[] {
  if (row.kind === "prompt") return [];
  const sides =
    row.kind === "preference" ? { chosen: row.chosen, rejected: row.rejected } : { completion: row.completion };
  const silent = Object.entries(sides).filter(([, turns]) => turns.every(({ role }) => role !== "assistant"));
  if (silent.length > 0)
    return silent.map(([name]) => ({ rule: "SCH003", message: `${name} holds no assistant turn` }));
  const isSame = row.kind === "preference" && JSON.stringify(row.chosen) === JSON.stringify(row.rejected);
  return isSame ? [{ rule: "SCH010", message: "chosen and rejected are the same answer" }] : [];
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
