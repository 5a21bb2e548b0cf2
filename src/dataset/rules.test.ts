// Every rule of the table: a row that breaks it and a row that does not, through the whole check.
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableFromArrays, tableToIPC } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { readTemplate } from "../models/template.js";
import type { ColumnMap } from "../recipes/schema/columns.js";
import type { ObjectiveName } from "../recipes/schema.js";
import type { Severity } from "./canonical.js";
import { type CheckModel, type CheckReport, checkDataset } from "./check-dataset.js";
import type { MaskEngine } from "./masks/mask-model.js";
import { type RuleId, rules } from "./rules.js";

interface RuleCase {
  rule: RuleId;
  /** Default: train.jsonl. */
  file?: string;
  /** Lines of the file that break the rule. */
  bad: (object | string | Buffer)[];
  good: (object | string | Buffer)[];
  /** Where the finding is, in the broken file. */
  line: number;
  severity?: Severity;
  badEval?: object[];
  goodEval?: object[];
  /** With the tokenizer; then the good rows are checked with it too. */
  model?: "own" | "refusing" | "never-closing" | "no-system" | "marking-all";
  /** Whose mask; trl's when left out. */
  engine?: MaskEngine;
  objective?: ObjectiveName;
  /** Of train.jsonl, for the bad rows. */
  weight?: number;
  columns?: ColumnMap["columns"];
}

const pair = (question: string, answer: string) => ({
  messages: [
    { role: "user", content: question },
    { role: "assistant", content: answer },
  ],
});
const weighing = (weight: number) => ({
  messages: [
    { role: "user", content: "q" },
    { role: "assistant", content: "a", weight },
  ],
});
const turns = (...roles: string[]) => ({ messages: roles.map((role, at) => ({ role, content: `${role} ${at}` })) });
const fine = pair("What is 2 * 3?", "6");
const long = "many words ".repeat(40);
const better = { prompt: "q", chosen: "good", rejected: "bad" };
const rated = (completion: string, label: boolean) => ({ prompt: "q", completion, label });

