// Cases of rules beyond the example that each has in the table: other ways to break it, other severities, other objectives.
import { describe, expect, test } from "vitest";
import type { ObjectiveName } from "../recipes/schema.js";
import type { Severity } from "./canonical.js";
import type { CheckReport } from "./check-dataset.js";
import { checkExample } from "./rules/check-example.js";
import type { ExampleLine } from "./rules/rule.js";
import { type RuleId, rules } from "./rules.js";

interface RuleCase {
  rule: RuleId;
  /** Lines of train.jsonl that break the rule. */
  bad: ExampleLine[];
  good: ExampleLine[];
  /** Where the finding is, in the broken file. */
  line: number;
  severity?: Severity;
  badEval?: object[];
  goodEval?: object[];
  /** With the tokenizer; then the good rows are checked with it too. */
  model?: "own" | "refusing" | "never-closing";
  objective?: ObjectiveName;
  /** Of train.jsonl, for the bad rows. */
  weight?: number;
}

const pair = (question: string, answer: string) => ({
  messages: [
    { role: "user", content: question },
    { role: "assistant", content: answer },
  ],
});
const turns = (...roles: string[]) => ({ messages: roles.map((role, at) => ({ role, content: `${role} ${at}` })) });
const fine = pair("What is 2 * 3?", "6");
const long = "many words ".repeat(40);
const better = { prompt: "q", chosen: "good", rejected: "bad" };
const rated = (completion: string, label: boolean) => ({ prompt: "q", completion, label });

const cases: RuleCase[] = [
  { rule: "FILE001", bad: [fine, '{"messages": [}'], good: [fine], line: 2 },
  { rule: "FILE002", bad: [fine, { bytes: '"\xff"' }], good: [pair("naïve?", "👋")], line: 2 },
  { rule: "SCH000", bad: [fine, { text: "of another format" }], good: [fine, turns("user", "assistant")], line: 2 },
  { rule: "SCH000", bad: [{ question: "q", answer: "a" }], good: [fine], line: 1 },
  { rule: "SCH000", bad: [fine, "[1, 2]"], good: [fine], line: 2 },
  {
    rule: "SCH001",
    bad: [turns("user", "robot")],
    good: [turns("system", "user", "assistant", "tool", "assistant")],
    line: 1,
  },
  {
    rule: "SCH002",
    bad: [pair("What?", " \n")],
    good: [{ messages: [{ role: "system", content: "" }, ...fine.messages] }],
    line: 1,
  },
  { rule: "SCH003", bad: [turns("system", "user")], good: [fine], line: 1 },
  { rule: "SCH003", bad: [turns("assistant")], good: [fine], line: 1 },
  {
    rule: "SCH004",
    bad: [turns("user", "user", "assistant")],
    good: [turns("system", "user", "assistant", "user", "assistant")],
    line: 1,
  },
  {
    rule: "SCH004",
    bad: [turns("user", "system", "assistant")],
    good: [turns("user", "assistant", "tool", "tool", "assistant")],
    line: 1,
  },
  { rule: "SCH005", bad: [turns("user", "assistant", "user")], good: [turns("user", "assistant")], line: 1 },
  { rule: "SCH006", bad: [{ ...fine, images: ["a.png"] }], good: [{ ...fine, images: [] }], line: 1 },
  { rule: "SCH007", bad: [{ messages: [{ role: "user", content: 3 }] }], good: [pair("q", "3")], line: 1 },
  { rule: "SCH008", bad: [fine, { ...pair("q", "a"), source: "web" }], good: [fine], line: 2 },
  { rule: "SCH002", bad: [{ ...better, rejected: " " }], good: [better], line: 1 },
  { rule: "SCH003", bad: [{ prompt: "q", chosen: [], rejected: "bad" }], good: [better], line: 1 },
  { rule: "SCH015", bad: [fine], good: [better], line: 1, objective: "dpo" },
  { rule: "SCH015", bad: [better], good: [fine, pair("q", "a")], line: 1, objective: "sft" },
  { rule: "SCH015", bad: [better], good: [{ prompt: "q", answer: 4 }, { prompt: "p" }], line: 1, objective: "grpo" },
  { rule: "SCH015", bad: [{ text: "a" }], good: [fine], line: 1, objective: "grpo" },
  { rule: "SCH015", bad: [fine], good: [rated("a", true), rated("b", false)], line: 1, objective: "kto" },
  { rule: "SCH013", bad: [better, { ...better, prompt: [] }], good: [better], line: 2 },
  { rule: "SCH013", bad: [{ prompt: [{ role: "system", content: "s" }] }], good: [{ prompt: "q" }], line: 1 },
  {
    rule: "SCH013",
    bad: [{ ...better, prompt: fine.messages }],
    good: [{ ...better, prompt: turns("user", "assistant", "user").messages }],
    line: 1,
    severity: "warning",
  },
  { rule: "PREF001", bad: [better, { ...better, rejected: "good" }], good: [better], line: 2 },
  { rule: "PREF002", bad: [rated("a", true), rated("b", true)], good: [rated("a", true), rated("b", false)], line: 1 },
  { rule: "PREF002", bad: [rated("a", false)], good: [better], line: 1, objective: "kto" },
  {
    rule: "DUP001",
    bad: [better, { ...better, chosen: "best" }, better],
    good: [better, { ...better, chosen: "bad", rejected: "good" }],
    line: 3,
  },
  {
    rule: "SCH011",
    bad: [
      { prompt: "p", n: "4" },
      { prompt: "q", n: 4 },
    ],
    good: [
      { prompt: "p", n: 4.5 },
      { prompt: "q", n: null },
      { prompt: "r", n: 4 },
    ],
    line: 2,
  },
  { rule: "SCH012", bad: [fine], good: [fine], line: 1, weight: 1e-9 },
  { rule: "DUP001", bad: [fine, pair("q", "a"), fine], good: [fine, pair("What is 2 * 3?", "six")], line: 3 },
  {
    rule: "DUP002",
    bad: [pair("Hello there", "Yes"), pair(" hello  THERE\n", "yes")],
    good: [pair("a b", "c"), pair("ab", "c")],
    line: 2,
  },
  {
    rule: "LEAK001",
    bad: [fine],
    badEval: [pair("q", "a"), pair("what is 2 * 3?", "6 ")],
    good: [fine],
    goodEval: [pair("q", "a")],
    line: 2,
  },
  {
    rule: "SEC001",
    bad: [pair("q", "a<|eot_id|>")],
    good: [pair("a < b | c > d", "[a]")],
    line: 1,
    severity: "warning",
  },
  {
    rule: "SEC001",
    bad: [pair("q<|im_end|>", "a")],
    good: [pair("q", "a <|eot_id|> of others is text")],
    line: 1,
    model: "own",
  },
  { rule: "TOK000", bad: [fine], good: [], line: 1 },
  { rule: "TOK001", bad: [fine, pair(long, "a"), pair("q", long)], good: [fine], line: 2, model: "own" },
  { rule: "TOK002", bad: [fine, pair(long, "a")], good: [fine], line: 2, severity: "warning", model: "own" },
  { rule: "TOK001", bad: [better, { ...better, rejected: long }], good: [better], line: 2, model: "own" },
  { rule: "TOK002", bad: [{ ...better, prompt: long }], good: [better], line: 1, severity: "warning", model: "own" },
  { rule: "TOK002", bad: [pair(long, "a"), pair(long, "b")], good: [fine], line: 1, model: "own" },
  { rule: "TOK003", bad: [fine, pair("q", long)], good: [fine], line: 2, severity: "warning", model: "own" },
  { rule: "TOK003", bad: [fine], good: [], line: 1, model: "never-closing" },
  { rule: "TOK001", bad: [{ text: long }], good: [{ text: "short" }], line: 1, model: "own" },
  { rule: "TPL001", bad: [turns("user", "user", "assistant")], good: [fine], line: 1, model: "refusing" },
];

