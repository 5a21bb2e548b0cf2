// `ft data stats` as people call it: text, JSON and a page.
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { requiredEnv } from "../../../test/project.js";
import { runFt } from "../../../test/run-ft.js";

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "ft-data-stats-"));
  const rows = Array.from({ length: 40 }, (_, at) => ({ prompt: `Is ${at} even?`, completion: at % 4 ? "yes" : "no" }));
  await writeFile(join(cwd, "rows.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
});

test("the text fits 80 columns, has no colour when piped, and tells lengths, roles and labels", async () => {
  const { code, out } = await runFt(["data", "stats", "rows.jsonl"], { cwd });
  expect(code).toBe(0);
  expect(out).toMatch(/^rows\.jsonl\n40 rows in 1 file\n/);
  expect(out).toContain("answers: 2 distinct ones\n  yes  30  ████████████████████████████████████████  75.0 %\n");
  expect(out).toMatch(/characters of a row\n {2}mean [\d.]+ {2}p50 \d+/);
  expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(out).not.toContain("\u001b");
});

test("--model adds tokens: lengths, what is cut at --max-length, the trained share", async () => {
  const args = ["data", "stats", "rows.jsonl", "--model", requiredEnv("FT_TEST_MODEL"), "--max-length", "24", "--json"];
  const { code, out } = await runFt(args, { cwd });
  expect(code).toBe(0);
  const { tokens } = JSON.parse(out);
  expect(tokens).toMatchObject({ maxLength: 24, sequences: 40, overLength: 40 });
  expect(tokens.cutTokens).toBe(tokens.length.sum - 40 * 24);
  const whole = await runFt([...args.slice(0, -3), "--max-length", "512", "--json"], { cwd });
  const { trainedShare, length, trained, packing } = JSON.parse(whole.out).tokens;
  expect(trainedShare).toBeCloseTo(trained.sum / length.sum, 10);
  expect(packing.sequences).toBe(Math.ceil(length.sum / 512));
});

test("--html writes one page, beside the text or --json", async () => {
  const { code, out, err } = await runFt(["data", "stats", "rows.jsonl", "--html", "page.html", "--json"], { cwd });
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ rows: { read: 40, usable: 40 } });
  expect(err).toBe("wrote page.html\n");
  expect(await readFile(join(cwd, "page.html"), "utf8")).toMatch(/^<!doctype html>[\s\S]*<svg/);
});

test("a recipe names the files and tells training from held-out ones", async () => {
  await writeFile(join(cwd, "held.jsonl"), '{"prompt": "Is 100 even?", "completion": "yes"}\n');
  const recipe = "name: t\nmodel: {base: org/not-here}\nmethod: lora\ndata: {train: rows.jsonl, eval: held.jsonl}\n";
  await writeFile(join(cwd, "other.yaml"), recipe);
  const { out } = await runFt(["data", "stats", "--recipe", "other.yaml", "--json"], { cwd });
  expect(JSON.parse(out).sources).toMatchObject([
    { path: "rows.jsonl", side: "train", rows: 40 },
    { path: "held.jsonl", side: "eval", rows: 1 },
  ]);
  expect(JSON.parse(out).rows.usable).toBe(40);
});

test("--format says what a file does not", async () => {
  const { out } = await runFt(["data", "stats", "rows.jsonl", "--format", "prompt", "--json"], { cwd });
  expect(JSON.parse(out).kinds).toEqual({ prompt: 40 });
});

test("a page that cannot be written is an error with a next step", async () => {
  const { code, err } = await runFt(["data", "stats", "rows.jsonl", "--html", "none/page.html"], { cwd });
  expect(code).toBe(2);
  expect(err).toContain("the page none/page.html cannot be written");
});
