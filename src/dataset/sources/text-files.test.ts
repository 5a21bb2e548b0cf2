// CSV and plain text: lines, quotes, cells that hold JSON, encodings; and what a packed file may unpack to.
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { type DataRecord, type ReadOptions, readRecords } from "./read-records.js";

const dir = await mkdtemp(join(tmpdir(), "ft-text-"));

async function read(name: string, content: string | Buffer, options?: ReadOptions): Promise<DataRecord[]> {
  await writeFile(join(dir, name), content);
  return Readable.from(readRecords(join(dir, name), name, options)).toArray();
}

test("a CSV record has the line on which it begins, over quoted line ends, blank lines and a byte order mark", async () => {
  const sheet = '\ufeffprompt,completion\r\n"a\nb","say ""hi"""\r\n\r\nc,"1,5"\r\nd\r\n';
  expect(await read("rows.csv", sheet)).toEqual([
    { line: 2, value: { prompt: "a\nb", completion: 'say "hi"' } },
    { line: 5, value: { prompt: "c", completion: "1,5" } },
    { line: 6, problem: { rule: "FILE010", message: "the row has 1 cells, and the header 2" } },
  ]);
});

test.each([
  ["rows.csv", ";"],
  ["rows.csv", "|"],
  ["rows.csv", "\t"],
  ["rows.tsv", "\t"],
])("%s: the header shows the delimiter %j", async (name, delimiter) => {
  const rows = await read(name, `prompt${delimiter}completion\n"a, b"${delimiter}c\n`);
  expect(rows).toEqual([{ line: 2, value: { prompt: "a, b", completion: "c" } }]);
});

test("cells are texts, but for lists and objects where formats need them and labels that are true or false", async () => {
  const sheet = `messages,label,score,text\n"[{""role"": ""user"", ""content"": ""12""}]",TRUE,1,[1]\n`;
  expect(await read("json.csv", sheet)).toEqual([
    { line: 2, value: { messages: [{ role: "user", content: "12" }], label: true, score: "1", text: "[1]" } },
  ]);
});

test("a list as Python prints it is told, with what to do", async () => {
  const [record] = await read("repr.csv", `messages\n"[{'role': 'user'}]"\n`);
  expect(record).toMatchObject({ line: 2, problem: { rule: "FILE001", fix: expect.stringContaining("json.dumps") } });
});

const refused: { what: string; name: string; content: string | Buffer; code: string }[] = [
  { what: "a CSV of its header only", name: "header.csv", content: "a,b\n", code: "data.empty" },
  { what: "a column named twice", name: "twice.csv", content: "a,a\n1,2\n", code: "data.header" },
  { what: "a quote that is never closed", name: "open.csv", content: 'a,b\n1,"2\n3,4\n', code: "data.truncated" },
  { what: "Latin-1", name: "latin.csv", content: Buffer.from("a\nnaïve\n", "latin1"), code: "data.encoding" },
  { what: "UTF-16", name: "wide.csv", content: Buffer.from("\ufeffa,b\n", "utf16le"), code: "data.binary" },
  { what: "a text of blank lines", name: "blank.txt", content: "\n \n", code: "data.empty" },
  { what: "gzip of nothing", name: "none.jsonl.gz", content: gzipSync(""), code: "data.empty" },
];

test.each(refused)("$what is refused as $code", async ({ name, content, code }) => {
  await expect(read(name, content)).rejects.toMatchObject({
    code,
    exit: "data",
    message: expect.stringContaining(name),
    next: expect.any(String),
  });
});

test("a text file is lines, paragraphs or one row", async () => {
  const text = "[one]\r\ntwo\r\n\r\n \r\nthree\r\n";
  expect(await read("rows.txt", text)).toEqual([
    { line: 1, value: { text: "[one]" } },
    { line: 2, value: { text: "two" } },
    { line: 5, value: { text: "three" } },
  ]);
  expect(await read("rows.txt", text, { textRows: "paragraphs" })).toEqual([
    { line: 1, value: { text: "[one]\ntwo" } },
    { line: 5, value: { text: "three" } },
  ]);
  expect(await read("rows.txt", text, { textRows: "file" })).toEqual([
    { line: 1, value: { text: "[one]\ntwo\n\n\nthree" } },
  ]);
});

test("what a file is packed with its bytes say, not its name", async () => {
  const rows = [{ line: 1, value: { a: 1 } }];
  expect(await read("plain.jsonl", gzipSync('{"a":1}\n'))).toEqual(rows);
  expect(await read("plain.jsonl.gz", '{"a":1}\n')).toEqual(rows);
  expect(await read("sheet.csv.gz", gzipSync("a\n1\n"))).toEqual([{ line: 2, value: { a: "1" } }]);
});

test("a few bytes that unpack to gigabytes are stopped at the longest row, in bounded memory", async () => {
  // A zstd frame of blocks that each say "128 KiB of x" in four bytes (RFC 8878, RLE blocks).
  const block = Buffer.from([
    (((128 << 10) << 3) & 0xff) | 2,
    ((128 << 10) >> 5) & 0xff,
    ((128 << 10) >> 13) & 0xff,
    0x78,
  ]);
  const frame = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]), ...Array(40_000).fill(block)]);
  const before = process.memoryUsage().rss;
  await expect(read("bomb.jsonl.zst", Buffer.concat([frame]))).rejects.toMatchObject({ code: "data.row-too-long" });
  expect(process.memoryUsage().rss - before).toBeLessThan(1.5e9);
});
