// Rows of every dialect for every objective, from files to the engine's lines and the evaluator's items.
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseRecipe } from "../recipes/parse.js";
import type { Layout } from "./layout.js";
import { snapshotData } from "./snapshot.js";

const user = (content: string) => ({ role: "user", content });
const bot = (content: string) => ({ role: "assistant", content });
const expected = { prompt: [user("q")], chosen: [bot("good")], rejected: [bot("bad")] };

/** Writes the files, snapshots them as a run would, and returns what the engine and the evaluator get. */
async function snapshot(
  files: Record<string, object[]>,
  data: object,
  { objective, layout }: { objective: string | object; layout: Layout },
) {
  const dir = await mkdtemp(join(tmpdir(), "ft-rows-"));
  for (const [name, rows] of Object.entries(files))
    await writeFile(join(dir, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const recipe = parseRecipe({ name: "n", model: { base: "m" }, method: "lora", objective, data });
  const facts = await snapshotData({ recipe, dir, layout, outDir: join(dir, "out") });
  const read = async (path: string) =>
    (await readFile(join(dir, "out", path), "utf8").catch(() => ""))
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return {
    facts,
    train: await read("data/train.jsonl"),
    test: await read("data/test.jsonl"),
    items: await read("eval/items.jsonl"),
  };
}

const one = (row: object, objective: string | object, layout: Layout) =>
  snapshot({ "a.jsonl": [row] }, { train: "a.jsonl", eval_fraction: 0 }, { objective, layout });

describe("preferences", () => {
  test.each<[string, object]>([
    ["TRL, texts", { prompt: "q", chosen: "good", rejected: "bad" }],
    ["TRL, turns", { prompt: [user("q")], chosen: [bot("good")], rejected: [bot("bad")] }],
    ["TRL, the prompt within", { chosen: [user("q"), bot("good")], rejected: [user("q"), bot("bad")] }],
    ["a prompt said twice", { prompt: "q", chosen: [user("q"), bot("good")], rejected: [user("q"), bot("bad")] }],
    [
      "LLaMA-Factory, sharegpt",
      {
        conversations: [{ from: "human", value: "q" }],
        chosen: { from: "gpt", value: "good" },
        rejected: { from: "gpt", value: "bad" },
      },
    ],
    ["LLaMA-Factory, alpaca", { instruction: "q", input: "", chosen: "good", rejected: "bad" }],
    ["Axolotl, messages", { messages: [user("q")], chosen: bot("good"), rejected: bot("bad") }],
    ["argilla", { instruction: "q", chosen_response: "good", rejected_response: "bad" }],
  ])("%s", async (_dialect, row) => {
    expect((await one(row, "dpo", "preference")).train).toEqual([expected]);
  });

  test("intel: the system turn comes first", async () => {
    const { train } = await one({ system: "s", question: "q", chosen: "good", rejected: "bad" }, "orpo", "preference");
    expect(train[0].prompt).toEqual([{ role: "system", content: "s" }, user("q")]);
  });

  test("are two labelled answers to kto, on one side of the split", async () => {
    const rows = Array.from({ length: 60 }, (_, n) => ({ prompt: `q${n}`, chosen: "good", rejected: "bad" }));
    const split = await snapshot(
      { "a.jsonl": rows },
      { train: "a.jsonl", eval_fraction: 0.3 },
      { objective: "kto", layout: "unpaired" },
    );
    expect(split.train.length + split.test.length).toBe(120);
    expect(split.train.slice(0, 2)).toMatchObject([
      { completion: [bot("good")], label: true },
      { completion: [bot("bad")], label: false },
    ]);
    const asked = (rows: { prompt: { content: string }[] }[]) => new Set(rows.map(({ prompt }) => prompt[0]!.content));
    const trained = asked(split.train);
    expect([...asked(split.test)].filter((prompt) => trained.has(prompt))).toEqual([]);
    expect(split.items[0]).toMatchObject({ item: expect.any(String), prompt: [expect.anything()], label: true });
  });
});

test.each<[string, object]>([
  ["TRL", { prompt: "q", completion: "a", label: false }],
  ["LLaMA-Factory, alpaca", { instruction: "q", output: "a", kto_tag: false }],
  ["LLaMA-Factory, messages", { messages: [user("q"), bot("a")], kto_tag: false }],
])("labelled answers: %s", async (_dialect, row) => {
  const { train } = await one(row, "kto", "unpaired");
  expect(train).toEqual([{ prompt: [user("q")], completion: [bot("a")], label: false }]);
});

test("prompts keep every other column for the rewards; a conversation gives its last answer as one", async () => {
  const grpo = { type: "grpo", rewards: ["exact_match"] };
  expect((await one({ prompt: "q", answer: "4", level: 2 }, grpo, "prompt")).train).toEqual([
    { prompt: [user("q")], answer: "4", level: 2 },
  ]);
  expect((await one({ messages: [user("q"), bot("4")] }, grpo, "prompt")).train).toEqual([
    { prompt: [user("q")], answer: "4" },
  ]);
});

test("mixing takes each file's rows as often as its weight says, and holds a row out before it is weighed", async () => {
  const rows = (mark: string, count: number) =>
    Array.from({ length: count }, (_, n) => ({ messages: [user(`${mark}${n}`), bot("a")] }));
  const files = { "a.jsonl": rows("a", 200), "b.json.jsonl": rows("b", 100), "c.jsonl": rows("c", 400) };
  const train = ["a.jsonl", { path: "b.json.jsonl", weight: 2 }, { path: "c.jsonl", weight: 0.5 }];
  const mixed = await snapshot(files, { train, eval_fraction: 0.1 }, { objective: "sft", layout: "messages" });
  const count = (mark: string) => mixed.train.filter(({ messages }) => messages[0].content.startsWith(mark)).length;
  const held = mixed.test.map(({ messages }) => messages[0].content as string);
  expect(new Set(held).size).toBe(held.length);
  const heldOf = (mark: string) => held.filter((content) => content.startsWith(mark)).length;
  expect(count("a")).toBe(200 - heldOf("a"));
  expect(count("b")).toBe(2 * (100 - heldOf("b")));
  expect(count("c")).toBeGreaterThan(140);
  expect(count("c")).toBeLessThan(230);
  const trained = new Set(mixed.train.map(({ messages }) => messages[0].content));
  expect(held.filter((content) => trained.has(content))).toEqual([]);
  expect(mixed.facts.train.rows).toBe(mixed.train.length);
  const again = await snapshot(files, { train, eval_fraction: 0.1 }, { objective: "sft", layout: "messages" });
  expect(again.facts).toEqual(mixed.facts);
  const other = await snapshot(
    files,
    { train: Object.keys(files), eval_fraction: 0.1 },
    { objective: "sft", layout: "messages" },
  );
  expect(other.facts.train.sha256).not.toBe(mixed.facts.train.sha256);
});
