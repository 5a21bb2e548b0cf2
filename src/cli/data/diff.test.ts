// `ft data diff` as a nightly job calls it.
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { requiredEnv } from "../../../test/project.js";
import { runFt } from "../../../test/run-ft.js";

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "ft-data-diff-"));
  await writeFile(join(cwd, "old.jsonl"), '{"prompt": "a?", "completion": "A"}\n{"prompt": "b?", "completion": "B"}\n');
  await writeFile(
    join(cwd, "same.json"),
    '[{"completion": "B", "prompt": "b?"},\n{"prompt": "a?", "completion": "A"}]\n',
  );
  await writeFile(
    join(cwd, "new.jsonl"),
    '{"prompt": "a?", "completion": "A|1"}\n{"prompt": "c?", "completion": "C"}\n',
  );
});

test("what changed, with the places of examples", async () => {
  const { code, out } = await runFt(["data", "diff", "old.jsonl", "new.jsonl"], { cwd });
  expect(code).toBe(0);
  expect(out).toContain("old.jsonl -> new.jsonl\n1 added, 1 removed, 1 changed; no distribution moved\n");
  expect(out).toMatch(/changed +new\.jsonl:1 +a\? ⏵ A +a\? ⏵ A\|1/);
  expect(out).toMatch(/removed +old\.jsonl:2 +b\? ⏵ B/);
});

test("--exit-code ends with 9 when nothing changed, and only then", async () => {
  const same = await runFt(["data", "diff", "old.jsonl", "same.json", "--exit-code"], { cwd });
  expect(same.code).toBe(9);
  expect(same.out).toContain("nothing changed");
  expect((await runFt(["data", "diff", "old.jsonl", "same.json"], { cwd })).code).toBe(0);
  expect((await runFt(["data", "diff", "old.jsonl", "new.jsonl", "--exit-code"], { cwd })).code).toBe(0);
});

test("--json has rows, examples and drift; --model compares tokens too", async () => {
  const args = ["data", "diff", "old.jsonl", "new.jsonl", "--json"];
  const plain = JSON.parse((await runFt(args, { cwd })).out);
  expect(plain.rows).toEqual({ before: 2, after: 2, unchanged: 0, changed: 1, added: 1, removed: 1 });
  const names = ({ drift }: { drift: { numbers: { name: string }[] } }) => drift.numbers.map(({ name }) => name);
  expect(names(plain)).toEqual(["characters of a row", "turns of a row"]);
  const { out } = await runFt([...args, "--model", requiredEnv("FT_TEST_MODEL")], { cwd });
  expect(names(JSON.parse(out))).toContain("tokens of a sequence");
});

test("--markdown is a comment whose rows stay text; --html a page", async () => {
  const { out } = await runFt(["data", "diff", "old.jsonl", "new.jsonl", "--markdown", "--html", "d.html"], { cwd });
  expect(out).toContain("## old.jsonl -\\> new.jsonl");
  expect(out).toContain("| changed | new.jsonl:1 | a? ⏵ A | a? ⏵ A\\|1 |");
  expect(await readFile(join(cwd, "d.html"), "utf8")).toContain("population stability index");
});

test("--key: rows that changed under one key, whatever changed in them; a row without it ends with 2", async () => {
  const rows = (...all: [string, string, string][]) =>
    all.map(([id, prompt, completion]) => `${JSON.stringify({ meta: { id }, prompt, completion })}\n`).join("");
  await writeFile(join(cwd, "v1.jsonl"), rows(["1", "a?", "A"], ["2", "b?", "B"], ["3", "c?", "C"]));
  await writeFile(join(cwd, "v2.jsonl"), rows(["3", "c?", "C"], ["1", "a, please?", "A"], ["4", "b?", "B"]));
  const { out } = await runFt(["data", "diff", "v1.jsonl", "v2.jsonl", "--key", "meta.id", "--json"], { cwd });
  const { rows: counts, examples } = JSON.parse(out);
  expect(counts).toMatchObject({ unchanged: 1, changed: 1, added: 1, removed: 1 });
  expect(examples.changed).toMatchObject([{ before: { place: { line: 1 } }, after: { place: { line: 2 } } }]);
  const shown = await runFt(["data", "diff", "v1.jsonl", "v2.jsonl", "--key", "meta.id"], { cwd });
  expect(shown.out).toContain("changed: the same meta.id, another row");
  const missing = await runFt(["data", "diff", "v1.jsonl", "old.jsonl", "--key", "meta.id"], { cwd });
  expect(missing).toMatchObject({ code: 2, err: expect.stringContaining("a row has no column meta.id") });
});

test("--format holds for both sides; a missing side ends with 4", async () => {
  const { out } = await runFt(["data", "diff", "old.jsonl", "new.jsonl", "--format", "prompt", "--json"], { cwd });
  expect(JSON.parse(out).examples.added[0].text).toBe("c?");
  const missing = await runFt(["data", "diff", "old.jsonl", "none.jsonl"], { cwd });
  expect(missing.code).toBe(4);
  expect(missing.err).toContain("none.jsonl does not exist");
});
