// Rules that one canonical row can be judged by alone, without a tokenizer.
import type { CanonicalRow, Message } from "./canonical.js";
import { isSameTurn } from "./carried.js";
import { trainedTurns } from "./layout.js";
import { rowTurns } from "./row-turns.js";
import type { RowProblem } from "./rules.js";

/** All problems of the row's turns. */
export function judgeRow(row: CanonicalRow): RowProblem[] {
  switch (row.kind) {
    case "text":
      return row.text.trim() === "" ? [{ rule: "SCH002", message: "the text is empty" }] : [];
    case "messages":
      return [...emptyTurns(row), ...assistantTurns(row.messages), ...order(row.messages)];
    case "preference":
      return [
        ...emptyTurns(row),
        ...promptTurns(row.prompt),
        ...answerTurns(row.chosen, "the chosen answer"),
        ...answerTurns(row.rejected, "the rejected answer"),
        ...sameAnswers(row.chosen, row.rejected),
      ];
    case "unpaired":
      return [...emptyTurns(row), ...promptTurns(row.prompt), ...answerTurns(row.completion, "the answer")];
    case "prompt":
      return [...emptyTurns(row), ...promptTurns(row.prompt)];
    case "segments":
      return nothingTrained(
        row.segments.some(({ text, trained }) => trained && text !== ""),
        "no segment is learnt",
      );
    case "tokens":
      return nothingTrained(
        row.labels.some((label) => label !== untrained),
        "no token is learnt: every label is -100",
      );
  }
}

const untrained = -100;

function nothingTrained(isTrained: boolean, message: string): RowProblem[] {
  return isTrained ? [] : [{ rule: "SCH003", message }];
}

/** A tool may answer nothing, a system turn may be empty and the assistant may only call; a question or an answer may not. */
function emptyTurns(row: CanonicalRow): RowProblem[] {
  const problems: RowProblem[] = [];
  for (const { at, turn } of rowTurns(row)) {
    if ((turn.role === "user" || (turn.role === "assistant" && !turn.tool_calls)) && turn.content.trim() === "") {
      problems.push({ rule: "SCH002", message: `${at} is empty` });
    }
  }
  return problems;
}

function promptTurns(prompt: Message[]): RowProblem[] {
  const last = prompt.at(-1)?.role;
  if (last === undefined) return [{ rule: "SCH013", message: "the prompt has no turns" }];
  if (last === "system") return [{ rule: "SCH013", message: "the prompt has system turns only: nobody asks" }];
  const problems = order(prompt);
  if (last === "assistant") {
    const message = "the prompt ends with the assistant's turn, so that its answer follows an answer";
    problems.push({ rule: "SCH013", severity: "warning", message });
  }
  return problems;
}

function answerTurns(answer: Message[], name: string): RowProblem[] {
  if (answer.every(({ role }) => role !== "assistant")) {
    return [{ rule: "SCH003", message: `${name} has no turn of the assistant's` }];
  }
  const [first, last] = [answer[0] as Message, answer.at(-1) as Message];
  if (first.role !== "assistant") return [{ rule: "SCH004", message: `${name} begins with the ${first.role}'s turn` }];
  return last.role === "assistant" ? [] : [{ rule: "SCH005", message: `${name} ends with the ${last.role}'s turn` }];
}

function sameAnswers(chosen: Message[], rejected: Message[]): RowProblem[] {
  const isSame = chosen.length === rejected.length && chosen.every((turn, index) => isSameTurn(turn, rejected[index]!));
  return isSame ? [{ rule: "PREF001", message: "the chosen answer is the same as the rejected one" }] : [];
}

function assistantTurns(messages: Message[]): RowProblem[] {
  if (messages.length === 0) return [{ rule: "SCH003", message: "the row has no turns at all" }];
  if (messages.every(({ role }) => role !== "assistant")) {
    return [{ rule: "SCH003", message: `none of the ${messages.length} turns is the assistant's` }];
  }
  if (messages.every(({ role, weight }) => role !== "assistant" || weight === 0)) {
    return [{ rule: "SCH003", message: "every turn of the assistant's has weight 0" }];
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
