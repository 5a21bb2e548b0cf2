// Reports never go over a person's data: a flag whose file is forgotten takes the next word for it, and that may be the data.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { emptyFolder, ft } from "./project.js";

const rows = '{"prompt": "q", "completion": "a"}\n{"prompt": "p", "completion": "b"}\n';
let dir: string;

beforeAll(() => {
  dir = emptyFolder();
  for (const name of ["a.jsonl", "b.jsonl"]) writeFileSync(join(dir, name), rows);
  writeFileSync(join(dir, "page.html"), "<!doctype html>\n<title>mine</title>\n");
  writeFileSync(
    join(dir, "ft.yaml"),
    "name: t\nmodel: {base: org/not-here}\nmethod: lora\ndata: {train: a.jsonl, eval_fraction: 0}\n",
  );
});

describe("refused, and the file stays as it is", () => {
  test.each([
    ["data check --sarif b.jsonl", "b.jsonl"],
    ["data check --junit b.jsonl", "b.jsonl"],
    ["data check a.jsonl --junit a.jsonl", "a.jsonl"],
    ["data check a.jsonl --baseline b.jsonl --write-baseline", "b.jsonl"],
    ["data stats a.jsonl --html a.jsonl", "a.jsonl"],
    ["data stats a.jsonl --html page.html", "page.html"],
    ["data preview a.jsonl --html b.jsonl", "b.jsonl"],
    ["data diff a.jsonl b.jsonl --html b.jsonl", "b.jsonl"],
    ["plan --html ft.yaml", "ft.yaml"],
  ])("ft %s", async (command, file) => {
    const before = readFileSync(join(dir, file), "utf8");
    const { exitCode, stderr } = await ft(command.split(" "), dir);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`would write over ${file}`);
    expect(readFileSync(join(dir, file), "utf8")).toBe(before);
  });
});

describe("nothing is written to a file called -, nor in the place of a device", () => {
  test.each([
    "data dedupe a.jsonl --out -",
    "data dedupe a.jsonl --out /dev/stdout --force",
    "data split a.jsonl --out x.jsonl --eval-out -",
    "data convert a.jsonl --to messages --out -",
    "data fix a.jsonl --out -",
    "data stats a.jsonl --html -",
    "render --out -",
  ])("ft %s", async (command) => {
    const { exitCode, stdout } = await ft(command.split(" "), dir);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(existsSync(join(dir, "-"))).toBe(false);
    expect(existsSync("/dev/stdout")).toBe(true);
  });
});

test("a report of yesterday is replaced by that of today", async () => {
  const flags = "--sarif s.sarif --junit j.xml --baseline known.json --write-baseline".split(" ");
  for (const command of [["data", "check", "a.jsonl", ...flags], "data stats a.jsonl --html stats.html".split(" ")]) {
    expect((await ft(command, dir)).exitCode).toBe(0);
    expect(await ft(command, dir)).toMatchObject({ exitCode: 0 });
  }
});
