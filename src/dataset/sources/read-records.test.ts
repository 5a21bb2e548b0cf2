// Reading data files: encodings, line numbers, and the files that cannot hold rows.
import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { type DataRecord, readRecords } from "./read-records.js";

const dir = await mkdtemp(join(tmpdir(), "ft-read-"));

async function read(name: string, content: string | Buffer): Promise<DataRecord[]> {
  const path = join(dir, name);
  await writeFile(path, content);
  return Readable.from(readRecords(path, name)).toArray();
}

test("counts lines from 1 over a byte order mark, CRLF and blank lines", async () => {
  expect(await read("crlf.jsonl", '\ufeff{"a":1}\r\n\r\n   \n{"a":2}\r\n{"a":3}')).toEqual([
    { line: 1, value: { a: 1 } },
    { line: 4, value: { a: 2 } },
    { line: 5, value: { a: 3 } },
  ]);
});

test("a broken line is told and the next one is read", async () => {
  const bytes = Buffer.concat([
    Buffer.from('{"a":1}\n{"a":\n{"a":"'),
    Buffer.from([0xc3, 0x28]),
    Buffer.from('"}\n{"a":4}\n'),
  ]);
  expect(await read("broken.jsonl", bytes)).toEqual([
    { line: 1, value: { a: 1 } },
    { line: 2, problem: { rule: "FILE001", message: expect.any(String) } },
    { line: 3, problem: { rule: "FILE002", message: expect.any(String) } },
    { line: 4, value: { a: 4 } },
  ]);
});

test("half a character is told, a whole one in escapes and a backslash before u are not", async () => {
  const rows = String.raw`{"a":"\ud83d\ude00"}
{"a":"\\ud83d"}
{"a":"\ud83d \ude00"}
{"\uDE00":1}
`;
  const half = { rule: "FILE002", message: expect.stringContaining("half a character") };
  expect(await read("escapes.jsonl", rows)).toEqual([
    { line: 1, value: { a: "😀" } },
    { line: 2, value: { a: String.raw`\ud83d` } },
    { line: 3, problem: half },
    { line: 4, problem: half },
  ]);
});

test("a row larger than a chunk stays whole", async () => {
  const long = "é".repeat(3_000_000);
  expect(await read("long.jsonl", `{"a":"${long}"}\n{"a":2}\n`)).toEqual([
    { line: 1, value: { a: long } },
    { line: 2, value: { a: 2 } },
  ]);
});

test("content decides between lines and array, not the name", async () => {
  const rows = [
    { line: 1, value: { a: 1 } },
    { line: 2, value: { a: 2 } },
  ];
  expect(await read("lines.json", '{"a":1}\n{"a":2}\n')).toEqual(rows);
  expect(await read("array.jsonl", '[{"a":1},\n{"a":2}]')).toEqual(rows);
  expect(await read("one.json", '{"a":1}')).toEqual(rows.slice(0, 1));
  expect(await read("wrapped.json", '{"data":[{"a":1},\n{"a":2}]}')).toEqual(rows);
});

const refused: { name: string; content: string | Buffer; code: string }[] = [
  { name: "empty.jsonl", content: "", code: "data.empty" },
  { name: "blank.jsonl", content: "\n  \r\n\n", code: "data.empty" },
  { name: "empty-array.json", content: "[]", code: "data.empty" },
  { name: "nul.jsonl", content: "a\0b", code: "data.binary" },
  { name: "utf16.jsonl", content: Buffer.from('\ufeff{"a":1}', "utf16le"), code: "data.binary" },
  { name: "rows.xml", content: "<rows/>\n", code: "data.unsupported" },
  { name: "packed.zip", content: Buffer.from("PK\x03\x04...."), code: "data.binary" },
];

test.each(refused)("$name is refused as $code, by its name and with a next step", async ({ name, content, code }) => {
  await expect(read(name, content)).rejects.toMatchObject({
    code,
    exit: "data",
    message: expect.stringContaining(name),
    next: expect.any(String),
  });
});

test("a missing file, a folder, a pipe and a file without read permission are refused", async () => {
  const refusal = (name: string) => Readable.from(readRecords(join(dir, name), name)).toArray();
  await expect(refusal("none.jsonl")).rejects.toMatchObject({ code: "data.missing", exit: "data" });
  await mkdir(join(dir, "folder.jsonl"));
  await expect(refusal("folder.jsonl")).rejects.toMatchObject({ code: "data.folder", exit: "data" });
  execFileSync("mkfifo", [join(dir, "pipe.jsonl")]);
  await expect(refusal("pipe.jsonl")).rejects.toMatchObject({ code: "data.unreadable", exit: "data" });
  await writeFile(join(dir, "locked.jsonl"), '{"a":1}\n');
  await chmod(join(dir, "locked.jsonl"), 0o000);
  // root reads everything
  if (process.getuid?.() !== 0)
    await expect(refusal("locked.jsonl")).rejects.toMatchObject({ code: "data.unreadable" });
});
