// Rows that two formats would train differently are asked about; and columns and roles under other names are read as a person says.
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Finding } from "./canonical.js";
import { type ReadRowsInput, readRows } from "./read-rows.js";

const dir = await mkdtemp(join(tmpdir(), "ft-rows-"));

async function read(rows: object[], options: Partial<ReadRowsInput> = {}) {
  const path = join(dir, "rows.jsonl");
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const findings: Finding[] = [];
  const read = [];
  const input = { path, name: "rows.jsonl", format: "auto" as const, report: (one: Finding) => findings.push(one) };
  for await (const { row } of readRows({ ...input, ...options })) read.push(row);
  return { rows: read, findings: findings.map(({ rule, line, message }) => ({ rule, line, message })) };
}

const q = { role: "user", content: "q" };
const a = { role: "assistant", content: "a" };
const chat = { kind: "messages", messages: [q, a] };

test.each<[string, object, RegExp, RegExp]>([
  [
    "text beside messages",
    { messages: [q, a], text: "q a" },
    /messages \("messages"\) or as text/,
    /--format messages or --format text/,
  ],
  [
    "prompt and completion beside messages",
    { messages: [q, a], prompt: "q", completion: "b" },
    /prompt-completion/,
    /--format/,
  ],
  ["an alpaca row with its rendered text", { instruction: "q", output: "a", text: "q a" }, /alpaca.*text/, /--format/],
  [
    "both dialects in one turn",
    {
      conversations: [
        { from: "human", value: "q", role: "user", content: "other" },
        { ...a, from: "gpt", value: "a" },
      ],
    },
    /messages.*sharegpt/,
    /--format/,
  ],
  [
    "two conversations",
    { messages: [q, a], conversations: [q, { ...a, content: "b" }] },
    /column "messages".*"conversations"/,
    /--columns/,
  ],
  ["tokens beside the text", { input_ids: [1], text: "q" }, /tokens.*text/, /--format/],
])("%s", async (_, row, message, next) => {
  await expect(read([{ text: "x" }, row])).rejects.toMatchObject({
    code: "data.ambiguous",
    exit: "data",
    where: { file: "rows.jsonl", line: 2 },
    message: expect.stringMatching(message),
    next: expect.stringMatching(next),
  });
});

test("two ways that come to the same are no question, and neither is one that a person answered", async () => {
  const same = { messages: [q, a], conversations: [q, a], prompt: "q", completion: "a" };
  expect((await read([same])).rows).toEqual([chat]);
  const rows = [{ messages: [q, a], text: "q a" }];
  expect((await read(rows, { format: "messages" })).rows).toEqual([chat]);
  expect((await read(rows, { columns: { text: "text" } })).rows).toEqual([{ kind: "text", text: "q a" }]);
  const two = [{ messages: [q, a], conversations: [q, { ...a, content: "b" }] }];
  expect((await read(two, { columns: { messages: "messages" } })).rows).toEqual([chat]);
});

test("columns, turn keys and roles under other names", async () => {
  const columns = { prompt: "question", completion: "answer", system: "rules" };
  const rows = [
    { question: "q", answer: "a", rules: "s", text: "not this" },
    { question: "q", answer: "a" },
    { question: "q" },
  ];
  expect(await read(rows, { columns })).toEqual({
    rows: [{ kind: "messages", messages: [{ role: "system", content: "s" }, q, a] }, chat, null],
    findings: [
      { rule: "SCH008", line: 1, message: expect.stringContaining('"text"') },
      { rule: "SCH010", line: 3, message: 'no column "answer"; the row has question' },
    ],
  });
  const turns = [
    { speaker: "person", says: "q" },
    { speaker: "bot", says: "a" },
  ];
  const roles = { person: "user", bot: "assistant" } as const;
  const named = { messages: "chat", role: "speaker", content: "says" };
  expect(await read([{ chat: turns }], { columns: named, roles })).toEqual({ rows: [chat], findings: [] });
  const robot = [
    {
      conversations: [
        { from: "human", value: "q" },
        { from: "robot", value: "a" },
      ],
    },
  ];
  expect((await read(robot, { roles: { robot: "assistant" } })).rows).toEqual([chat]);
});

test("turns with unknown keys say what could name them", async () => {
  const { findings } = await read([{ messages: [{ speaker: "x", says: "q" }] }]);
  expect(findings[0]?.message).toContain('the turns in "messages" have speaker, says: data.columns can name them');
});
