// The objective decides what becomes of rows; weights decide how often; the snapshot's files hold just that.
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { parseRecipe } from "../recipes/parse.js";
import type { ObjectiveName } from "../recipes/schema.js";
import { checkDataset } from "./check-dataset.js";
import { datasetFacts } from "./dataset-facts.js";
import type { Layout } from "./layout.js";
import { dataSource } from "./recipe-source.js";
import { snapshotData } from "./snapshot.js";

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ft-objective-"));
});

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });
const pair = (at: number) => ({ prompt: `question ${at}`, chosen: `good ${at}`, rejected: `a bad one ${at}` });
const pairs = (count: number, from = 0) => Array.from({ length: count }, (_, at) => pair(from + at));
const chats = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ messages: [user(`question ${at}`), assistant(`${at}`)] }));

test("preference: lines and the evaluator's items", async () => {
  await write("train.jsonl", [pair(1)]);
  await write("held.jsonl", [pair(2)]);
  const facts = await snapshot("dpo", { train: "train.jsonl", eval: "held.jsonl" }, "preference");
  expect(await lines("data/train.jsonl")).toEqual([
    { prompt: [user("question 1")], chosen: [assistant("good 1")], rejected: [assistant("a bad one 1")] },
  ]);
  expect(await lines("eval/items.jsonl")).toEqual([
    {
      item: expect.stringMatching(/^[0-9a-f]{64}$/),
      file: "held.jsonl",
      line: 1,
      prompt: [user("question 2")],
      chosen: [assistant("good 2")],
      rejected: [assistant("a bad one 2")],
    },
  ]);
  expect(facts.train).toMatchObject({ rows: 1, kinds: { preference: 1, messages: 0 }, assistantTurns: 0 });
  expect(facts.train.longestChars).toBe("question 1a bad one 1".length);
});

test("kto splits a pair into a good and a bad answer, both on one side", async () => {
  await write("train.jsonl", pairs(200));
  const facts = await snapshot("kto", { train: "train.jsonl" }, "unpaired");
  const held = (await lines("data/test.jsonl")) as { prompt: unknown; label: boolean }[];
  expect(held.length).toBeGreaterThan(10);
  expect(held.filter(({ label }) => label).length).toBe(held.length / 2);
  const prompts = held.map(({ prompt }) => JSON.stringify(prompt));
  expect(new Set(prompts).size).toBe(held.length / 2);
  expect(facts.train.kinds.unpaired + (facts.eval?.kinds.unpaired ?? 0)).toBe(400);
  expect((await lines("eval/items.jsonl"))[0]).toMatchObject({
    prompt: [user(expect.stringContaining("question"))],
    completion: [assistant(expect.stringContaining("good"))],
    label: true,
  });
});

test("grpo takes a conversation up to its last answer, which becomes the column answer", async () => {
  const talk = [user("q"), assistant("a"), user("why?"), assistant("because")];
  await write("train.jsonl", [{ messages: talk }]);
  await write("held.jsonl", [{ prompt: "p", answer: "x", level: 3 }]);
  await snapshot("grpo", { train: "train.jsonl", eval: "held.jsonl" }, "prompt");
  expect(await lines("data/train.jsonl")).toEqual([{ prompt: talk.slice(0, 3), answer: "because" }]);
  expect(await lines("data/test.jsonl")).toEqual([{ prompt: [user("p")], answer: "x", level: 3 }]);
  expect(await lines("eval/items.jsonl")).toMatchObject([{ prompt: [user("p")], columns: { answer: "x", level: 3 } }]);
});

test("an objective that cannot use the rows says what it needs; without one they are what they are", async () => {
  await write("train.jsonl", chats(2));
  const source = dataSource(recipe("dpo", { train: "train.jsonl", eval_fraction: 0 }), dir);
  const report = await checkDataset({ ...source, model: null });
  expect(report.ok).toBe(false);
  expect(report.findings).toContainEqual({
    rule: "SCH015",
    severity: "error",
    file: "train.jsonl",
    line: 1,
    message: "objective dpo needs chosen and rejected; this row is a conversation",
    fix: expect.stringContaining("objective sft, grpo"),
    fingerprint: expect.any(String),
  });
  const { objective: _, ...plain } = source;
  expect(await checkDataset({ ...plain, model: null })).toMatchObject({ ok: true, facts: { train: { rows: 2 } } });
  await expect(snapshot("dpo", { train: "train.jsonl" }, "preference")).rejects.toMatchObject({
    code: "data.invalid-row",
    where: { file: "train.jsonl", line: 1 },
  });
});

