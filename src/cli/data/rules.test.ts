// What the rules look like from outside: severities, baseline, benchmarks, SARIF and JUnit, explanations, and that nothing private is printed.
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Validator } from "@cfworker/json-schema";
import { beforeEach, expect, test } from "vitest";
import { runFt } from "../../../test/run-ft.js";
import { packageRoot } from "../../paths.js";

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "ft-data-rules-"));
});

const chat = (question: string, answer: string) =>
  JSON.stringify({
    messages: [
      { role: "user", content: question },
      { role: "assistant", content: answer },
    ],
  });
const write = (name: string, ...lines: string[]) => writeFile(join(cwd, name), `${lines.join("\n")}\n`);
const check = (...args: string[]) => runFt(["data", "check", ...args], { cwd });
const read = (name: string) => readFile(join(cwd, name), "utf8");
const twice = chat("Which plan is the cheapest?", "The basic one.");

test("--rule sets severities: a rule by its name, a family by a star; the longer name decides", async () => {
  await write("a.jsonl", twice, twice, chat("Who won?", "As an AI language model, I cannot know."));
  expect((await check("a.jsonl")).code).toBe(0);
  const strict = await check("a.jsonl", "--json", "--rule", "DUP001=error", "--rule", "qual*=off");
  expect(strict.code).toBe(4);
  expect(JSON.parse(strict.out)).toMatchObject({ ok: false, counts: { DUP001: 1 } });
  expect(JSON.parse(strict.out).counts).not.toHaveProperty("QUAL001");
  const both = await check("a.jsonl", "--json", "--rule", "QUAL*=off", "--rule", "QUAL001=error");
  expect(JSON.parse(both.out).counts).toHaveProperty("QUAL001");
});

test("a recipe sets severities and benchmarks; an unknown rule is refused with the nearest name", async () => {
  const recipe = (rules: string) =>
    `name: t\nmodel: {base: org/none}\nmethod: lora\ndata: {train: a.jsonl, eval_fraction: 0, rules: ${rules}, contamination: [bench.jsonl], contamination_ngram: 8}\n`;
  await write("a.jsonl", twice, twice);
  await write("bench.jsonl", JSON.stringify({ task: "which plan is the cheapest the basic one indeed" }));
  await write("ft.yaml", recipe("{DUP001: error, LEAK*: off}"));
  expect(JSON.parse((await check("--json")).out)).toMatchObject({ ok: false, counts: { DUP001: 1 } });
  await write("ft.yaml", recipe("{DUP01: error}"));
  const typo = await check();
  expect(typo.code).toBe(3);
  expect(typo.err).toContain("did you mean DUP001");
});

test("--against finds items of a benchmark; --ngram and --share tune it", async () => {
  const item = "Write a function that returns the sum of the squares of all odd numbers in a list";
  await write("bench.jsonl", JSON.stringify({ prompt: item, id: 1 }));
  await write(
    "a.jsonl",
    chat(`Please: ${item}, quickly.`, "def f(): ..."),
    chat("odd numbers in a list of plans", "no"),
  );
  const found = await check("a.jsonl", "--against", "bench.jsonl", "--json");
  expect(found.code).toBe(4);
  expect(JSON.parse(found.out).findings).toContainEqual(
    expect.objectContaining({ rule: "LEAK003", line: 1, message: expect.stringContaining("bench.jsonl:1") }),
  );
  await write("a.jsonl", chat("Write a function that returns the sum of the squares of all I own", "..."));
  expect((await check("a.jsonl", "--against", "bench.jsonl", "--ngram", "10")).code).toBe(4);
  expect((await check("a.jsonl", "--against", "bench.jsonl", "--ngram", "10", "--share", "0.9")).code).toBe(0);
  expect((await check("a.jsonl", "--against", "none.jsonl")).code).toBe(4);
  expect((await check("a.jsonl", "--ngram", "1")).code).toBe(2);
});

test("a benchmark of which nothing, or not everything, can be looked for does not pass in silence", async () => {
  const short = { question: "What is the capital of France?" };
  await write("a.jsonl", chat(short.question, "Paris."));
  await write("bench.jsonl", JSON.stringify(short), '{"question": 5}');
  const none = await check("a.jsonl", "--against", "bench.jsonl");
  expect(none.out).toMatch(/warning LEAK005 .*\n {2}bench\.jsonl:1 {2}no item of it is looked for/);
  await write(
    "bench.jsonl",
    JSON.stringify(short),
    '{"question": "Name the river that flows through the middle of Rome."}',
  );
  const some = await check("a.jsonl", "--against", "bench.jsonl");
  expect(some.out).toMatch(/info LEAK005 .*\n {2}bench\.jsonl:1 {2}1 of its 2 items are not looked for/);
});

test("a baseline keeps what is known quiet, also when lines move; what is new is told", async () => {
  const bad = JSON.stringify({ messages: [{ role: "robot", content: "hello" }] });
  const empty = chat("What?", " ");
  await write("a.jsonl", empty, bad);
  const written = await check("a.jsonl", "--baseline", "known.json", "--write-baseline");
  expect(written.code).toBe(0);
  await write("a.jsonl", twice, bad, empty);
  const quiet = await check("a.jsonl", "--baseline", "known.json");
  expect(quiet.code).toBe(0);
  expect(quiet.out).toContain("known findings of the baseline");
  await write("a.jsonl", empty, bad, chat("Why?", " "));
  const news = await check("a.jsonl", "--baseline", "known.json", "--json");
  expect(news.code).toBe(4);
  expect(JSON.parse(news.out)).toMatchObject({ counts: { SCH002: 1 }, findings: [{ rule: "SCH002", line: 3 }] });
  expect((await check("a.jsonl", "--baseline", "none.json")).code).toBe(2);
  expect((await check("a.jsonl", "--write-baseline")).code).toBe(2);
});

