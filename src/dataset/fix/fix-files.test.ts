// Mending: what is safe is mended, the rest stays or is dropped as asked; nothing else of a row changes; twice is once.
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
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

test("a torn last line is told as such, as the check does", async () => {
  await writeFile(join(dir, "a.jsonl"), `${JSON.stringify(chat("Q", "A"))}\n{"messages": [{"role": "us`);
  expect((await fix("a.jsonl", "fixed")).left).toEqual({ FILE006: 1 });
  await writeFile(join(dir, "a.jsonl"), `${JSON.stringify(chat("Q", "A"))}\n{"messages": [{"role": "us\n`);
  expect((await fix("a.jsonl", "again")).left).toEqual({ FILE001: 1 });
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
  await expect(fix("none.jsonl", "fixed")).rejects.toMatchObject({ code: "data.missing" });
  const signal = AbortSignal.abort();
  await expect(fix("a.jsonl", "stopped", { signal })).rejects.toThrow();
  expect(await readdir(join(dir, "stopped"))).toEqual([]);
});

test("rows of an array, of a table and of packed lines are mended into JSON lines; those that cannot be read stop it, or are dropped", async () => {
  const rows = [chat("Who?\u0000", "A cafÃ©."), chat("Who?", "Me."), chat("Who?", "Me.")];
  const mended = [chat("Who?", "A café."), chat("Who?", "Me.")].map((row) => JSON.stringify(row));
  await writeFile(join(dir, "array.json"), JSON.stringify({ rows }, null, 2));
  await writeFile(join(dir, "packed.jsonl.gz"), gzipSync(rows.map((row) => JSON.stringify(row)).join("\n")));
  await fix("array.json", "of-array");
  await fix("packed.jsonl.gz", "of-packed");
  expect(await lines("of-array/array.jsonl")).toEqual(mended);
  expect(await lines("of-packed/packed.jsonl")).toEqual(mended);

  const csv = 'prompt,completion\nWho?,A cafÃ©.\n"2, or 3?",3\n';
  await writeFile(join(dir, "table.csv"), csv);
  const report = await fix("table.csv", "of-table");
  expect(report.files).toMatchObject([
    { rows: 2, written: 2, isOtherKind: true, to: join(dir, "of-table/table.jsonl") },
  ]);
  expect(await lines("of-table/table.jsonl")).toEqual([
    '{"prompt":"Who?","completion":"A café."}',
    '{"prompt":"2, or 3?","completion":"3"}',
  ]);
  await writeFile(join(dir, "torn.csv"), `${csv}too,many,cells\n`);
  await expect(fix("torn.csv", "of-torn")).rejects.toMatchObject({ code: "data.invalid-row", where: { line: 4 } });
  expect(await readdir(join(dir, "of-torn"))).toEqual([]);
  expect((await fix("torn.csv", "of-torn", { drop: true })).files).toMatchObject([{ rows: 3, written: 2 }]);
});
