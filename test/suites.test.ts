// Suites the whole way, on the tiny model: evaluated in the job and by `ft eval run`, gone on with after a kill, compared, and failing closed.
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, expect, it } from "vitest";
import { openStore } from "../src/store/open.js";
import { until } from "./fake-run.js";
import { ft, ftBinary, tinyProject } from "./project.js";

let dir = "";
const json = async (...args: string[]) => {
  const { stdout, exitCode } = await ft([...args, "--json"], dir);
  return { exitCode, ...JSON.parse(stdout) };
};
const colours = ["red", "blue", "green"];
const row = (n: number, more = {}) =>
  JSON.stringify({
    id: `t${n}`,
    messages: [
      { role: "user", content: `ticket ${n}: the ${colours[n % 3]} lamp number ${n * 7} is broken` },
      { role: "assistant", content: `{"colour":"${colours[n % 3]}"}` },
    ],
    metadata: { colour: colours[n % 3] },
    pattern: "colour|",
    ...more,
  });
const suite = (scorers: string) =>
  `  suites:\n    - { name: lamps, type: generate, data: lamps.jsonl, max_new_tokens: 8, slices: [metadata.colour], scorers: ${scorers} }\n`;

beforeAll(async () => {
  dir = tinyProject({ maxSteps: 2 });
  writeFileSync(join(dir, "lamps.jsonl"), Array.from({ length: 24 }, (_, n) => `${row(100 + n)}\n`).join(""));
  const recipe = readFileSync(join(dir, "ft.yaml"), "utf8").replace(/^eval: .*\n/m, "eval:\n  max_new_tokens: 8\n");
  writeFileSync(join(dir, "ft.yaml"), recipe + suite("[exact, chrf, { type: regex, column: pattern }]"));
  const { exitCode, stderr } = await ft(["run"], dir);
  expect(stderr).toContain("lamps: adapter");
  expect(exitCode).toBe(0);
}, 600_000);

it("the job evaluates the candidate, `ft eval run` what is missing, and nothing twice", async () => {
  const shown = await json("eval", "show");
  const names = shown.evaluations.map(
    ({ label, manifest }: never) => `${label} ${(manifest as { suite: { name: string } }).suite.name}`,
  );
  expect(names.sort()).toEqual(["base heldout", "tiny@1 heldout", "tiny@1 lamps"]);

  const first = await json("eval", "run", "base", "tiny");
  expect(first.evaluations.map(({ reused }: { reused: boolean }) => reused)).toEqual([false, true]);
  expect(first.evaluations.map(({ manifest }: { manifest: { items: number } }) => manifest.items)).toEqual([24, 24]);
  const second = await json("eval", "run", "base", "tiny@1", "--suite", "lamps");
  expect(second.evaluations.map(({ reused }: { reused: boolean }) => reused)).toEqual([true, true]);
  const { evaluations } = await json("eval", "run", "--force");
  expect(evaluations[0].reused).toBe(false);
  // What the job made and what was made again are the same, item for item.
  expect(evaluations[0].manifest.id).toBe(first.evaluations[1].manifest.id);
  const [line] = readFileSync(join(dir, ".ft/evals", evaluations[0].manifest.id, "items.jsonl"), "utf8").split("\n");
  expect(JSON.parse(line!)).toMatchObject({
    ...{ item: "t100", slice: { "metadata.colour": "blue" }, cluster: null, error: null, scores: { regex: 1 } },
    ...{ output: expect.any(String), promptTokens: expect.any(Number), inputSha256: expect.stringMatching(/^\w{64}$/) },
    promptSha256: expect.stringMatching(/^\w{64}$/),
  });
  expect(readdirSync(join(dir, ".ft/evals")).filter((name) => name.startsWith("."))).toEqual([]);
});