const cases: RuleCase[] = [
  { rule: "FILE001", bad: [fine, '{"messages": [}'], good: [fine], line: 2 },
  { rule: "FILE002", bad: [fine, Buffer.from([0x22, 0xff, 0x22])], good: [pair("naïve?", "👋")], line: 2 },
  { rule: "FILE010", file: "train.csv", bad: ["text,n", "a,1", "b,2,3"], good: ["text,n", 'a,"1,2"'], line: 3 },
  { rule: "FILE011", file: "train.arrow", bad: [arrow("a", Number.NaN)], good: [arrow("a", 1)], line: 1 },
  { rule: "FILE003", bad: [fine, '{"text": "a", "text": "b"}'], good: [fine], line: 2 },
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
  {
    rule: "SCH009",
    bad: [weighing(0.5)],
    good: [weighing(1), { messages: [...weighing(0).messages, ...fine.messages] }],
    line: 1,
  },
  { rule: "SCH010", bad: [{ ask: "q", output: "a" }], good: [{ asked: "q", output: "a" }], line: 1, columns: { instruction: "asked" } },
  { rule: "SCH002", bad: [{ ...better, rejected: " " }], good: [better], line: 1 },
  { rule: "SCH003", bad: [{ prompt: "q", chosen: [], rejected: "bad" }], good: [better], line: 1 },
  { rule: "OBJ001", bad: [fine], good: [better], line: 1, objective: "dpo" },
  { rule: "OBJ001", bad: [better], good: [fine, pair("q", "a")], line: 1, objective: "sft" },
  { rule: "OBJ001", bad: [better], good: [{ prompt: "q", answer: 4 }, { prompt: "p" }], line: 1, objective: "grpo" },
  { rule: "OBJ001", bad: [{ text: "a" }], good: [fine], line: 1, objective: "grpo" },
  { rule: "OBJ001", bad: [fine], good: [rated("a", true), rated("b", false)], line: 1, objective: "kto" },
  { rule: "PRM001", bad: [better, { ...better, prompt: [] }], good: [better], line: 2 },
  { rule: "PRM001", bad: [{ prompt: [{ role: "system", content: "s" }] }], good: [{ prompt: "q" }], line: 1 },
  {
    rule: "PRM001",
    bad: [{ ...better, prompt: fine.messages }],
    good: [{ ...better, prompt: turns("user", "assistant", "user").messages }],
    line: 1,
    severity: "warning",
  },
  { rule: "PRF001", bad: [better, { ...better, rejected: "good" }], good: [better], line: 2 },
  { rule: "KTO001", bad: [rated("a", true), rated("b", true)], good: [rated("a", true), rated("b", false)], line: 1 },
  { rule: "KTO001", bad: [rated("a", false)], good: [better], line: 1, objective: "kto" },
  {
    rule: "DUP001",
    bad: [better, { ...better, chosen: "best" }, better],
    good: [better, { ...better, chosen: "bad", rejected: "good" }],
    line: 3,
  },
  {
    rule: "COL001",
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
  { rule: "MIX001", bad: [fine], good: [fine], line: 1, weight: 1e-9 },
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
  { rule: "TOK004", bad: [{ text: "t" }], good: [fine], line: 1, model: "own", engine: "unsloth-responses" },
  { rule: "TOK005", bad: [pair("<|im_start|>q", "a")], good: [fine], line: 1, model: "no-system" },
  { rule: "TOK006", bad: [turns("assistant", "user")], good: [], line: 1, model: "marking-all" },
  { rule: "TPL001", bad: [turns("user", "user", "assistant")], good: [fine], line: 1, model: "refusing" },
  { rule: "TPL002", bad: [turns("system", "user", "assistant")], good: [fine], line: 1, model: "no-system" },
];

describe("every rule", () => {
  test("has a case", () => {
    expect(new Set(cases.map(({ rule }) => rule))).toEqual(new Set(Object.keys(rules)));
  });

  test.each(cases)("$rule finds $bad", async ({ rule, bad, badEval, line, severity, ...how }) => {
    const report = await check(bad, badEval, how);
    expect(report.findings.filter((finding) => finding.rule === rule)).toContainEqual({
      rule,
      severity: severity ?? rules[rule].severity,
      file: badEval ? "eval.jsonl" : (how.file ?? "train.jsonl"),
      line,
      message: expect.any(String),
      fix: expect.any(String),
    });
    if ((severity ?? rules[rule].severity) === "error") expect(report.ok).toBe(false);
  });

  test.each(cases.filter(({ good }) => good.length > 0))(
    "$rule passes $good",
    async ({ rule, file, good, goodEval, model, objective, engine, columns }) => {
      const report = await check(good, goodEval, { file, model, objective, engine, columns });
      expect(report.findings.filter((finding) => finding.rule === rule)).toEqual([]);
    },
  );
});

test("keeps 10,000 findings of a rule and counts the rest", async () => {
  const report = await check(Array.from({ length: 10_050 }, (_, at) => turns("user", `robot${at}`)));
  expect(report.counts).toEqual({ SCH001: 10_050, TOK000: 1 });
  expect(report.findings.length).toBe(10_001);
});

async function check(
  train: RuleCase["bad"],
  held?: object[],
  {
    file = "train.jsonl",
    model,
    objective,
    columns,
    weight = 1,
    engine = "trl",
  }: { [K in "file" | "model" | "objective" | "columns" | "weight" | "engine"]?: RuleCase[K] | undefined } = {},
): Promise<CheckReport> {
  const dir = await mkdtemp(join(tmpdir(), "ft-rules-"));
  await writeFile(join(dir, file), lines(train));
  if (held) await writeFile(join(dir, "eval.jsonl"), lines(held));
  return checkDataset({
    dir,
    train: [{ path: file, format: "auto", weight, ...(columns && { columns }) }],
    ...(held && { eval: ["eval.jsonl"] }),
    format: "auto",
    seed: 0,
    ...(objective && { objective }),
    model: model ? await testModel(model, engine) : null,
  });
}

function lines(rows: RuleCase["bad"]): Buffer {
  const bytes = (row: object | string | Buffer) => {
    if (Buffer.isBuffer(row)) return row;
    return Buffer.from(typeof row === "string" ? row : JSON.stringify(row));
  };
  // A single buffer is a whole file.
  if (rows.length === 1 && Buffer.isBuffer(rows[0])) return rows[0];
  return Buffer.concat(rows.flatMap((row) => [bytes(row), Buffer.from("\n")]));
}

function arrow(text: string, number: number): Buffer {
  return Buffer.from(tableToIPC(tableFromArrays({ text: [text], number: Float64Array.of(number) }), "stream"));
}

async function testModel(kind: NonNullable<RuleCase["model"]>, engine: MaskEngine): Promise<CheckModel> {
  const dir = process.env.FT_TEST_MODEL;
  if (!dir) throw new Error("FT_TEST_MODEL is not set: vitest's global set-up makes the model folder");
  const own = readTemplate("auto", { dir: dir, cwd: dir });
  const source = {
    own: own?.source ?? "",
    refusing: `{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{{ m.content }}<|im_end|>{% endfor %}`,
    "never-closing":
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}",
    "no-system": "{{ bos_token }}{% for m in messages if m.role != 'system' %}{{ m.content }}<|im_end|>{% endfor %}",
    "marking-all":
      "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}<|im_end|>{% endgeneration %}{% else %}{% generation %}{{ m.content }}{% endgeneration %}{% endif %}{% endfor %}",
  }[kind];
  const template = { source, sha256: "", origin: "test", hasGenerationMarkers: source.includes("{% generation %}") };
  return { dir, template, maxLength: 64, trainOn: "assistant", engine };
}
