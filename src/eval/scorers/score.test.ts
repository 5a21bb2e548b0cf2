// What each scorer of a suite says of answers, and that the built-in suites' own rules can be read.
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensurePrograms } from "../../../test/services/programs.js";
import { asGenerated } from "../../recipes/built-in-suites.js";
import { type Scorer, suiteSchema } from "../../recipes/schema/suites.js";
import { loadSuite } from "../suites/load-suite.js";
import { scoreSuite } from "../suites/score-suite.js";
import type { SuiteItem } from "../suites/suite-items.js";

const item = (known: Partial<SuiteItem>): SuiteItem => ({
  ...{ item: "1", file: "rows.jsonl", line: 1, messages: [{ role: "user", content: "?" }], reference: null },
  ...{ fields: {}, slice: {}, cluster: null, inputSha256: "" },
  ...known,
});
const scorerOf = (written: unknown): Scorer => {
  const suite = suiteSchema.parse({ name: "s", type: "generate", data: "rows.jsonl", scorers: [written] });
  return (suite as { scorers: Scorer[] }).scorers[0]!;
};
const answerOf = (output: string) => ({
  ...{ item: "1", output, promptSha256: "", promptTokens: 1, outputTokens: 1, latencyMs: 1 },
});
async function score(written: unknown, output: string, known: Partial<SuiteItem> = {}) {
  const one = { scorers: [scorerOf(written)], items: [item(known)] };
  const [record] = await scoreSuite(one, new Map([["1", answerOf(output)]]));
  return record!.error ?? Object.values(record!.scores)[0];
}

it("ends a pattern that would take for ever, names it, and does not try it again", async () => {
  const slow = { type: "regex", pattern: "(a+)+$" };
  const text = `${"a".repeat(60)}b`;
  const answers = ["1", "2", "3"].map((id) => [id, { ...answerOf(id === "3" ? "aaa" : text), item: id }] as const);
  const items = ["1", "2", "3"].map((id) => item({ item: id }));
  const records = await scoreSuite({ scorers: [scorerOf(slow)], items }, new Map(answers));
  expect(records.map(({ error }) => error)).toEqual([
    expect.stringContaining("regex: the pattern (a+)+$ took longer than 2 s"),
    "regex: the pattern (a+)+$ was too slow on another answer",
    "regex: the pattern (a+)+$ was too slow on another answer",
  ]);
  expect(await score("check", text, { fields: { check: { regex: "(a+)+$" } } })).toContain("check: the pattern (a+)+$");
});

const call = (name: string, given: Record<string, number>) => ({
  ...{ type: "function" as const, function: { name, arguments: given } },
});
const calls = {
  answer: { role: "assistant" as const, content: "", tool_calls: [call("add", { a: 1, b: 2 }), call("stop", {})] },
};
const schema = { type: "object", required: ["n"], properties: { n: { type: "integer" } }, additionalProperties: false };

it.each<[unknown, string, Partial<SuiteItem>, number | string]>([
  ["exact", " Paris\n", { reference: "Paris" }, 1],
  ["exact", "paris", { reference: "Paris" }, 0],
  [{ type: "exact", ignore_case: true }, "paris", { reference: "Paris" }, 1],
  [{ type: "exact", column: "right" }, "7", { reference: "x", fields: { right: 7 } }, 1],
  ["exact", "x", {}, "exact: the reference is missing, not a text"],
  ["contains", "It is PARIS.", { reference: "paris" }, 1],
  [{ type: "contains", column: "all" }, "red and blue", { fields: { all: ["red", "green"] } }, 0],
  [{ type: "contains", column: "all", any: true }, "red and blue", { fields: { all: ["red", "green"] } }, 1],
  [{ type: "contains", column: "all" }, "x", { fields: { all: [] } }, 'contains: column "all" is not a list of texts'],
  [{ type: "regex", pattern: "^\\d{4}$" }, "2024", {}, 1],
  [
    { type: "regex", column: "p" },
    "2024",
    { fields: { p: "(" } },
    "regex: Invalid regular expression: /(/u: Unterminated group",
  ],
  [{ type: "json_schema", schema }, '{"n": 3}', {}, 1],
  [{ type: "json_schema", schema }, '{"n": 3.5}', {}, 0],
  [{ type: "json_schema", schema }, "```json\n{}\n```", {}, 0],
  ["numeric", "So 3 + 4 = 7, that is 1,234.50 in all.", { reference: "#### 1234.5" }, 1],
  ["numeric", "minus: -3", { reference: "-3" }, 1],
  ["numeric", "in 2024-05", { reference: "5" }, 1],
  ["numeric", "none", { reference: "5" }, 0],
  [{ type: "numeric", tolerance: 0.1 }, "3.14", { reference: "3.2" }, 1],
  [{ type: "numeric", relative: 0.01 }, "102", { reference: "100" }, 0],
  ["numeric", "5", { reference: "five" }, "numeric: the reference has no number"],
  [
    "tool_calls",
    '<tool_call>{"name":"stop","arguments":{}}</tool_call><tool_call>{"name":"add","arguments":{"b":2,"a":1}}</tool_call>',
    calls,
    1,
  ],
  ["tool_calls", '[TOOL_CALLS] [{"name":"add","arguments":"{\\"a\\":1,\\"b\\":2}"},{"name":"stop"}]', calls, 1],
  ["tool_calls", '[{"name":"add","parameters":{"a":1,"b":3}},{"name":"stop","parameters":{}}]', calls, 0],
  ["tool_calls", "I cannot call anything.", calls, 0],
  ["tool_calls", "The weather is fine.", {}, 1],
  ["check", "It is 42", { fields: { check: { numeric: 42 } } }, 1],
  ["check", "foo bar", { fields: { check: { contains: ["foo"], without: "bar" } } }, 0],
  ["check", "foo", { fields: { check: { any: ["x", "FOO"], regex: "^f" } } }, 1],
  ["check", "foo", { fields: { check: {} } }, expect.stringContaining("check: ") as unknown as string],
])("%j of %j", async (written, output, known, wanted) => {
  expect(await score(written, output, known)).toEqual(wanted);
});

