// Columns and roles under names of their own, in every verb that reads rows: through the built binary, as a person types it.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { emptyFolder, ft, requiredEnv } from "./project.js";

const mapping = ["messages=chat", "role=who", "content=says"].flatMap((pair) => ["--columns", pair]);
const names = [...mapping, "--roles", "person=user", "--roles", "bot=assistant"];
const out = ["--out", "out.jsonl"];
const model = () => ["--model", requiredEnv("FT_TEST_MODEL")];

/** Each verb, with what it says when all 20 rows were read. */
const verbs: { verb: string; args: () => string[]; says: object }[] = [
  { verb: "stats", args: () => ["chats.jsonl"], says: { rows: { read: 20, usable: 20 } } },
  { verb: "diff", args: () => ["chats.jsonl", "chats.jsonl"], says: { unusable: { before: 0, after: 0 } } },
  { verb: "preview", args: () => ["chats.jsonl", ...model()], says: { rows: [{ problems: [] }] } },
  { verb: "convert", args: () => ["chats.jsonl", "--to", "messages", ...out], says: { rows: 20, written: 20 } },
  { verb: "dedupe", args: () => ["chats.jsonl", "--by", "exact", ...out], says: { kept: 20, dropped: 0 } },
  { verb: "filter", args: () => ["chats.jsonl", "--min-turns", "2", ...out], says: { kept: 20, dropped: 0 } },
  { verb: "sample", args: () => ["chats.jsonl", "--rows", "20", ...out], says: { kept: 20, dropped: 0 } },
  {
    verb: "split",
    args: () => ["chats.jsonl", "--no-near", "--eval-out", "ev.jsonl", ...out],
    says: { rows: 20, dropped: 0 },
  },
  { verb: "pack", args: () => ["chats.jsonl", ...model()], says: { rows: 20 } },
  { verb: "fix", args: () => ["chats.jsonl", "--out", "fixed"], says: { left: {} } },
];

test.concurrent.each(verbs)("$verb reads them by its options", async ({ verb, args, says }) => {
  const dir = project();
  const { exitCode, stdout, stderr } = await ft(["data", verb, ...args(), ...names, "--json"], dir);
  expect(exitCode, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject(says);
});

test("a file that the recipe maps is read as the recipe says", async () => {
  const dir = project();
  const recipe = `name: t
model: { base: org/not-here }
method: lora
data:
  train: [{ path: chats.jsonl, columns: { messages: chat, role: who, content: says }, roles: { person: user, bot: assistant } }]
  eval_fraction: 0
`;
  writeFileSync(join(dir, "ft.yaml"), recipe);
  const { exitCode, stdout, stderr } = await ft(["data", "dedupe", "./chats.jsonl", ...out, "--by", "exact"], dir);
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toContain("20 kept");
  expect(readFileSync(join(dir, "out.jsonl"), "utf8")).toBe(readFileSync(join(dir, "chats.jsonl"), "utf8"));
});

test.concurrent.each([["dedupe", ...out], ["convert", "--to", "messages", "--skip", ...out], ["stats"]])(
  "%s of rows that cannot be read is an error that says why, and writes nothing",
  async (verb, ...flags) => {
    const dir = project();
    const { exitCode, stderr } = await ft(["data", verb!, "chats.jsonl", ...flags], dir);
    expect(exitCode, stderr).toBe(4);
    expect(stderr).toContain("none of the 20 rows can be read");
    expect(stderr).toContain("--columns");
    expect(existsSync(join(dir, "out.jsonl"))).toBe(false);
  },
);

function project(): string {
  const dir = emptyFolder();
  const row = (n: number) => ({
    chat: [
      { who: "person", says: `q ${n}` },
      { who: "bot", says: `a ${n}` },
    ],
  });
  const rows = Array.from({ length: 20 }, (_, n) => `${JSON.stringify(row(n))}\n`);
  writeFileSync(join(dir, "chats.jsonl"), rows.join(""));
  return dir;
}
