// Where rows may come from, on the command line and in a recipe: folders, patterns, stdin, packed and columnar files, the Hub.
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeEach, expect, test } from "vitest";
import { startFakeHub } from "../../../test/fake-hub.js";
import { runFt } from "../../../test/run-ft.js";
import { loadRecipe } from "../../recipes/load.js";

let cwd: string;

const row = (n: number) => `{"prompt": "q${n}", "completion": "a${n}"}\n`;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "ft-sources-"));
  mkdirSync(join(cwd, "rows/more"), { recursive: true });
  writeFileSync(join(cwd, "rows/b.jsonl"), row(1) + row(2));
  writeFileSync(join(cwd, "rows/a.jsonl.gz"), gzipSync(row(3)));
  writeFileSync(join(cwd, "rows/.hidden.jsonl"), row(4));
  writeFileSync(join(cwd, "rows/README.txt"), "about these rows\n");
  writeFileSync(join(cwd, "rows/more/c.jsonl"), row(5));
  symlinkSync("..", join(cwd, "rows/more/loop"));
  symlinkSync("b.jsonl", join(cwd, "rows/z.jsonl"));
});

async function check(args: string[], options: { stdin?: string | Buffer; env?: Record<string, string> } = {}) {
  const { code, out, err } = await runFt(["data", "check", ...args, "--json"], { cwd, ...options });
  expect(code, out + err).toBe(0);
  const { files, rows } = JSON.parse(out);
  return { files, rows };
}

test("a folder is its data files, one level deep, sorted; links to one file are one file", async () => {
  expect(await check(["rows"])).toEqual({ files: ["rows/a.jsonl.gz", "rows/b.jsonl"], rows: 3 });
});

test("a pattern is what it matches, through folders, and a loop of links ends", async () => {
  expect(await check(["rows/*.jsonl"])).toEqual({ files: ["rows/b.jsonl"], rows: 2 });
  const { files, rows } = await check(["rows/**/*.jsonl"]);
  expect(files).toEqual(["rows/b.jsonl", "rows/more/c.jsonl"]);
  expect(rows).toBe(3);
});

test("files, folders and patterns together: what is named twice is checked once", async () => {
  expect(await check(["rows/b.jsonl", "rows", "rows/**/*.jsonl"])).toMatchObject({ rows: 4 });
});

test("- is stdin, of any kind, and leaves nothing behind", async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith("ft-stdin-"));
  expect(await check(["-"], { stdin: row(1) + row(2) })).toEqual({ files: ["-"], rows: 2 });
  expect(await check(["-"], { stdin: gzipSync(row(1)) })).toEqual({ files: ["-"], rows: 1 });
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith("ft-stdin-"))).toEqual(before);
  await runFt(["data", "fix", "-", "--out", "fixed"], { cwd, stdin: row(1) });
  expect(readdirSync(join(cwd, "fixed")).sort()).toEqual(["fixes.jsonl", "stdin.jsonl"]);
});

test("a recipe's patterns and folders, and its text rows", async () => {
  writeFileSync(join(cwd, "essay.txt"), "one\ntwo\n\nthree\n");
  const recipe = (data: string) => `name: x\nmodel: { base: org/not-here }\nmethod: lora\ndata: { ${data} }\n`;
  writeFileSync(join(cwd, "ft.yaml"), recipe("train: [rows/*.jsonl, { path: rows/more, weight: 2 }], eval: rows/a.*"));
  const mixed = await runFt(["data", "check", "--json"], { cwd });
  expect(JSON.parse(mixed.out)).toMatchObject({
    files: ["rows/b.jsonl", "rows/more/c.jsonl", "rows/a.jsonl.gz"],
    facts: { train: { rows: 4 }, eval: { rows: 1 } },
  });
  writeFileSync(join(cwd, "ft.yaml"), recipe("train: essay.txt, text_rows: paragraphs"));
  const essay = await runFt(["data", "check", "--json"], { cwd });
  expect(JSON.parse(essay.out)).toMatchObject({ rows: 2, formats: { "essay.txt": "text" } });
});

test("a dataset of the Hub", async () => {
  const hub = await startFakeHub("acme/chats", { "train.jsonl": Buffer.from(row(1)) }, { type: "dataset" });
  const env = { HF_HOME: join(cwd, "hf"), HF_ENDPOINT: hub.url, FT_CACHE: join(cwd, "cache") };
  const files = ["hf://datasets/acme/chats/train.jsonl"];
  expect(await check(["hf://datasets/acme/chats"], { env })).toEqual({ files, rows: 1 });
  await hub.close();
  expect(await check(["hf://datasets/acme/chats"], { env })).toEqual({ files, rows: 1 });
});

const refusals: { name: string; args: string[]; code: number; says: string[] }[] = [
  { name: "a file that is not there", args: ["rows/b.json"], code: 4, says: ["did you mean rows/b.jsonl?"] },
  { name: "a pattern without a match", args: ["rows/*.jsonx"], code: 4, says: ["no file matches", "rows holds"] },
  { name: "a folder without data", args: ["empty"], code: 4, says: ["empty holds no data files"] },
  {
    name: "a folder of several kinds",
    args: ["kinds"],
    code: 4,
    says: [".csv, .jsonl", "kinds/*.csv or kinds/*.jsonl"],
  },
  { name: "a Hub address with a slip", args: ["hf://datasets/o/n?splitt=x"], code: 4, says: ["did you mean split?"] },
];

test.each(refusals)("$name is refused, with what to do", async ({ args, code, says }) => {
  mkdirSync(join(cwd, "empty"));
  mkdirSync(join(cwd, "kinds"));
  writeFileSync(join(cwd, "kinds/a.csv"), "a\n1\n");
  writeFileSync(join(cwd, "kinds/b.jsonl"), row(1));
  const result = await runFt(["data", "check", ...args], { cwd });
  expect(result.code).toBe(code);
  for (const each of says) expect(result.err).toContain(each);
});

test.each(["*.jsonl", "rows", "hf://datasets/acme/chats?config=en&split=test"])(
  "ft init --data %s writes it as it is, and does not ask for the rows",
  async (data) => {
    writeFileSync(join(cwd, "here.jsonl"), row(1));
    const args = ["init", "--base", "smollm2-135m", "--method", "lora", "--data", data];
    const { code, err } = await runFt(args, { cwd });
    expect(code, err).toBe(0);
    expect(err).not.toContain("put your rows");
    const { recipe } = loadRecipe("ft.yaml", { cwd, env: {} });
    expect(recipe.data.train).toMatchObject([{ path: data }]);
  },
);

test("a recipe cannot train on stdin", async () => {
  writeFileSync(join(cwd, "ft.yaml"), 'name: x\nmodel: { base: ./base }\nmethod: lora\ndata: { train: "-" }\n');
  const { code, err } = await runFt(["run", "--dry-run"], { cwd });
  expect(code).toBe(3);
  expect(err).toContain("a run must be repeatable");
});
