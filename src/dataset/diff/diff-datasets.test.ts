// What counts as the same row, a changed one, an added and a removed one.
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { diffDatasets } from "./diff-datasets.js";

const answer = (prompt: string, completion: string) => ({ prompt, completion });

async function diffOf(before: string, after: string) {
  const dir = await mkdtemp(join(tmpdir(), "ft-diff-"));
  await writeFile(join(dir, "old"), before);
  await writeFile(join(dir, "new"), after);
  const input = (path: string) => ({
    ...{ dir, format: "auto" as const, seed: 0, model: null },
    train: [{ path, format: "auto" as const, weight: 1 }],
  });
  return diffDatasets(input("old"), input("new"));
}

const lines = (rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

test("another order, file format, row format and key order are no change", async () => {
  const after = [
    {
      messages: [
        { content: "c?", role: "user" },
        { role: "assistant", content: "C" },
      ],
    },
    {
      messages: [
        { role: "user", content: "a?" },
        { role: "assistant", content: "A" },
      ],
    },
  ];
  const { rows } = await diffOf(lines([answer("a?", "A"), answer("c?", "C")]), JSON.stringify(after, null, 2));
  expect(rows).toEqual({ before: 2, after: 2, unchanged: 2, changed: 0, added: 0, removed: 0 });
});

test("the same prompt with another answer is changed; each row counts as often as it is there", async () => {
  const before = [answer("a?", "A"), answer("a?", "A"), answer("b?", "B"), answer("c?", "C")];
  const after = [answer("a?", "A"), answer("B?", "better"), answer("d?", "D"), answer("e?", "E")];
  const { rows, examples } = await diffOf(lines(before), lines(after));
  expect(rows).toEqual({ before: 4, after: 4, unchanged: 1, changed: 1, added: 2, removed: 2 });
  expect(examples.changed).toMatchObject([
    { before: { place: { file: "old", line: 3 } }, after: { place: { file: "new", line: 2 } } },
  ]);
  expect(examples.removed.map(({ place }) => place.line).sort()).toEqual([2, 4]);
  expect(examples.added.map(({ place }) => place.line)).toEqual([3, 4]);
});

test("personal data in examples is masked", async () => {
  const { examples } = await diffOf(
    lines([answer("a?", "marta.kestrel@heronmail.net")]),
    lines([answer("a?", "nobody")]),
  );
  expect(examples.changed[0]!.after.text).toBe("a? ⏵ nobody");
  expect(examples.changed[0]!.before.text).not.toContain("marta");
});

test("of a conversation the last assistant turn is the answer; plain texts have none and are never changed", async () => {
  const chat = (last: string) => ({
    messages: ["q", "a", "q2", last].map((content, at) => ({ role: at % 2 ? "assistant" : "user", content })),
  });
  expect((await diffOf(lines([chat("x")]), lines([chat("y")]))).rows).toMatchObject({
    changed: 1,
    added: 0,
    removed: 0,
  });
  const text = (value: string) => lines([{ text: value }]);
  expect((await diffOf(text("one"), text("two"))).rows).toMatchObject({ changed: 0, added: 1, removed: 1 });
});

test("labels that moved are drift, a longer file of the same kind is none", async () => {
  const rows = (from: number, count: number, spam: number) =>
    lines(Array.from({ length: count }, (_, at) => answer(`text ${from + at}`, at % 100 < spam ? "spam" : "ham")));
  const moved = await diffOf(rows(0, 400, 20), rows(0, 400, 60));
  expect(moved.drift.values.find(({ name }) => name === "answers")).toMatchObject({ level: "large" });
  const grown = await diffOf(rows(0, 400, 20), rows(0, 800, 20));
  expect([...grown.drift.values, ...grown.drift.numbers].map(({ level }) => level)).not.toContain("large");
});
