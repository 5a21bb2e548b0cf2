// Mending: what is safe is mended, the rest stays or is dropped as asked; nothing else of a row changes; twice is once.
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { type FixInput, type FixReport, fixFiles } from "./fix-files.js";

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ft-fix-"));
});

const chat = (question: string, answer: string) => ({
  messages: [
    { role: "user", content: question },
    { role: "assistant", content: answer },
  ],
});

async function fix(from: string, out: string, options: Partial<FixInput> = {}): Promise<FixReport> {
  const files = [{ path: join(dir, from), name: from, format: "auto" as const }];
  return fixFiles({ files, out: join(dir, out), drop: false, maskPii: false, ...options });
}

const lines = async (name: string) => (await readFile(join(dir, name), "utf8")).trimEnd().split("\n");
const changes = async (name: string) => (await lines(name)).filter(Boolean).map((line) => JSON.parse(line));

const ruined = [
  `\ufeff${JSON.stringify(chat("Where?", "At the cafÃ©."))}\r`,
  '{"n": 1.0, "big": 12345678901234567890, "2": 1, "1": 2, "messages": [{"role": "user", "content": "a\\u0000b"}, {"role": "assistant", "content": "it\\u2019s Ã¢â‚¬â„¢"}]}',
  JSON.stringify(chat("Is it safe?\u{e0041}", "y\u200bes, \u202eindeed")),
  JSON.stringify({ messages: [...chat("Q", "A").messages, { role: "user", content: " " }] }),
  JSON.stringify(chat("Q", "A")),
  '{"messages": [}',
  JSON.stringify(chat("Why?", " ")),
  '{"messages": [{"role": "user",   "content": "untouched"}, {"role": "assistant", "content": "spacing too"}]}',
];

test("mends what is safe, loses nothing else, lists every change, and leaves what it cannot mend", async () => {
  await writeFile(join(dir, "a.jsonl"), ruined.join("\n"));
  const report = await fix("a.jsonl", "fixed");
  expect(report.files).toMatchObject([{ rows: 8, written: 7 }]);
  expect(report.fixed).toEqual({
    FILE004: 1,
    FILE005: 1,
    FILE008: 2,
    FILE009: 1,
    SEC004: 1,
    SEC005: 1,
    SEC006: 1,
    SCH002: 1,
  });
  expect(report.dropped).toEqual({ DUP001: 1 });
  expect(report.left).toEqual({ FILE001: 1, SCH002: 1 });
  expect(await lines("fixed/a.jsonl")).toEqual([
    JSON.stringify(chat("Where?", "At the café.")),
    '{"n":1.0,"big":12345678901234567890,"2":1,"1":2,"messages":[{"role":"user","content":"ab"},{"role":"assistant","content":"it’s ’"}]}',
    JSON.stringify(chat("Is it safe?", "yes, indeed")),
    JSON.stringify(chat("Q", "A")),
    ruined[5],
    ruined[6],
    ruined[7],
  ]);
  expect(await changes("fixed/fixes.jsonl")).toContainEqual({
    file: "a.jsonl",
    line: 1,
    rule: "FILE008",
    action: "fixed",
    before: expect.stringContaining("cafÃ©"),
    after: expect.stringContaining("café"),
  });
});

test("what was mended once is not changed a second time", async () => {
  await writeFile(join(dir, "a.jsonl"), ruined.join("\n"));
  for (const options of [{}, { maskPii: true, drop: true }]) {
    const name = JSON.stringify(options).length.toString();
    await fix("a.jsonl", name, options);
    const again = await fix(`${name}/a.jsonl`, `${name}-again`, options);
    expect([again.fixed, again.dropped]).toEqual([{}, {}]);
    expect(await readFile(join(dir, `${name}-again/a.jsonl`))).toEqual(await readFile(join(dir, `${name}/a.jsonl`)));
  }
});

test("--drop leaves out what cannot be mended", async () => {
  await writeFile(join(dir, "a.jsonl"), ruined.join("\n"));
  const report = await fix("a.jsonl", "fixed", { drop: true });
  expect(report.left).toEqual({});
  expect(report.dropped).toEqual({ DUP001: 1, FILE001: 1, SCH002: 1 });
  expect((await lines("fixed/a.jsonl")).length).toBe(5);
});

test("personal data and secrets become placeholders when asked, and are in no list of changes", async () => {
  const email = "anna.karlsen@nordlys-post.no";
  const token = ["ghp", "_", "x4Kq9TzLm2Vw8RbNc6Yd1Hf3Jg5Ps7Ua0EiO"].join("");
  await writeFile(
    join(dir, "a.jsonl"),
    `${JSON.stringify(chat(`Mail ${email}!`, `With ${token} and ${email}\u0000.`))}\n`,
  );
  await fix("a.jsonl", "kept");
  expect((await lines("kept/a.jsonl"))[0]).toContain(email);
  expect((await lines("kept/fixes.jsonl")).join()).not.toMatch(/karlsen|x4Kq9/);
  await fix("a.jsonl", "masked", { maskPii: true });
  expect(await lines("masked/a.jsonl")).toEqual([JSON.stringify(chat("Mail [EMAIL]!", "With [SECRET] and [EMAIL]."))]);
  expect((await lines("masked/fixes.jsonl")).join()).not.toMatch(/karlsen|x4Kq9/);
});

test("never replaces a file, and leaves nothing behind when it stops", async () => {
  await writeFile(join(dir, "a.jsonl"), ruined.join("\n"));
  await expect(fix("a.jsonl", ".")).rejects.toMatchObject({ code: "usage.exists" });
  await writeFile(join(dir, "rows.csv"), "text,n\na,1\n");
  await expect(fix("rows.csv", "fixed")).rejects.toMatchObject({ code: "usage.not-json-lines" });
  await expect(fix("none.jsonl", "fixed")).rejects.toMatchObject({ code: "data.missing" });
  const signal = AbortSignal.abort();
  await expect(fix("a.jsonl", "stopped", { signal })).rejects.toThrow();
  expect(await readdir(join(dir, "stopped"))).toEqual([]);
});