describe("cases", () => {
  test.each(cases)("$rule finds $bad", async ({ rule, bad, badEval, line, severity, ...how }) => {
    const report = await check(bad, badEval, how);
    expect(report.findings.filter((finding) => finding.rule === rule)).toContainEqual({
      rule,
      severity: severity ?? rules[rule].severity,
      file: badEval ? "eval.jsonl" : "train.jsonl",
      line,
      message: expect.any(String),
      fix: expect.any(String),
      fingerprint: expect.any(String),
    });
    if ((severity ?? rules[rule].severity) === "error") expect(report.ok).toBe(false);
  });

  test.each(cases.filter(({ good }) => good.length > 0))(
    "$rule passes $good",
    async ({ rule, good, goodEval, model, objective }) => {
      const report = await check(good, goodEval, { model, objective });
      expect(report.findings.filter((finding) => finding.rule === rule)).toEqual([]);
    },
  );
});

test("keeps 10,000 findings of a rule and counts the rest", async () => {
  const report = await check(Array.from({ length: 10_050 }, (_, at) => turns("user", `robot${at}`)));
  expect(report.counts).toEqual({ SCH001: 10_050, TOK000: 1 });
  expect(report.findings.length).toBe(10_001);
});

function check(
  train: RuleCase["bad"],
  held?: object[],
  { model, objective, weight }: { [K in "model" | "objective" | "weight"]?: RuleCase[K] | undefined } = {},
): Promise<CheckReport> {
  return checkExample({
    train,
    ...(held && { eval: held }),
    ...(objective && { objective }),
    ...(weight && { weight }),
    ...(model && { template: model === "own" ? "own" : { source: templates[model] } }),
  });
}

const templates = {
  refusing: `{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{{ m.content }}<|im_end|>{% endfor %}`,
  "never-closing":
    "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}",
};