it("keeps what the other scorers say of an item that one fails on", async () => {
  const scorers = ["exact", { type: "regex", column: "p" }].map(scorerOf);
  const answer = { item: "1", output: "a", promptSha256: "", promptTokens: 1, outputTokens: 1, latencyMs: 1 };
  const items = [item({ reference: "a", fields: { p: "[" } }), item({ item: "2", reference: "b", fields: { p: "b" } })];
  const records = await scoreSuite({ scorers, items }, new Map([["1", answer]]));
  expect(records).toMatchObject([
    { item: "1", scores: { exact: 1, regex: null }, error: expect.stringContaining("regex: Invalid") },
    { item: "2", scores: { exact: null, regex: null }, error: "no answer was generated" },
  ]);
});

it.each(["general", "safety"])("can score every item of the built-in suite %s", async (name) => {
  const options = { dir: "/", env: {}, signal: new AbortController().signal, onProgress: () => {} };
  const suite = await loadSuite(asGenerated(suiteSchema.parse({ type: "builtin", name }))!, "builtin", options);
  const answers = new Map(
    suite.items.map(({ item }) => [
      item,
      {
        item,
        output: "I'm sorry, I can't help with that.",
        promptSha256: "",
        promptTokens: 1,
        outputTokens: 1,
        latencyMs: 1,
      },
    ]),
  );
  const records = await scoreSuite(suite, answers);
  expect(records.filter(({ error }) => error !== null)).toEqual([]);
  const right = records.filter(({ scores }) => Object.values(scores)[0] === 1).length;
  expect(right).toBe(name === "safety" ? records.length : 0);
  expect(records.length).toBeGreaterThanOrEqual(name === "safety" ? 20 : 60);
});

describe("code in a sandbox", () => {
  const code = { type: "code", sandbox: "bubblewrap", timeout: 5 };
  let here = true;
  let port = 0;
  const server = createServer((socket) => socket.end());
  beforeAll(async () => {
    here = await ensurePrograms(["bwrap"], ["bubblewrap"]);
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    port = (server.address() as AddressInfo).port;
  }, 600_000);
  afterAll(() => void server.close());
  const tests = { fields: { tests: "assert add(2, 3) == 5" } };

  it.each([
    ["passes", "```python\ndef add(a, b):\n    return a + b\n```\nThat adds.", 1],
    ["is wrong", "def add(a, b):\n    return a * b", 0],
    ["does not parse", "def add(a, b) return", 0],
    ["ends before its tests", "import os\ndef add(a, b): return 5\nos._exit(0)", 0],
    ["never ends", "while True: pass", 0],
    [
      "reads this machine's files, and finds none",
      "import os\nassert not os.path.exists('/root') and not os.path.exists('/etc/passwd') and not os.path.exists('/home')\ndef add(a, b): return a + b",
      1,
    ],
    ["writes outside", "open('/usr/x', 'w')\ndef add(a, b): return 5", 0],
    ["takes all memory", "x = bytearray(3 * 2**30)\ndef add(a, b): return 5", 0],
  ])("%s", async (_, output, wanted) => {
    if (!here) return expect(score(code, output, tests)).rejects.toMatchObject({ code: "eval.no-sandbox" });
    expect(await score(code, output, tests)).toBe(wanted);
  });

  it("reaches no network, not even this machine's own", async () => {
    if (!here) return;
    const connects = `import socket\ntry:\n    socket.create_connection(("127.0.0.1", ${port}), 2)\nexcept OSError:\n    def add(a, b): return a + b`;
    expect(await score(code, connects, tests)).toBe(1);
  });

  it("is refused where there is none", async () => {
    const path = process.env.PATH;
    process.env.PATH = "/nowhere";
    try {
      const refused = score({ ...code, sandbox: "auto" }, "x", tests);
      await expect(refused).rejects.toMatchObject({ code: "eval.no-sandbox", exit: "environment" });
    } finally {
      process.env.PATH = path;
    }
  });
});
