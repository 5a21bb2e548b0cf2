// One pass over real files: what the statistics say of them.
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { collectStats } from "./collect-stats.js";

async function statsOf(files: Record<string, object[]>) {
  const dir = await mkdtemp(join(tmpdir(), "ft-stats-"));
  for (const [name, rows] of Object.entries(files)) {
    await writeFile(join(dir, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  }
  const train = Object.keys(files).map((path) => ({ path, format: "auto" as const, weight: 1 }));
  return (await collectStats({ dir, train, format: "auto", seed: 0, model: null })).result();
}

const chat = (system: string, user: string, assistant: string) => ({
  messages: [
    { role: "system", content: system },
    { role: "user", content: user },
    { role: "assistant", content: assistant },
  ],
});

test("rows, roles, turns, copies and system prompts are counted over all files; each file has its own line", async () => {
  const stats = await statsOf({
    "a.jsonl": [chat("Be brief.", "one?", "1"), chat("Be brief.", "one?", "1"), chat("Be  BRIEF.", "one?", "1")],
    "b.jsonl": [chat("Be kind.", "two?", "2"), { messages: [{ role: "robot", content: "" }] }],
  });
  expect(stats.rows).toEqual({ read: 5, usable: 4, exactCopies: 1, looseCopies: 1, distinct: 2 });
  expect(stats.roles).toEqual({ assistant: 4, system: 4, user: 4 });
  expect(stats.turns).toMatchObject({ count: 4, mean: 3, max: 3 });
  expect(stats.systemPrompts).toMatchObject({ rows: 4, distinct: 3 });
  expect(stats.systemPrompts.top[0]).toEqual({ start: "Be brief.", count: 2 });
  expect(stats.sources).toMatchObject([
    { path: "a.jsonl", rows: 3, usable: 3, format: "messages" },
    { path: "b.jsonl", rows: 2, usable: 1 },
  ]);
});

test("answers that are few distinct ones are labels; flat JSON is told by field; free text is neither", async () => {
  const labelled = await statsOf({
    "a.jsonl": Array.from({ length: 12 }, (_, at) => ({ prompt: `text ${at}`, completion: at % 3 ? "ham" : "spam" })),
  });
  expect(labelled.answers.labels).toEqual([
    { value: "ham", count: 8 },
    { value: "spam", count: 4 },
  ]);
  const json = await statsOf({
    "a.jsonl": Array.from({ length: 12 }, (_, at) => ({
      prompt: `text ${at}`,
      completion: JSON.stringify({ kind: at % 2 ? "bug" : "wish", id: at }),
    })),
  });
  expect(json.answers.fields.map(({ field }) => field)).toEqual(["kind"]);
  const free = await statsOf({
    "a.jsonl": Array.from({ length: 12 }, (_, at) => ({ prompt: `text ${at}`, completion: `answer ${at}` })),
  });
  expect(free.answers).toMatchObject({ labels: null, fields: [], distinct: 12 });
});

test("personal data in system prompts, labels and names of tools is masked", async () => {
  const name = "marta.kestrel@heronmail.net";
  const row = (at: number) => ({
    ...chat(`Ask ${name} first.`, `question ${at}`, `write to ${name}`),
    tools: [{ type: "function", function: { name } }],
  });
  const stats = await statsOf({ "a.jsonl": Array.from({ length: 8 }, (_, at) => row(at)) });
  expect(stats.tools.definitions.top).toMatchObject([{ count: 8 }]);
  expect(stats.answers.labels).toMatchObject([{ count: 8 }]);
  expect(stats.systemPrompts.top[0]!.start).toMatch(/^Ask .*\*\*\*.* first\.$/);
  expect(JSON.stringify(stats)).not.toContain("marta");
});

test("pairs say which answer is the longer one, labelled answers how many are good", async () => {
  const pairs = await statsOf({ "a.jsonl": [{ prompt: "q", chosen: "long answer", rejected: "no" }] });
  expect(pairs.answers.pairs).toMatchObject({ rows: 1, chosenLonger: 1, rejectedLonger: 0, chosenChars: 11 });
  const labels = await statsOf({
    "a.jsonl": [true, true, false].map((label) => ({ prompt: "q", completion: "a", label })),
  });
  expect(labels.answers.kto).toEqual({ good: 2, bad: 1 });
});

test("languages and scripts are told", async () => {
  const stats = await statsOf({
    "a.jsonl": [
      { prompt: "Where is the railway station?", completion: "Go straight ahead and then turn left at the church." },
      { prompt: "Où est la gare ?", completion: "Allez tout droit, puis tournez à gauche devant l'église." },
      { prompt: "火车站在哪里？", completion: "一直往前走，然后在教堂前向左转。" },
    ],
  });
  expect(stats.languages.top.map(({ value }) => value).sort()).toEqual(["en", "fr", "zh"]);
  expect(stats.scripts.map(({ script, rows }) => [script, rows])).toEqual([
    ["Latin", 2],
    ["Han", 1],
  ]);
});
