// Files as other tools write them (pandas, json.dump, spreadsheets): what `ft data` makes of them and says about them.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Float64, Table, tableFromArrays, tableToIPC, vectorFromArray } from "apache-arrow";
import { expect, test } from "vitest";
import { emptyFolder, ft } from "./project.js";

test("NaN in a column that no format reads is null and told once; in one that is read the row is none, and not lost", async () => {
  const text = ["one", "two", "three"];
  const words = vectorFromArray(text);
  const system = vectorFromArray([Number.NaN, null, null], new Float64());
  const dir = project({
    "unused.arrow": tableToIPC(tableFromArrays({ text, score: Float64Array.of(Number.NaN, 1, Number.NaN) }), "stream"),
    "used.arrow": tableToIPC(new Table({ prompt: words, completion: words, system }), "stream"),
  });
  const unused = await check(dir, "unused.arrow", "--rule", "SCH008=off");
  expect(unused).toMatchObject({ ok: true, findings: [{ rule: "FILE011", line: 1 }] });
  await ft(["data", "dedupe", "unused.arrow", "--by", "exact", "--out", "unused.jsonl"], dir);
  expect(linesOf(dir, "unused.jsonl")).toEqual(text.map((each, at) => ({ text: each, score: at === 1 ? 1 : null })));
  await ft(["data", "dedupe", "used.arrow", "--by", "exact", "--out", "used.jsonl"], dir);
  expect(linesOf(dir, "used.dropped.jsonl")).toEqual([
    {
      ...{ file: "used.arrow", line: 1, reason: expect.stringContaining('FILE011: "system": NaN') },
      row: { prompt: "one", completion: "one", system: null },
    },
  ]);
});

test("elements of a JSON array that share a line are told by their number", async () => {
  const rows = Array.from({ length: 12 }, (_, n) => ({
    prompt: `question ${n}`,
    completion: n === 10 ? "" : `answer ${n}`,
  }));
  const dir = project({ "one.json": JSON.stringify(rows), "wrapped.json": JSON.stringify({ version: 1, data: rows }) });
  for (const file of ["one.json", "wrapped.json"]) {
    const { findings } = await check(dir, file);
    // biome-ignore lint/suspicious/noExplicitAny: what --json prints
    expect(findings.map(({ rule, line }: any) => [rule, line])).toContainEqual(["SCH002", 11]);
  }
});

test("a .json file with one conversation is one row, on one line or pretty-printed", async () => {
  const turns = [
    { role: "user", content: "q" },
    { role: "assistant", content: "a" },
  ];
  const row = { id: { tags: ["x"] }, tags: ["y"], messages: turns };
  const dir = project({ "line.json": JSON.stringify(row), "pretty.json": `\n${JSON.stringify(row, null, 2)}\n` });
  for (const file of ["line.json", "pretty.json"]) {
    expect(await check(dir, file)).toMatchObject({ ok: true, rows: 1, formats: { [file]: "messages" } });
  }
  await ft(["data", "fix", "pretty.json", "--out", "fixed"], dir);
  expect(linesOf(dir, "fixed/pretty.jsonl")).toEqual([row]);
});

test("a quote that is never closed is told where its row begins", async () => {
  const dir = project({ "open.csv": 'prompt,completion\nq1,a\n"x","y\nz"\n"open,a\nfoo,bar\n' });
  const { exitCode, stderr } = await ft(["data", "check", "open.csv"], dir);
  expect(exitCode).toBe(4);
  expect(stderr).toContain("open.csv:5");
});

test("a file whose name only ends alike is not offered, and several files are told once while rows are written", async () => {
  const row = (n: number) => `{"prompt": "q${n}", "completion": "a"}\n`;
  const dir = project({ "abc.jsonl": row(1), "tickets.jsonl": row(2) });
  const missing = await ft(["data", "check", "xyz.jsonl"], dir);
  expect(missing.stderr).not.toContain("did you mean");
  const files = ["abc.jsonl", "tickets.jsonl"];
  const { stderr } = await ft(["data", "dedupe", ...files, "--by", "exact", "--out", "out.jsonl"], dir);
  expect(stderr.match(/abc\.jsonl/g)).toHaveLength(1);
});

// biome-ignore lint/suspicious/noExplicitAny: what --json prints
async function check(dir: string, file: string, ...flags: string[]): Promise<any> {
  const { stdout } = await ft(["data", "check", file, "--json", "--rule", "TOK000=off", ...flags], dir);
  return JSON.parse(stdout);
}

function project(files: Record<string, string | Uint8Array>): string {
  const dir = emptyFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
  return dir;
}

function linesOf(dir: string, name: string): unknown[] {
  return readFileSync(join(dir, name), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
