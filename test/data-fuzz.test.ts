// Damaged data files, seeded: every row of them is read or told with its line, whatever the damage; nothing crashes, hangs or is lost.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { tableFromJSON, tableToIPC } from "apache-arrow";
import { expect, test } from "vitest";
import { checkDataset } from "../src/dataset/check-dataset.js";
import { FtError } from "../src/errors.js";
import { pick, type Random, seeded } from "./random-recipe.js";

const files = 250;
const rowsOfFile = 440;

/** Pieces that break readers: of JSON, of UTF-8, of text that is read as structure. */
const pieces = [
  ...['"', "\\", "{", "}", "[", "]", ",", ":", "null", "1e999", "-", "\\u", "\\ud83d", "\u0000", "\r", "\t", "\ufeff"],
  ...["<|im_end|>", "</s>", '"role"', '"__proto__":', '"content":', "9".repeat(400), "[".repeat(300), "é".repeat(40)],
  ...['{"a":', '"tool_calls":[{}]', '"weight":0.5', "\u202e", "\u2028", "\u{1f469}\u200d\u{1f680}"],
].map((piece) => Buffer.from(piece));
const bytes = [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0]].map((each) => Buffer.from(each));

test(`${files * rowsOfFile} damaged rows: as many are counted as there are, and each that is none is told with its line`, async () => {
  const random = seeded(11);
  const dir = mkdtempSync(join(tmpdir(), "ft-fuzz-"));
  const path = join(dir, "rows.jsonl");
  let bad = 0;
  for (let file = 0; file < files; file += 1) {
    // The first line stays whole: by its first bytes a file is JSON lines or refused.
    const lines = Array.from({ length: rowsOfFile }, (_, line) => {
      const whole = Buffer.from(rowText(random, line));
      return line === 0 ? whole : damaged(whole, random);
    });
    writeFileSync(path, Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")])));
    const report = await checked(dir, "rows.jsonl");
    if (report instanceof FtError) {
      // Two ways to read a row are a question about the whole file.
      expect(report.code).toBe("data.ambiguous");
      continue;
    }
    const filled = lines.filter((line) => !isBlank(line)).length;
    expect(report.rows, `file ${file}`).toBe(filled);
    const read = report.sources.reduce((sum, { rows }) => sum + rows, 0);
    const told = new Set(report.findings.filter(({ severity }) => severity === "error").map(({ line }) => line));
    for (const line of told) expect(isBlank(lines[line - 1]), `line ${line} of file ${file}`).toBe(false);
    expect(told.size).toBeGreaterThanOrEqual(filled - read);
    bad += filled - read;
  }
  expect(bad).toBeGreaterThan(files * 20);
}, 240_000);

test("damaged files of other kinds are read or refused by name", async () => {
  const random = seeded(12);
  const dir = mkdtempSync(join(tmpdir(), "ft-fuzz-"));
  const rows = Array.from({ length: 40 }, (_, line) => JSON.parse(rowText(random, line * 4)));
  const table = tableFromJSON(
    rows.map(({ messages }) => ({ prompt: messages[0].content, completion: messages[1].content })),
  );
  const whole: Record<string, Buffer> = {
    "rows.json": Buffer.from(JSON.stringify(rows, null, 1)),
    "rows.jsonl.gz": gzipSync(rows.map((row) => JSON.stringify(row)).join("\n")),
    "rows.csv": Buffer.from(
      ["prompt,completion", ...rows.map(({ messages: [q, a] }) => `"${q.content}","${a.content}"`)].join("\n"),
    ),
    "rows.txt": Buffer.from("one\n\ntwo\n"),
    "rows.arrow": Buffer.from(tableToIPC(table, "file")),
    "stream.arrow": Buffer.from(tableToIPC(table, "stream")),
  };
  for (const [name, content] of Object.entries(whole)) {
    for (let round = 0; round < 60; round += 1) {
      writeFileSync(join(dir, name), damaged(content, random));
      const report = await checked(dir, name);
      if (!(report instanceof FtError)) expect(report.rows).toBeGreaterThan(0);
      else expect(report.message, `${name}, round ${round}`).not.toContain("internal");
    }
  }
}, 240_000);

/** FtError where the file is refused as a whole; anything else that is thrown fails the test. */
async function checked(dir: string, path: string) {
  const source = { dir, train: [{ path, format: "auto" as const, weight: 1 }], format: "auto" as const, seed: 0 };
  try {
    return await checkDataset({ ...source, model: null });
  } catch (error) {
    if (error instanceof FtError) return error;
    throw error;
  }
}

function rowText(random: Random, line: number): string {
  const ask = `question ${line} ${Math.floor(random() * 1e6)}`;
  const call = { type: "function", function: { name: "f", arguments: { x: 1.5, town: "Köln" } } };
  const turns = [
    { role: "user", content: ask },
    line % 4 === 3
      ? { role: "assistant", content: "", tool_calls: [call] }
      : { role: "assistant", content: `answer ${line} 👍` },
  ];
  return JSON.stringify({ messages: turns, ...(line % 4 === 3 && { tools: [call] }), id: line });
}

/** Half of them stay whole; the others get one to three cuts, insertions, swaps or repeats. */
function damaged(whole: Buffer, random: Random): Buffer {
  if (random() < 0.5) return whole;
  let text = whole;
  for (let times = 1 + Math.floor(random() * 3); times > 0; times -= 1) {
    const at = Math.floor(random() * (text.length + 1));
    const to = Math.min(text.length, at + Math.floor(random() * 12));
    const piece = pick(random, random() < 0.85 ? pieces : bytes);
    const middle = pick(random, [
      Buffer.alloc(0),
      piece,
      text.subarray(at, to),
      Buffer.concat([piece, text.subarray(at, to)]),
    ]);
    text = Buffer.concat([text.subarray(0, at), middle, text.subarray(random() < 0.1 ? text.length : to)]);
  }
  return text;
}

function isBlank(line: Buffer | undefined): boolean {
  return line === undefined || line.toString("latin1").trim() === "";
}