test("--sarif is SARIF 2.1.0 by OASIS' own schema, on stdout or in a file", async () => {
  await write("my data.jsonl", twice, twice, chat("What?", " "));
  const { out, code } = await check("my data.jsonl", "--sarif");
  expect(code).toBe(4);
  const schema = JSON.parse(await readFile(join(packageRoot, "test/fixtures/sarif/sarif-schema-2.1.0.json"), "utf8"));
  expect(new Validator(schema, "7", false).validate(JSON.parse(out)).errors).toEqual([]);
  const [run] = JSON.parse(out).runs;
  expect(run.results).toContainEqual(expect.objectContaining({ ruleId: "SCH002", level: "error" }));
  expect(run.results[0].locations[0].physicalLocation.artifactLocation.uri).toBe("my%20data.jsonl");
  const text = await check("my data.jsonl", "--sarif", "out.sarif");
  expect(text.out).toContain("3 rows in 1 file");
  expect(JSON.parse(await read("out.sarif"))).toEqual(JSON.parse(out));
  expect((await check("my data.jsonl", "--sarif", "--junit")).code).toBe(2);
});

test("--junit fails the case of each rule with an error, and is well-formed", async () => {
  await write("a.jsonl", twice, twice, chat("<What> & \u0000?", " "));
  const { out } = await check("a.jsonl", "--junit");
  expect(out).toMatch(/<testcase classname="a.jsonl" name="SCH002 [^>]*>\s*<failure/);
  expect(out).toMatch(/<testcase classname="a.jsonl" name="DUP001 [^>]*>\s*<system-out>a.jsonl:2/);
  expect(out).toMatch(/<testcase classname="a.jsonl" name="TOOL001 [^>]*\/>/);
  expect(out).not.toMatch(/&(?!amp;|lt;|gt;|quot;)/);
});

test("explain prints a rule's page, all rules without one, and the nearest name of a mistyped one", async () => {
  const page = await runFt(["data", "explain", "dup004"], { cwd });
  expect(page.out).toContain("### DUP004: one prompt with several answers");
  expect(page.out).toContain("--rule DUP004=off");
  const list = await runFt(["data", "explain"], { cwd });
  expect(list.out).toMatch(/SEC003 +error +private key/);
  const json = await runFt(["data", "explain", "SEC003", "--json"], { cwd });
  expect(JSON.parse(json.out)).toMatchObject({ rule: "SEC003", severity: "error", bad: { train: expect.any(Array) } });
  const typo = await runFt(["data", "explain", "QUL001"], { cwd });
  expect(typo.code).toBe(2);
  expect(typo.err).toContain("did you mean QUAL001");
});

test("personal data and secrets are in no output: text, JSON, SARIF, JUnit, baseline", async () => {
  const email = "anna.karlsen@nordlys-post.no";
  const token = ["ghp", "_", "x4Kq9TzLm2Vw8RbNc6Yd1Hf3Jg5Ps7Ua0EiO"].join("");
  const card = "4539 1488 0343 6467";
  const iban = "NO93 8601 1117 947";
  await write(
    "a.jsonl",
    chat("Who?", `${email}, ${card}, ${iban}, ${token}`),
    `{"messages": [{"role": "${email}", "content": "a"}]}`,
    `{"${token}": 1}`,
    `{"text": "${email}" "${card}"`,
  );
  const outputs = [
    (await check("a.jsonl")).out,
    (await check("a.jsonl", "--json")).out,
    (await check("a.jsonl", "--sarif")).out,
    (await check("a.jsonl", "--junit", "--baseline", "known.json", "--write-baseline")).out,
    await read("known.json"),
  ];
  for (const output of outputs) {
    for (const secret of [email, token, card, iban, "karlsen", "1488"]) expect(output).not.toContain(secret);
  }
  expect(outputs[0]).toContain("an***@***.no");
});

test("fix writes a copy that the check has nothing to say about", async () => {
  await write(
    "a.jsonl",
    twice,
    twice,
    chat("Where?", "At the cafÃ©\u0007, not\u200bhere."),
    chat("Who?", "anna.karlsen@nordlys-post.no"),
    '{"messages": [}',
  );
  const text = await runFt(["data", "fix", "a.jsonl", "--out", "fixed"], { cwd });
  expect(text.code).toBe(0);
  expect(text.out).toContain("a.jsonl -> ");
  expect(text.out).toMatch(/left +1 +FILE001/);
  const all = await runFt(["data", "fix", "a.jsonl", "--out", "all", "--mask-pii", "--drop", "--json"], { cwd });
  expect(JSON.parse(all.out)).toMatchObject({
    ok: true,
    fixed: { FILE008: 1, PII001: 1 },
    dropped: { DUP001: 1, FILE001: 1 },
  });
  expect(JSON.parse((await check("all/a.jsonl", "--json")).out).counts).toEqual({ TOK000: 1 });
  expect((await runFt(["data", "fix", "a.jsonl", "--out", "all"], { cwd })).code).toBe(2);
  const recipe = "name: t\nmodel: {base: org/none}\nmethod: lora\ndata: {train: a.jsonl, format: messages}\n";
  await write("ft.yaml", recipe);
  expect((await runFt(["data", "fix", "--recipe", "ft.yaml", "--out", "third"], { cwd })).code).toBe(0);
  expect((await runFt(["data", "fix", "a.jsonl", "--out", "fourth", "--format", "xml"], { cwd })).code).toBe(2);
});
