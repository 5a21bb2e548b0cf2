// What is wrong with the results of promptfoo and Inspect is told, and nothing of them is taken then; and which files decide them.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { filesBehind } from "./files-behind.js";
import { readInspect } from "./inspect-results.js";
import { readPromptfoo } from "./promptfoo-results.js";

const result = (more = {}) => ({
  ...{ testIdx: 0, promptIdx: 0, prompt: { raw: "hi" }, provider: { id: "p", label: "m" }, testCase: { vars: {} } },
  ...{ success: true, score: 1, failureReason: 0, response: { output: "yes" } },
  ...more,
});
const promptfoo = (results: unknown[], stats = { successes: results.length, failures: 0, errors: 0 }) =>
  readPromptfoo(JSON.stringify({ results: { results, stats } }), { label: "m", slices: [] });

it.each([
  ["no tests", promptfoo([]), "no tests"],
  [
    "fewer than it counts",
    promptfoo([result()], { successes: 2, failures: 1, errors: 0 }),
    "counts 3 results and wrote 1",
  ],
  ["another provider", promptfoo([result({ provider: { id: "openai:gpt-4o" } })]), "test 1 asked openai:gpt-4o"],
  ["a score that is none", promptfoo([result({ score: null })]), "cannot be read"],
  ["a cut file", readPromptfoo('{"results": {', { label: "m", slices: [] }), "cannot be read"],
])("takes nothing from promptfoo's results with %s", (_, read, problem) => {
  expect(read).toEqual({ problem: expect.stringContaining(problem) });
});

it("keeps the error of a promptfoo test that could not be carried out, and of one without an answer", () => {
  const failed = result({ failureReason: 2, success: false, score: 0, error: "API error: 500\nbody" });
  const read = promptfoo([result({ testIdx: 1, response: {} }), failed]) as { items: unknown[] };
  expect(read.items).toMatchObject([
    { item: "1", error: "API error: 500", scores: { pass: null, score: null } },
    { item: "2", error: "no answer was generated", scores: { pass: null, score: null } },
  ]);
});

const sample = (more = {}) => ({
  ...{ id: 1, epoch: 1, input: "hi", target: "yes", output: { completion: "yes" }, scores: { match: { value: "C" } } },
  ...more,
});
const log = (samples: unknown[], more = {}) =>
  JSON.stringify({
    ...{ status: "success", eval: { task: "t", model: "m" }, results: { total_samples: samples.length }, samples },
    ...more,
  });
const inspect = (...logs: string[]) => readInspect(logs, { model: "m", slices: [] });

it.each([
  ["no log", inspect(), "no log"],
  [
    "an error",
    inspect(log([sample()], { status: "error", error: { message: "no disk" } })),
    "ended with status error: no disk",
  ],
  ["a stop half-way", inspect(log([sample()], { status: "cancelled" })), "ended with status cancelled"],
  [
    "fewer samples than it has",
    inspect(log([sample()], { results: { total_samples: 3 } })),
    "has 3 samples, and its log 1",
  ],
  ["another model", inspect(log([sample()], { eval: { task: "t", model: "gpt" } })), "asked gpt"],
  ["one good log and a broken one", inspect(log([sample()]), "{"), "cannot be read"],
])("takes nothing from Inspect's logs with %s", (_, read, problem) => {
  expect(read).toEqual({ problem: expect.stringContaining(problem) });
});

it("reads Inspect's kinds of values, and names a sample that has none", () => {
  const values = ["C", "I", "P", true, 0.25, { a: 1, b: "P" }, "maybe", null];
  const samples = values.map((value, id) => sample({ id, scores: { s: { value } } }));
  const { items } = inspect(log([...samples, sample({ id: 8, scores: {} })])) as {
    items: { scores: object; error: string | null }[];
  };
  const none = { s: null, "s/a": null, "s/b": null };
  expect(items.map(({ scores, error }) => error ?? scores)).toEqual([
    ...[1, 0, 0.5, 1, 0.25].map((s) => ({ ...none, s })),
    { ...none, "s/a": 1, "s/b": 0.5 },
    ...["s gave maybe, which is no number", "s gave (none), which is no number", "it has no score"],
  ]);
});

it("finds the files that a config names: by file://, path, pattern, function, module, and in those in turn", async () => {
  const dir = mkdtempSync(join(tmpdir(), "ft-behind-"));
  mkdirSync(join(dir, "parts"));
  const files = {
    "c.yaml":
      "prompts: [file://a.txt, 'with space.txt']\ntests: file://parts/*.yaml\nassert: {type: python, value: file://judge.py:score}\n",
    "a.txt": "{{x}}",
    "with space.txt": "y",
    "parts/one.yaml": "vars: { x: file://rows.csv }",
    "parts/rows.csv": "x\n1\n",
    "judge.py": "from helper import near\nimport os\n",
    "helper.py": "",
    "not-named.py": "",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const found = await filesBehind(join(dir, "c.yaml"), "s");
  const named = Object.keys(files).filter((name) => name !== "not-named.py");
  expect(found.map(([name]) => name).sort()).toEqual(named.sort());
  await expect(filesBehind(join(dir, "none.yaml"), "s")).rejects.toMatchObject({
    code: "eval.suite-file",
    exit: "data",
  });
});
