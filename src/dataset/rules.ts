// Every data rule as one row: id, severity, what it looks for, what to do. Findings are made only from these rows.
import type { Finding, RowPlace, Severity } from "./canonical.js";

export interface Rule {
  /** Of a finding, unless the place that reports it knows better (a cut answer is a warning, a mask that is always empty an error). */
  severity: Severity;
  /** What is wrong, as a heading over many findings. */
  title: string;
  /** What the person does. */
  fix: string;
}

const table = {
  FILE001: {
    severity: "error",
    title: "not valid JSON",
    fix: "mend or remove the line; each row must be one JSON object",
  },
  FILE002: { severity: "error", title: "not valid Unicode", fix: "save the file as UTF-8; mend or remove the row" },
  FILE003: {
    severity: "warning",
    title: "a key twice in one object",
    fix: "keep one of them: whoever reads the row takes the last and forgets the others",
  },
  FILE010: {
    severity: "error",
    title: "row with more or fewer cells than the header",
    fix: "put cells that hold the delimiter or a line end into double quotes",
  },
  FILE011: {
    severity: "error",
    title: "value that JSON cannot say",
    fix: "fill in or remove the value (NaN, infinity), or write the column with another type",
  },
  SCH000: {
    severity: "error",
    title: "row format not recognised, or not that of the file",
    fix: "give all rows of a file one format, one of docs/data.md (--format names it)",
  },
  SCH001: {
    severity: "error",
    title: "unknown role",
    fix: "use system, user, assistant or tool (sharegpt: system, human, gpt, observation)",
  },
  SCH002: { severity: "error", title: "empty turn", fix: "fill the turn in, or remove the row" },
  SCH003: {
    severity: "error",
    title: "no assistant turn to learn from",
    fix: "end the row with the answer that the model should give, or remove it",
  },
  SCH004: {
    severity: "warning",
    title: "turns out of order",
    fix: "let the system turn come first, then user and assistant alternate",
  },
  SCH005: {
    severity: "warning",
    title: "row does not end with the assistant",
    fix: "remove the trailing turns: nothing is learnt from them",
  },
  SCH006: {
    severity: "error",
    title: "holds what ft cannot train on yet",
    fix: "write it as text in the turn's content, or remove it; ft drops nothing silently",
  },
  SCH007: { severity: "error", title: "value of the wrong type", fix: "content is a string, or a list of text parts" },
  SCH008: { severity: "info", title: "columns that are not used", fix: "nothing to do if they are meant for people" },
  SCH009: {
    severity: "error",
    title: "loss weight that no engine can keep",
    fix: "give a turn of the assistant's 0 (not learnt) or 1, or leave the flag out",
  },
  SCH010: {
    severity: "error",
    title: "mapped column that the row does not have",
    fix: "correct data.columns (ft data check --columns), or give every row the column",
  },
  OBJ001: {
    severity: "error",
    title: "rows that the objective cannot learn from",
    fix: "give the columns that the objective needs (docs/data.md), or choose another objective",
  },
  PRM001: {
    severity: "error",
    title: "prompt that asks nothing",
    fix: "let the prompt end with the turn that is to be answered: the user's or a tool's",
  },
  PRF001: {
    severity: "warning",
    title: "chosen and rejected are the same",
    fix: "remove the row: nothing can be learnt from it",
  },
  KTO001: {
    severity: "warning",
    title: "all answers have one label",
    fix: "add answers of the other kind: without them nothing says what to prefer",
  },
  COL001: {
    severity: "warning",
    title: "column of several types",
    fix: 'give it one type in all rows: the engine reads a column as one type, and "4" may become 4',
  },
  MIX001: {
    severity: "error",
    title: "nothing is left to train on",
    fix: "raise the weights in data.train, or lower data.eval_fraction",
  },
  DUP001: { severity: "warning", title: "duplicate row", fix: "remove it, unless it is meant to weigh more" },
  DUP002: {
    severity: "warning",
    title: "duplicate row but for case and spaces",
    fix: "remove it, unless it is meant to weigh more",
  },
  LEAK001: {
    severity: "error",
    title: "evaluation row is also a training row",
    fix: "remove it from one of the two: a score on trained rows says nothing",
  },
  TOK000: {
    severity: "info",
    title: "token rules not run",
    fix: "give --model <folder>, or run once so that the recipe's model is on this machine",
  },
  TOK001: {
    severity: "warning",
    title: "longer than max_length",
    fix: "raise data.max_length, or split the row: what lies beyond is cut",
  },
  TOK002: {
    severity: "error",
    title: "no token carries loss",
    fix: "raise data.max_length, shorten the context, or remove the row: the engine drops it",
  },
  TOK003: {
    severity: "error",
    title: "end-of-turn token is not trained",
    fix: "use a template that closes assistant turns with it: else the model does not learn to stop",
  },
  TOK004: {
    severity: "info",
    title: "loss mask not known",
    fix: "look at the first rows of the run with `ft data preview --from-run`",
  },
  TOK005: {
    severity: "warning",
    title: "begins with two bos tokens",
    fix: "remove the token from the row's text: the tokenizer adds it",
  },
  TOK006: {
    severity: "error",
    title: "words of others are trained",
    fix: "end the template's generation block inside the assistant's turn, or choose another template",
  },
  TPL001: {
    severity: "error",
    title: "chat template refuses the row",
    fix: "change the row as the template asks, or choose another template",
  },
  TPL002: {
    severity: "warning",
    title: "template leaves out a part of the row",
    fix: "choose a template that keeps it (reasoning of earlier turns, tool calls), or one row for each turn to be learnt",
  },
  SEC001: {
    severity: "error",
    title: "control token in content",
    fix: "remove or rewrite it: the tokenizer reads it as structure, not as text",
  },
} satisfies Record<string, Rule>;

export type RuleId = keyof typeof table;
export const rules: Readonly<Record<RuleId, Rule>> = table;

/** A problem found in one row, before its place is known. */
export interface RowProblem {
  rule: RuleId;
  message: string;
  severity?: Severity;
  fix?: string;
}

/** Joins a problem, its rule and its place into the finding that is reported. */
export function toFinding(problem: RowProblem, place: RowPlace): Finding {
  const rule = rules[problem.rule];
  return {
    rule: problem.rule,
    severity: problem.severity ?? rule.severity,
    file: place.file,
    line: place.line,
    message: problem.message,
    fix: problem.fix ?? rule.fix,
  };
}