test("all pairs of one prompt are held out or trained on together", async () => {
  const answers = (at: number) => [0, 1, 2].map((n) => ({ ...pair(at), chosen: `good ${at} ${n}` }));
  await write("train.jsonl", Array.from({ length: 100 }, (_, at) => answers(at)).flat());
  await snapshot("dpo", { train: "train.jsonl", eval_fraction: 0.3 }, "preference");
  const held = ((await lines("data/test.jsonl")) as { prompt: object }[]).map(({ prompt }) => JSON.stringify(prompt));
  expect(held.length).toBe(new Set(held).size * 3);
});

test("weight 2.5 takes every row twice and half of them once more; held-out rows are never trained on", async () => {
  await write("a.jsonl", chats(200));
  await write("b.jsonl", [{ messages: [user("other"), assistant("row")] }]);
  const data = { train: [{ path: "a.jsonl", weight: 2.5 }, "b.jsonl"], eval_fraction: 0.2 };
  const facts = await snapshot("sft", data, "messages");
  const times = counted(await lines("data/train.jsonl"));
  const held = counted(await lines("data/test.jsonl"));
  expect([...held.values()].every((count) => count === 1)).toBe(true);
  expect([...times.keys()].filter((row) => held.has(row))).toEqual([]);
  expect(times.size + held.size).toBe(201);
  const thrice = [...times.values()].filter((count) => count === 3).length;
  const twice = [...times.values()].filter((count) => count === 2).length;
  expect(thrice + twice).toBeGreaterThanOrEqual(times.size - 1);
  expect(thrice / times.size).toBeGreaterThan(0.35);
  expect(thrice / times.size).toBeLessThan(0.65);
  expect(facts.train.rows).toBe([...times.values()].reduce((sum, count) => sum + count, 0));
  expect(await datasetFacts(dataSource(recipe("sft", data), dir))).toEqual(facts);
  const report = await checkDataset({ ...dataSource(recipe("sft", data), dir), model: null });
  expect(report).toMatchObject({ rows: 201, facts });
});

test("weight 0.5 takes a half that stays when the file grows, and another with another seed", async () => {
  const take = async (rows: object[], seed: number) => {
    await write("train.jsonl", rows);
    await snapshot("dpo", { train: [{ path: "train.jsonl", weight: 0.5 }], eval_fraction: 0 }, "preference", seed);
    return counted(await lines("data/train.jsonl"));
  };
  const half = await take(pairs(200), 1);
  expect(half.size).toBeGreaterThan(70);
  expect(half.size).toBeLessThan(130);
  const grown = await take([...pairs(100, 500), ...pairs(200).reverse()], 1);
  expect([...half.keys()].filter((row) => !grown.has(row))).toEqual([]);
  const other = await take(pairs(200), 2);
  expect([...half.keys()].filter((row) => !other.has(row)).length).toBeGreaterThan(20);
});

test("the hash of the training rows says what is taken how often", async () => {
  await write("a.jsonl", chats(3));
  await write("b.jsonl", [{ messages: [user("other"), assistant("row")] }]);
  const hash = async (weight: number) => {
    const data = { train: ["a.jsonl", { path: "b.jsonl", weight }], eval_fraction: 0 };
    return (await datasetFacts(dataSource(recipe("sft", data), dir))).train.sha256;
  };
  expect(await hash(1)).toBe(await hash(1));
  expect(await hash(1)).not.toBe(await hash(2));
});

function counted(rows: unknown[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(JSON.stringify(row), (counts.get(JSON.stringify(row)) ?? 0) + 1);
  return counts;
}

async function write(name: string, rows: object[]): Promise<void> {
  await writeFile(join(dir, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

async function lines(name: string): Promise<unknown[]> {
  const text = await readFile(join(dir, "out", name), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function recipe(type: ObjectiveName, data: object, seed = 42) {
  const objective = type === "grpo" ? { type, rewards: ["exact_match"] } : { type };
  return parseRecipe({ name: "test", model: { base: "m" }, method: "lora", objective, data, train: { seed } });
}

function snapshot(type: ObjectiveName, data: object, layout: Layout, seed?: number) {
  return snapshotData({
    recipe: recipe(type, data, seed),
    source: dataSource(recipe(type, data, seed), dir),
    layout,
    outDir: join(dir, "out"),
  });
}
