// The snapshot: what the engine and the evaluator get, the held-out split, and nothing half-written.
import { mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { parseRecipe } from "../recipes/parse.js";
import { checkDataset } from "./check-dataset.js";
import { dataSource } from "./recipe-source.js";
import { snapshotData } from "./snapshot.js";

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ft-snapshot-"));
});

const pair = (question: string, answer: string) => [
  { role: "user", content: question },
  { role: "assistant", content: answer },
];
const many = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ messages: pair(`question ${at}`, `answer ${at}`) }));

test("prompt-completion: one line per assistant turn, and the evaluator's items", async () => {
  const two = [...pair("q1", "a1"), ...pair("q2", "a2")];
  await write("train.jsonl", [{ messages: two }]);
  await write("held.jsonl", [
    { messages: pair("q3", "a3") },
    { messages: two.slice(0, 3).concat(pair("q4", "a4")[1]!) },
  ]);
  const facts = await snapshot({ train: "train.jsonl", eval: "held.jsonl" }, "prompt-completion");
  expect(await lines("data/train.jsonl")).toEqual([
    { prompt: two.slice(0, 1), completion: two.slice(1, 2) },
    { prompt: two.slice(0, 3), completion: two.slice(3, 4) },
  ]);
  expect((await lines("data/test.jsonl")).length).toBe(3);
  expect((await lines("eval/items.jsonl"))[1]).toEqual({
    item: expect.stringMatching(/^[0-9a-f]{64}$/),
    file: "held.jsonl",
    line: 2,
    messages: two.slice(0, 3),
    reference: "a4",
  });
  expect(facts).toMatchObject({ train: { rows: 1, assistantTurns: 2 }, eval: { rows: 2, assistantTurns: 3 } });
});

test("messages and text keep a row a line; items stop at eval.max_rows", async () => {
  await write("train.jsonl", many(3));
  await snapshot({ train: "train.jsonl", eval: "train.jsonl" }, "messages", { max_rows: 2 });
  expect(await lines("data/train.jsonl")).toEqual(many(3));
  expect((await lines("data/test.jsonl")).length).toBe(3);
  expect((await lines("eval/items.jsonl")).length).toBe(2);
  await write("text.jsonl", [{ text: "a" }]);
  await snapshot({ train: "text.jsonl", eval: "text.jsonl" }, "text");
  expect(await lines("data/train.jsonl")).toEqual([{ text: "a" }]);
  expect(await lines("eval/items.jsonl")).toMatchObject([{ text: "a", file: "text.jsonl", line: 1 }]);
});

test("the hash of the data does not depend on the file format", async () => {
  await write("a.jsonl", [{ instruction: "q", input: "", output: "a" }]);
  await write("b.jsonl", [
    {
      conversations: [
        { from: "human", value: "q" },
        { from: "gpt", value: "a" },
      ],
    },
  ]);
  const a = await snapshot({ train: "a.jsonl", eval_fraction: 0 }, "messages");
  const b = await snapshot({ train: "b.jsonl", eval_fraction: 0 }, "messages");
  expect(a).toEqual(b);
  expect(a.eval).toBeNull();
});

test("without data.eval a fraction is held out by content: rows keep their side when the data grows, copies stay together", async () => {
  await write("train.jsonl", many(300));
  const facts = await snapshot({ train: "train.jsonl", eval_fraction: 0.2 }, "messages");
  const before = (await lines("data/test.jsonl")).map((line) => JSON.stringify(line));
  expect(facts.eval?.rows).toBe(before.length);
  expect(before.length).toBeGreaterThan(30);
  expect(before.length).toBeLessThan(90);
  const copies = many(300).map(({ messages }) => ({
    messages: messages.map((turn) => ({ ...turn, content: `${turn.content.toUpperCase()} ` })),
  }));
  await write("train.jsonl", [...copies, ...many(400).reverse()]);
  await snapshot({ train: "train.jsonl", eval_fraction: 0.2 }, "messages");
  const after = new Set(
    (await lines("data/test.jsonl")).map((line) => JSON.stringify(line).toLowerCase().replaceAll(' "', '"')),
  );
  for (const line of before) expect(after.has(line)).toBe(true);
  const train = (await lines("data/train.jsonl")).map((line) =>
    JSON.stringify(line).toLowerCase().replaceAll(' "', '"'),
  );
  expect(train.filter((line) => after.has(line))).toEqual([]);
});

test.each([0.001, 0.1, 0.5])(
  "ten rows hold out at least one and not all, with fraction %d; the check tells the same facts",
  async (fraction) => {
    await write("train.jsonl", many(10));
    const facts = await snapshot({ train: "train.jsonl", eval_fraction: fraction }, "messages");
    expect(facts.eval?.rows).toBeGreaterThanOrEqual(1);
    expect(facts.train.rows + facts.eval!.rows).toBe(10);
    expect(facts.train.rows).toBeGreaterThanOrEqual(1);
    const source = dataSource(recipe({ train: "train.jsonl", eval_fraction: fraction }), dir);
    const report = await checkDataset({ ...source, model: null });
    expect(report.facts).toEqual(facts);
  },
);

test("a bad row stops it by its place, and nothing is left behind", async () => {
  await write("train.jsonl", [...many(3), { messages: [{ role: "user", content: "no answer" }] }]);
  await expect(snapshot({ train: "train.jsonl" }, "messages")).rejects.toMatchObject({
    code: "data.invalid-row",
    exit: "data",
    where: { file: "train.jsonl", line: 4 },
  });
  expect(await readdir(join(dir, "out/data"))).toEqual([]);
});

test.runIf(process.platform === "linux")(
  "a full disk is an environment failure, and nothing is left behind",
  async () => {
    await write("train.jsonl", many(3));
    await mkdir(join(dir, "out/data"), { recursive: true });
    await symlink("/dev/full", join(dir, "out/data/train.jsonl.partial"));
    await expect(snapshot({ train: "train.jsonl" }, "messages")).rejects.toMatchObject({
      code: "env.disk-full",
      exit: "environment",
    });
    expect(await readdir(join(dir, "out/data"))).toEqual([]);
  },
);

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

function recipe(data: object, evaluation: object = {}) {
  return parseRecipe({ name: "test", model: { base: "m" }, method: "lora", data, eval: evaluation });
}

function snapshot(data: object, layout: "messages" | "prompt-completion" | "text", evaluation?: object) {
  return snapshotData({
    recipe: recipe(data, evaluation),
    source: dataSource(recipe(data, evaluation), dir),
    layout,
    outDir: join(dir, "out"),
  });
}
