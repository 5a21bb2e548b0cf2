// Every data rule as one row: id, severity, what it looks for, why it matters, what to do. Findings are made only from these rows.
import type { Finding, RowPlace, Severity } from "./canonical.js";
import { sha256 } from "./canonical-key.js";
import { dupRules, leakRules } from "./rules/dup-rules.js";
import { fileRules } from "./rules/file-rules.js";
import { maskText } from "./rules/mask-text.js";
import { piiRules } from "./rules/pii-rules.js";
import { prefRules } from "./rules/pref-rules.js";
import { qualRules } from "./rules/qual-rules.js";
import type { Rule } from "./rules/rule.js";
import { schRules } from "./rules/sch-rules.js";
import { secRules } from "./rules/sec-rules.js";
import { tokRules, tplRules } from "./rules/tok-rules.js";
import { toolRules } from "./rules/tool-rules.js";

const table = {
  ...fileRules,
  ...schRules,
  ...toolRules,
  ...tplRules,
  ...tokRules,
  ...dupRules,
  ...leakRules,
  ...prefRules,
  ...qualRules,
  ...piiRules,
  ...secRules,
} satisfies Record<string, Rule>;

export type RuleId = keyof typeof table;
export const rules: Readonly<Record<RuleId, Rule>> = table;
export const ruleIds = Object.keys(table) as RuleId[];

/** What each family of rules is about, by the letters its ids begin with. */
export const families = {
  FILE: "bytes and characters of a file",
  SCH: "shape of rows: roles, order, types, columns",
  TOOL: "tool definitions and calls",
  TPL: "what the chat template makes of a row",
  TOK: "length, loss mask and end of turn",
  DUP: "rows that are there twice",
  LEAK: "rows that are both trained on and judged by",
  PREF: "pairs and labelled answers",
  QUAL: "answers that nobody wants",
  PII: "personal data",
  SEC: "secrets, and text that deceives",
} as const;

/** A problem found in one row, before its place is known. */
export interface RowProblem {
  rule: RuleId;
  message: string;
  severity?: Severity;
  fix?: string;
}

/**
 * Joins a problem, its rule and its place into the finding that is reported.
 * @param place `key` of the row (the first 16 hex digits of its sha256), where there is one; else file and message tell the finding from others
 */
export function toFinding(problem: RowProblem, place: RowPlace & { key?: string }): Finding {
  const rule = rules[problem.rule];
  const message = maskText(problem.message);
  return {
    rule: problem.rule,
    severity: problem.severity ?? rule.severity,
    file: place.file,
    line: place.line,
    message,
    fix: problem.fix ?? rule.fix,
    fingerprint: sha256(`${problem.rule} ${place.key ?? `${place.file} ${message}`}`)
      .subarray(0, 8)
      .toString("hex"),
  };
}
