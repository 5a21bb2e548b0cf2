// `ft data check` as people and CI jobs call it: exit codes, JSON, and the text.
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { runFt } from "../../../test/run-ft.js";
import { checkText } from "./check-text.js";

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "ft-data-check-"));
  await writeFile(join(cwd, "good.jsonl"), '{"prompt": "q", "completion": "a"}\n{"prompt": "p", "completion": "b"}\n');
  const robots = Array.from({ length: 8 }, (_, at) => `{"messages": [{"role": "robot", "content": "${at}"}]}\n`);
  await writeFile(join(cwd, "bad.jsonl"), robots.join(""));
});

test("good data ends with 0 and a count", async () => {
  const { code, out } = await runFt(["data", "check", "good.jsonl"], { cwd });
  expect(code).toBe(0);
  expect(out).toContain("good.jsonl: prompt-completion");
  expect(out).toContain("2 rows in 1 file: 0 errors, 0 warnings");
});

test("bad data ends with 4, the first five places of each rule and how many there are", async () => {
  const { code, out } = await runFt(["data", "check", "bad.jsonl"], { cwd });
  expect(code).toBe(4);
  expect(out).toContain("error SCH001 unknown role (8)");
  expect(out).toContain('bad.jsonl:5  turn 1 has the role "robot"');
  expect(out).not.toContain("bad.jsonl:6");
  expect(out).toContain("... and 3 more");
  expect(out).toContain("next: ");
});