it("measures any version on today's held-out rows: as the run did on its own, anew on those that came later", async () => {
  const copy = tinyProject();
  cpSync(dir, copy, { recursive: true });
  const heldOut = async (...args: string[]) => {
    const { stdout, stderr } = await ft(["eval", "run", ...args, "--suite", "heldout", "--json"], copy);
    expect(stderr).not.toContain("error");
    return JSON.parse(stdout).evaluations.map(({ reused, manifest }: never) => ({ reused, ...(manifest as object) }));
  };
  const itemsOf = (id: string) =>
    readFileSync(join(copy, ".ft/evals", id, "items.jsonl"), "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  const [base, own] = await heldOut("base", "tiny@1");
  expect([base.reused, own.reused, own.items]).toEqual([true, true, 8]);
  const before = itemsOf(own.id);
  const [again] = await heldOut("tiny@1", "--force");
  expect([again.reused, again.id]).toEqual([false, own.id]);
  for (const [index, { item, inputSha256, promptSha256, output, scores }] of itemsOf(own.id).entries()) {
    expect(before[index]).toMatchObject({ item, inputSha256, promptSha256, output });
    expect(scores.nll).toBeCloseTo(before[index].scores.nll, 4);
  }
  appendFileSync(join(copy, "data/eval.jsonl"), `${row(900)}\n${row(901)}\n`);
  const grown = await heldOut("base", "tiny@1");
  expect(grown.map(({ reused, items }: { reused: boolean; items: number }) => [reused, items])).toEqual([
    [false, 10],
    [false, 10],
  ]);
  expect(grown[1].suite.metrics.map(({ name }: { name: string }) => name)).toEqual([
    "nll",
    "exact_match",
    "json_valid",
  ]);
  expect(itemsOf(grown[1].id).slice(0, 8)).toMatchObject(before.map(({ item, output }) => ({ item, output })));
  const recipe = readFileSync(join(copy, "ft.yaml"), "utf8").replace("eval: data/eval.jsonl", "eval_fraction: 0.1");
  writeFileSync(join(copy, "ft.yaml"), recipe);
  const moving = await ft(["eval", "run", "tiny", "--suite", "heldout", "--json"], copy);
  expect([moving.exitCode, JSON.parse(moving.stdout).error.code]).toEqual([2, "eval.heldout-moves"]);
}, 600_000);

it("compares side by side in the terminal, as Markdown, a page and JSON; the index can be rebuilt", async () => {
  await ft(["eval", "run", "base"], dir);
  rmSync(join(dir, ".ft/ft.db"));
  const compared = await json("eval", "compare");
  expect(compared.candidate).toBe("tiny@1");
  const lamps = compared.suites.find(({ name }: { name: string }) => name === "lamps");
  expect(lamps).toMatchObject({ labels: ["base", "tiny@1"], items: 24, missing: [] });
  expect(lamps.comparison.rows[1]).toMatchObject({
    metric: { name: "chrf" },
    against: [{ label: "base", result: { n: 24, low: expect.any(Number), high: expect.any(Number) } }],
  });
  const slices = lamps.comparison.slices[0].values.map(({ value }: { value: string }) => value);
  expect([lamps.comparison.slices[0].field, slices.sort()]).toEqual(["metadata.colour", ["blue", "green", "red"]]);
  const text = await ft(["eval", "compare", "base", "tiny@1", "--suite", "lamps", "--html", "page.html"], dir);
  expect(text.stdout).toMatch(/lamps: tiny@1 against base[\s\S]*95 % interval[\s\S]*lamps\/exact by metadata.colour/);
  expect(readFileSync(join(dir, "page.html"), "utf8")).toContain("lamps: tiny@1 against base");
  const { stdout } = await ft(["eval", "compare", "--md"], dir);
  expect(stdout).toMatch(/### lamps: tiny@\S?1 against base/); // no mention of a person
  const shown = await ft(["eval", "show", "tiny", "--md"], dir);
  expect(shown.stdout).toMatch(/### lamps +\(generate, 24 items\)/);
});

it("goes on where it was killed, and of two at once one alone does", async () => {
  const copy = tinyProject();
  cpSync(dir, copy, { recursive: true });
  const recipe = readFileSync(join(copy, "ft.yaml"), "utf8");
  writeFileSync(join(copy, "many.jsonl"), Array.from({ length: 400 }, (_, n) => `${row(n)}\n`).join(""));
  writeFileSync(
    join(copy, "ft.yaml"),
    recipe.replace("lamps.jsonl", "many.jsonl").replace("max_new_tokens: 8, slices", "max_new_tokens: 24, slices"),
  );
  const child = execa(process.execPath, [ftBinary, "eval", "run", "base"], {
    cwd: copy,
    reject: false,
    detached: true,
  });
  const evals = join(copy, ".ft/evals");
  const answers = () => {
    const work = readdirSync(evals).find((name) => name.startsWith(".work-") && !name.endsWith(".lock"));
    const file = work && join(evals, work, "out/suites/lamps/items.jsonl");
    return file && existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
  };
  await until(() => answers() > 0, 200_000);
  process.kill(-child.pid!, "SIGKILL");
  await child;
  const before = answers();
  expect(before).toBeLessThan(400);
  const both = await Promise.all([1, 2].map(() => ft(["eval", "run", "base", "--json"], copy)));
  const told = both.map(({ stdout, stderr }) => ({ evaluations: JSON.parse(stdout).evaluations, stderr }));
  const [again, waited] = told.sort((one, two) => one.evaluations[0].reused - two.evaluations[0].reused);
  expect(again!.evaluations).toMatchObject([{ reused: false, manifest: { items: 400 } }]);
  // The first count that it tells is what was there.
  expect(Number(/answers of base: (\d+) of 400/.exec(again!.stderr)?.[1])).toBeGreaterThanOrEqual(before);
  expect(waited!.stderr).toMatch(/waiting for another ft \(process \d+\) that evaluates base/);
  expect(waited!.evaluations).toMatchObject([{ reused: true, manifest: { items: 400 } }]);
});

it("a scorer that fails on one item leaves the evaluation incomplete, says so, and ends with 7", async () => {
  appendFileSync(join(dir, "lamps.jsonl"), `${row(200, { pattern: "(" })}\n`);
  const { exitCode, stderr } = await ft(["eval", "run"], dir);
  expect(exitCode).toBe(7);
  expect(stderr).toContain("1 item of suite lamps could not be scored for tiny@1");
  const shown = await ft(["eval", "show", "tiny", "--suite", "lamps"], dir);
  expect(shown.stdout).toMatch(/lamps.jsonl:25.*t200.*regex: Invalid/);
  expect((await ft(["eval", "compare", "--suite", "lamps"], dir)).stdout).toMatch(
    /Not against base: it was evaluated on other items[\s\S]*1 item of tiny@1 could not be scored/,
  );
});

it("finds a suite's items in the training data, and ends with 4 then", async () => {
  const copy = tinyProject();
  cpSync(dir, copy, { recursive: true });
  const clean = await ft(["eval", "audit"], copy);
  expect([clean.exitCode, clean.stdout]).toEqual([0, expect.stringContaining("No item is in the training data")]);
  const { messages } = JSON.parse(row(105));
  appendFileSync(join(copy, "data/train.jsonl"), `${JSON.stringify({ messages })}\n`);
  const { exitCode, stdout } = await ft(["eval", "audit", "--json"], copy);
  const { suites } = JSON.parse(stdout);
  expect(exitCode).toBe(4);
  expect(suites[0].found).toContainEqual(
    expect.objectContaining({ item: "t105", how: "exact", row: { file: "data/train.jsonl", line: 65 } }),
  );
});

it("takes what a person's own program prints, once for each subject", async () => {
  const copy = tinyProject();
  cpSync(dir, copy, { recursive: true });
  const script =
    "import json, os, sys\nprint('loading', file=sys.stderr)\nassert os.path.isfile(sys.argv[1] + '/config.json')\n";
  // The first one waits until the test has seen that a second ft waits for it.
  const waits = "import time\nopen('began', 'a').write('x')\nwhile not os.path.exists('go'): time.sleep(0.05)\n";
  const results =
    "for n in range(5): print(json.dumps({'item': n, 'scores': {'adapted': int(sys.argv[2] != ''), 'ms': n * 2.5}}))\n";
  writeFileSync(join(copy, "score.py"), script + waits + results);
  appendFileSync(
    join(copy, "ft.yaml"),
    '    - { name: own, type: command, run: [python3, score.py, "{model}", "{adapter}"], metrics: { ms: lower } }\n',
  );
  const start = () => ft(["eval", "run", "base", "tiny", "--suite", "own", "--json"], copy);
  const run = async (started = start()) => {
    const { stdout, exitCode } = await started;
    const evaluations: { reused: boolean; results: { result: { mean: number } }[] }[] = JSON.parse(stdout).evaluations;
    return [exitCode, ...evaluations.map(({ reused, results }) => [reused, ...results.map((one) => one.result.mean)])];
  };
  const one = run();
  await until(async () => existsSync(join(copy, "began")), 120_000);
  const other = start();
  let said = "";
  other.stderr.on("data", (part) => {
    said += part;
  });
  await until(async () => /waiting for another ft \(process \d+\) that evaluates own of base/.test(said), 120_000);
  writeFileSync(join(copy, "go"), "");
  // Who of the two then evaluates the adapter is open; each subject is evaluated once.
  const both = await Promise.all([one, run(other)]);
  expect(both.map(([exitCode, base]) => [exitCode, base])).toEqual([
    [0, [false, 0, 5]],
    [0, [true, 0, 5]],
  ]);
  expect(readFileSync(join(copy, "began"), "utf8")).toBe("xx");
  const store = openStore(copy);
  store.exec("DELETE FROM evaluations"); // as a migration does: the folders know it
  store.close();
  expect(await run()).toEqual([0, [true, 0, 5], [true, 1, 5]]);
  const { stdout } = await ft(["eval", "compare", "--suite", "own"], copy);
  expect(stdout).toMatch(/adapted +0.0 % +100.0 % +\+100.0 pts/);
  const partlyBroken = 'import sys\nprint(\'{"item": 1, "score": 1}\')\nif sys.argv[2]: print("hello")\n';
  writeFileSync(join(copy, "score.py"), partlyBroken);
  const broken = await ft(["eval", "run", "--suite", "own"], copy);
  expect([broken.exitCode, broken.stderr]).toEqual([7, expect.stringMatching(/printed.jsonl:2[\s\S]*it is no JSON/)]);
  const [, kept] = /(\.ft\/evals\/\S+printed.jsonl):2/.exec(broken.stderr)!;
  // Each subject has its own: one that is evaluated meanwhile leaves it.
  expect((await ft(["eval", "run", "base", "--suite", "own"], copy)).exitCode).toBe(0);
  expect(existsSync(join(copy, kept!))).toBe(true);
  writeFileSync(join(copy, "score.py"), "raise SystemExit('no such benchmark')");
  const failed = await ft(["eval", "run", "--suite", "own"], copy);
  expect([failed.exitCode, failed.stderr]).toEqual([7, expect.stringContaining("exit code 1: no such benchmark")]);
});

it("runs lm-eval on the adapter and takes each of its samples over", async () => {
  const copy = tinyProject();
  cpSync(dir, copy, { recursive: true });
  mkdirSync(join(copy, "tasks"));
  const docs = Array.from(
    { length: 6 },
    (_, n) => `${JSON.stringify({ q: `the colour of lamp ${n} is`, a: n % 3 })}\n`,
  );
  writeFileSync(join(copy, "docs.jsonl"), docs.join(""));
  const task = `task: lamp
dataset_path: json
dataset_kwargs: { data_files: { test: ${join(copy, "docs.jsonl")} } }
test_split: test
output_type: multiple_choice
doc_to_text: "{{q}}"
doc_to_target: "{{a}}"
doc_to_choice: [" red", " blue", " green"]
metric_list: [{ metric: acc }]
`;
  writeFileSync(join(copy, "tasks/lamp.yaml"), task);
  appendFileSync(
    join(copy, "ft.yaml"),
    "    - { name: lm, type: lm-eval, tasks: [lamp], include_path: tasks, limit: 5 }\n",
  );
  const { stdout, exitCode, stderr } = await ft(["eval", "run", "--suite", "lm", "--json"], copy);
  expect([exitCode, exitCode === 0 ? "" : stderr]).toEqual([0, ""]);
  const [{ manifest }] = JSON.parse(stdout).evaluations;
  expect(manifest).toMatchObject({
    ...{ items: 5, errors: 0, tools: { "lm-eval": expect.any(String) } },
    suite: { type: "lm-eval", metrics: [{ name: "acc", better: "higher" }] },
  });
  const items = readFileSync(join(copy, ".ft/evals", manifest.id, "items.jsonl"), "utf8")
    .trim()
    .split("\n");
  expect(JSON.parse(items[4]!)).toMatchObject({
    ...{ item: "lamp/4", slice: { task: "lamp" }, scores: { acc: expect.any(Number) } },
  });
  writeFileSync(join(copy, "ft.yaml"), readFileSync(join(copy, "ft.yaml"), "utf8").replace("[lamp]", "[no_such_task]"));
  const unknown = await ft(["eval", "run", "--suite", "lm"], copy);
  expect([unknown.exitCode, unknown.stderr]).toEqual([
    7,
    expect.stringContaining("lm-eval could not evaluate suite lm"),
  ]);
}, 900_000);

it.each([
  [
    "the same id twice",
    `${row(1)}\n${row(1)}\n`,
    "lamps.jsonl:2: the same row is there twice, first in lamps.jsonl:1",
    4,
  ],
  ["another row of the same id", `${row(1)}\n${row(2, { id: "t1" })}\n`, "lamps.jsonl:2: id t1 is there twice", 4],
  ["a row without a scorer's column", `${row(1, { pattern: undefined })}\n`, 'lamps.jsonl:1: no column "pattern"', 4],
  ["no rows", "", "the data file lamps.jsonl is empty", 4],
])("refuses %s", async (_, rows, wanted, code) => {
  const copy = tinyProject();
  cpSync(dir, copy, { recursive: true });
  writeFileSync(join(copy, "lamps.jsonl"), rows);
  for (const command of [
    ["eval", "run"],
    ["run", "--force"],
  ]) {
    const { exitCode, stderr } = await ft(command, copy);
    expect([exitCode, stderr]).toEqual([code, expect.stringContaining(wanted)]);
  }
});

it("names the place of a suite's file that is missing, an unknown scorer, an unknown suite", async () => {
  const copy = tinyProject();
  cpSync(dir, copy, { recursive: true });
  const recipe = readFileSync(join(dir, "ft.yaml"), "utf8");
  writeFileSync(join(copy, "ft.yaml"), recipe.replace("lamps.jsonl", "none.jsonl"));
  expect((await ft(["eval", "run"], copy)).stderr).toMatch(/none.jsonl does not exist\n {2}at ft.yaml:9:\d+/);
  writeFileSync(join(copy, "ft.yaml"), recipe.replace("[exact,", "[exakt,"));
  expect((await ft(["eval", "run"], copy)).stderr).toMatch(
    /ft.yaml:9:\d+: .*cannot be "exakt"\n +did you mean exact\?/,
  );
  const { exitCode, stderr } = await ft(["eval", "run", "--suite", "lmaps"], dir);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining("no suite lmaps")]);
});