test("--json has every finding with rule, severity, file, line, message and fix", async () => {
  const { code, out } = await runFt(["data", "check", "good.jsonl", "bad.jsonl", "--json"], { cwd });
  expect(code).toBe(4);
  const report = JSON.parse(out);
  expect(report).toMatchObject({ ok: false, files: ["good.jsonl", "bad.jsonl"], rows: 10, counts: { SCH001: 8 } });
  expect(report.findings.at(-1)).toEqual({
    rule: "SCH001",
    severity: "error",
    file: "bad.jsonl",
    line: 8,
    message: 'turn 1 has the role "robot"',
    fix: expect.any(String),
    fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
});

test("a column's name does not act on the terminal, in a finding or in an error", async () => {
  const name = "\u001b[31mred\u202e";
  const rows = [{ prompt: "q", completion: "a" }, { prompt: "p", completion: "b", [name]: 1 }, { [name]: "c" }];
  await writeFile(join(cwd, "hostile.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  await writeFile(join(cwd, "hostile.csv"), `${name},${name}\n1,2\n`);
  const found = await runFt(["data", "check", "hostile.jsonl"], { cwd });
  const refused = await runFt(["data", "check", "hostile.csv"], { cwd });
  for (const text of [found.out, refused.err]) {
    expect(text).toContain("red⟨U+202E⟩");
    expect(text).not.toContain("\u001b");
  }
});

test("--objective says what the rows are for, and what they lack", async () => {
  await writeFile(join(cwd, "pairs.jsonl"), '{"prompt": "q", "chosen": "a", "rejected": "b"}\n');
  const plain = await runFt(["data", "check", "pairs.jsonl"], { cwd });
  expect(plain.code).toBe(0);
  expect(plain.out).toContain("pairs.jsonl: preference");
  expect(plain.out).toContain("1 preference pair, for objective dpo, orpo, simpo, cpo, reward, kto");
  const kto = await runFt(["data", "check", "pairs.jsonl", "--objective", "kto"], { cwd });
  expect(kto.out).toContain("objective kto: 2 labelled answers to train on");
  const dpo = await runFt(["data", "check", "good.jsonl", "--objective", "dpo"], { cwd });
  expect(dpo.code).toBe(4);
  expect(dpo.out).toContain("good.jsonl:1  objective dpo needs chosen and rejected; this row is a conversation");
});

test("on a terminal lines are broken between words", () => {
  const finding = {
    rule: "SCH002",
    severity: "error" as const,
    file: "a.jsonl",
    line: 1,
    message: "one two three four",
    fingerprint: "",
  };
  const none = { rows: 0, sha256: "", longestChars: 0, totalChars: 0, assistantTurns: 0, carries: [] };
  const kinds = { messages: 0, text: 0, preference: 0, unpaired: 0, prompt: 0, segments: 0, tokens: 0 };
  const facts = { train: { ...none, kinds }, eval: null };
  const report = {
    ok: false,
    files: ["a.jsonl"],
    rows: 1,
    findings: [finding],
    counts: {},
    known: 0,
    objective: null,
    formats: {},
    facts,
    sources: [],
  };
  expect(checkText(report, { color: false, width: 24 })).toContain("\n  a.jsonl:1  one two\n    three four\n");
});

test("the recipe's objective judges the recipe's files", async () => {
  const recipe = "name: t\nmodel: {base: org/not-here}\nmethod: lora\nobjective: dpo\ndata: {train: good.jsonl}\n";
  await writeFile(join(cwd, "ft.yaml"), recipe);
  const { code, out } = await runFt(["data", "check", "--json"], { cwd });
  expect(code).toBe(4);
  expect(JSON.parse(out)).toMatchObject({ ok: false, objective: "dpo", counts: { SCH015: 2 } });
});

test("--eval finds rows that are trained on", async () => {
  await writeFile(join(cwd, "held.jsonl"), '{"instruction": "P", "output": "b"}\n');
  const { code, out } = await runFt(["data", "check", "good.jsonl", "--eval", "held.jsonl"], { cwd });
  expect(code).toBe(4);
  expect(out).toContain("held.jsonl:1  also a training row: good.jsonl:2");
});

test("a recipe says what to check; the token rules say why they did not run", async () => {
  const recipe = "name: t\nmodel: {base: org/not-here}\nmethod: lora\ndata: {train: ../good.jsonl, eval_fraction: 0}\n";
  await mkdir(join(cwd, "project"));
  await writeFile(join(cwd, "project/ft.yaml"), recipe);
  const inside = await runFt(["data", "check", "--json"], { cwd: join(cwd, "project") });
  expect(inside.code).toBe(0);
  expect(JSON.parse(inside.out)).toMatchObject({ ok: true, files: ["../good.jsonl"], rows: 2 });
  const outside = await runFt(["data", "check", "--recipe", "project/ft.yaml"], { cwd });
  expect(outside.code).toBe(0);
  expect(outside.out).toContain("good.jsonl: prompt-completion");
  expect(outside.out).toContain("org/not-here");
});

test("--model judges length and mask by the model's tokenizer", async () => {
  const model = process.env.FT_TEST_MODEL;
  if (!model) throw new Error("FT_TEST_MODEL is not set: vitest's global set-up makes the model folder");
  await writeFile(join(cwd, "long.jsonl"), `{"prompt": "q", "completion": "${"word ".repeat(100)}"}\n`);
  const { code, out } = await runFt(["data", "check", "long.jsonl", "--model", model, "--max-length", "64"], { cwd });
  expect(code).toBe(0);
  expect(out).toContain("more than max_length 64");
  expect(out).toContain("cut before its end-of-turn token");
  expect(out).not.toContain("TOK000");
});

test("--columns and --roles name what the file calls otherwise", async () => {
  const rows = '{"chat": [{"who": "person", "says": "q"}, {"who": "bot", "says": "a"}], "text": "rendered"}\n';
  await writeFile(join(cwd, "named.jsonl"), rows);
  const columns = ["--columns", "messages=chat", "--columns", "role=who", "--columns", "content=says"];
  const roles = ["--roles", "person=user", "--roles", "bot=assistant"];
  const { code, out } = await runFt(["data", "check", ...columns, ...roles, "named.jsonl"], { cwd });
  expect(code).toBe(0);
  expect(out).toContain("named.jsonl: messages");
  const recipe = `name: t
model: {base: org/not-here}
method: lora
data:
  train: [{path: named.jsonl, columns: {messages: chat, role: who, content: says}, roles: {person: user, bot: assistant}}]
  eval_fraction: 0
`;
  await mkdir(join(cwd, "mapped"));
  await writeFile(join(cwd, "mapped/ft.yaml"), recipe.replace("named.jsonl", "../named.jsonl"));
  const inRecipe = await runFt(["data", "check", "--json"], { cwd: join(cwd, "mapped") });
  expect(JSON.parse(inRecipe.out)).toMatchObject({ ok: true, formats: { "../named.jsonl": "messages" } });
  await writeFile(join(cwd, "mapped/ft.yaml"), recipe.replace("messages: chat", "mesages: chat"));
  const mistaken = await runFt(["data", "check"], { cwd: join(cwd, "mapped") });
  expect(mistaken.code).toBe(3);
  expect(mistaken.err).toContain("did you mean messages?");
});

test("rows that two formats would train differently are asked about", async () => {
  const row = {
    messages: [
      { role: "user", content: "q" },
      { role: "assistant", content: "a" },
    ],
    text: "q a",
  };
  await writeFile(join(cwd, "both.jsonl"), `${JSON.stringify(row)}\n`);
  const asked = await runFt(["data", "check", "both.jsonl"], { cwd });
  expect(asked.code).toBe(4);
  expect(asked.err).toContain("--format messages or --format text");
  expect((await runFt(["data", "check", "both.jsonl", "--format", "text"], { cwd })).code).toBe(0);
});

const failures: { name: string; args: string[]; code: number; says: string }[] = [
  { name: "a missing file", args: ["none.jsonl"], code: 4, says: "none.jsonl does not exist" },
  { name: "nothing to check", args: [], code: 2, says: "no ft.yaml here" },
  { name: "an unknown format", args: ["good.jsonl", "--format", "xml"], code: 2, says: "sharegpt" },
  { name: "an unknown column", args: ["good.jsonl", "--columns", "promt=x"], code: 2, says: "did you mean prompt?" },
  { name: "a column that is no pair", args: ["good.jsonl", "--columns", "prompt"], code: 2, says: "prompt=question" },
  { name: "an unknown role", args: ["good.jsonl", "--roles", "bot=robot"], code: 2, says: "bot=assistant" },
  { name: "an unknown objective", args: ["good.jsonl", "--objective", "ppo"], code: 2, says: "use one of: sft, dpo" },
  { name: "a senseless length", args: ["good.jsonl", "--max-length", "many"], code: 2, says: "--max-length" },
  { name: "a model folder without tokenizer", args: ["good.jsonl", "--model", "."], code: 6, says: "tokenizer.json" },
];

test.each(failures)("$name ends with $code", async ({ args, code, says }) => {
  const result = await runFt(["data", "check", ...args], { cwd });
  expect(result.code).toBe(code);
  expect(result.err).toContain(says);
});

test("--as judges the mask of another engine: TRL appends the end of sequence to plain text, Unsloth does not", async () => {
  await writeFile(join(cwd, "texts.jsonl"), '{"text": "Plain text."}\n');
  const model = ["--model", process.env.FT_TEST_MODEL as string];
  const trl = await runFt(["data", "check", "texts.jsonl", ...model], { cwd });
  expect(trl.code, trl.out).toBe(0);
  const unsloth = await runFt(["data", "check", "texts.jsonl", ...model, "--as", "unsloth"], { cwd });
  expect(unsloth.code).toBe(4);
  expect(unsloth.out).toContain("TOK003");
  const other = await runFt(["data", "check", "texts.jsonl", ...model, "--as", "torchtune"], { cwd });
  expect(other.code).toBe(2);
  expect(other.err).toContain("trl, axolotl, unsloth");
});
