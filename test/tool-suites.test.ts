// promptfoo and Inspect for real, from their packages, asking the tiny model's adapter through ft's own server: their config files unmodified, every
// result an item, and nothing stored where something is missing.
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { inspect } from "../src/engines/env/engine-lock.js";
import { ensureEnvironment } from "../src/engines/env/ensure-environment.js";
import { ensurePromptfoo } from "../src/engines/env/ensure-promptfoo.js";
import { ft, tinyProject } from "./project.js";

let dir = "";

beforeAll(async () => {
  const options = { env: process.env, onProgress: () => {} };
  await Promise.all([ensurePromptfoo(options), ensureEnvironment(inspect, options)]);
  dir = tinyProject({ maxSteps: 2, evaluated: false });
  const { exitCode, stderr } = await ft(["run"], dir);
  expect(exitCode, stderr).toBe(0);
}, 1_800_000);

/** A copy of the trained project with one suite and its files. */
function withSuite(suite: string, files: Record<string, string>): string {
  const copy = tinyProject();
  cpSync(dir, copy, { recursive: true });
  const recipe = readFileSync(join(dir, "ft.yaml"), "utf8").replace(/^eval: .*\n/m, "");
  writeFileSync(join(copy, "ft.yaml"), `${recipe}eval:\n  max_new_tokens: 8\n  suites:\n    - ${suite}\n`);
  mkdirSync(join(copy, "evals"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(copy, "evals", name), text);
  return copy;
}

async function evaluated(cwd: string, ...args: string[]) {
  const { stdout, stderr, exitCode } = await ft(["eval", "run", ...args, "--json"], cwd);
  expect([exitCode, exitCode === 0 ? "" : stderr]).toEqual([0, ""]);
  const [{ manifest, reused }] = JSON.parse(stdout).evaluations;
  const lines = readFileSync(join(cwd, ".ft/evals", manifest.id, "items.jsonl"), "utf8")
    .trim()
    .split("\n");
  return { manifest, reused, items: lines.map((line) => JSON.parse(line)) };
}

/** What lies in .ft/evals beside the stored evaluations. */
const leftovers = (cwd: string) => readdirSync(join(cwd, ".ft/evals")).filter((name) => name.startsWith("."));

const promptfooConfig = `description: colours
prompts: [file://ask.txt, "Which colour? {{ticket}}"]
providers: [openai:gpt-4o]
defaultTest: { metadata: { team: lamps } }
tests: tests.yaml
`;
const promptfooTests = `- vars: { ticket: "the red lamp is broken" }
  assert:
    - { type: javascript, value: "output.length < 1000", metric: short }
    - { type: contains, value: never-said-by-this-model, metric: polite }
- vars: { ticket: "the blue lamp is broken" }
  metadata: { team: other }
  assert: [{ type: javascript, value: "output.length < 1000" }]
`;

it("runs promptfoo on a config as it is: each test and prompt an item, failed assertions a result, and once", async () => {
  const suite =
    "{ name: pf, type: promptfoo, config: evals/promptfooconfig.yaml, slices: [team], max_new_tokens: 12, metrics: { polite: lower } }";
  const files = {
    "promptfooconfig.yaml": promptfooConfig,
    "tests.yaml": promptfooTests,
    "ask.txt": "Say the colour: {{ticket}}",
  };
  const copy = withSuite(suite, files);
  const { manifest, items } = await evaluated(copy);
  expect(manifest).toMatchObject({
    ...{ items: 4, errors: 0, tools: { promptfoo: "0.123.1" }, decoding: { sampling: false, max_new_tokens: 12 } },
    suite: { type: "promptfoo" },
  });
  expect(
    manifest.suite.metrics.map(({ name, better }: { name: string; better: string }) => `${name} ${better}`),
  ).toEqual([...["pass higher", "score higher", "polite lower", "short higher"]]);
  expect(items.map(({ item, cluster, slice }) => [item, cluster, slice.team])).toEqual([
    ...[
      ["1.1", "1", "lamps"],
      ["1.2", "1", "lamps"],
      ["2.1", "2", "other"],
      ["2.2", "2", "other"],
    ],
  ]);
  expect(items.map(({ scores }) => scores)).toEqual([
    ...[
      { pass: 0, score: 0.5, short: 1, polite: 0 },
      { pass: 0, score: 0.5, short: 1, polite: 0 },
    ],
    ...[
      { pass: 1, score: 1, short: null, polite: null },
      { pass: 1, score: 1, short: null, polite: null },
    ],
  ]);
  for (const { output, outputTokens, promptTokens, latencyMs } of items) {
    expect(output.length).toBeGreaterThan(0);
    expect(outputTokens).toBeLessThanOrEqual(12);
    expect([promptTokens > 0, latencyMs > 0]).toEqual([true, true]);
  }
  expect(leftovers(copy)).toEqual([]);
  expect((await evaluated(copy)).reused).toBe(true);

  appendFileSync(join(copy, "evals/tests.yaml"), '- vars: { ticket: "the green lamp is broken" }\n'); // a file that the config names
  const anew = await evaluated(copy);
  expect([anew.reused, anew.manifest.items, anew.manifest.suite.sha256 === manifest.suite.sha256]).toEqual([
    false,
    6,
    false,
  ]);
  expect(anew.items.slice(0, 4).map(({ inputSha256, output }) => [inputSha256, output])).toEqual(
    items.map(({ inputSha256, output }) => [inputSha256, output]),
  );
}, 1_800_000);

it("names what is wrong with a promptfoo suite: its file, or its config", async () => {
  const suite = "{ name: pf, type: promptfoo, config: evals/c.yaml }";
  const run = (config: Record<string, string>) => ft(["eval", "run"], withSuite(suite, config));
  const missing = await run({});
  expect([missing.exitCode, missing.stderr]).toEqual([
    4,
    expect.stringMatching(/evals\/c.yaml of suite pf does not exist/),
  ]);
  const broken = await run({
    "c.yaml": "prompts: [file://none.txt]\nproviders: [echo]\ntests: [{ vars: { x: 1 } }]\n",
  });
  expect([broken.exitCode, broken.stderr]).toEqual([
    7,
    expect.stringContaining("promptfoo could not evaluate suite pf"),
  ]);
  expect(broken.stderr).toContain("none.txt");
}, 1_800_000);

const inspectTasks = `import json
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.scorer import Score, accuracy, includes, scorer
from inspect_ai.solver import generate
import wording

def samples():
    with open("lamps.json") as file:
        return [Sample(id=one["id"], input=wording.ask(one["colour"]), target=one["colour"], metadata=one) for one in json.load(file)]

@scorer(metrics=[accuracy()])
def short():
    async def score(state, target):
        if target.text == "purple":
            raise ValueError("no such lamp")
        return Score(value=len(state.output.completion) < 1000)
    return score

@task
def lamps(epochs: int = 1):
    return Task(dataset=samples(), solver=generate(), scorer=[includes(), short()], epochs=epochs)

@task
def other():
    raise RuntimeError("is not asked for")
`;
const lamps = (...colours: string[]) =>
  JSON.stringify(colours.map((colour, at) => ({ id: `lamp-${at}`, colour, shade: at % 2 ? "dark" : "light" })));

it("runs an Inspect task as it is: each sample and epoch an item, an error its own, and once", async () => {
  const suite =
    "{ name: insp, type: inspect, task: evals/lamps.py@lamps, args: { epochs: 2 }, limit: 3, slices: [shade], max_new_tokens: 12, metrics: { short: lower } }";
  const files = {
    "lamps.py": inspectTasks,
    "lamps.json": lamps("red", "green", "blue", "purple"),
    "wording.py": "def ask(colour):\n    return f'the {colour} lamp is broken'\n",
  };
  const copy = withSuite(suite, files);
  const { manifest, items } = await evaluated(copy);
  expect(manifest).toMatchObject({
    items: 6,
    errors: 0,
    tools: { "inspect-ai": "0.3.285" },
    suite: { type: "inspect" },
  });
  expect(
    manifest.suite.metrics.map(({ name, better }: { name: string; better: string }) => `${name} ${better}`),
  ).toEqual([...["includes higher", "short lower"]]);
  expect(items.map(({ item, cluster }) => `${item} of ${cluster}`).sort()).toEqual(
    [0, 1, 2].flatMap((at) => [`lamps/lamp-${at} of lamps/lamp-${at}`, `lamps/lamp-${at}#2 of lamps/lamp-${at}`]),
  );
  for (const { item, scores, slice, outputTokens, promptTokens, latencyMs, promptSha256 } of items) {
    expect(scores).toEqual({ includes: expect.any(Number), short: 1 });
    expect(slice).toEqual({ task: "lamps", shade: item.includes("lamp-1") ? "dark" : "light" });
    expect(outputTokens).toBeLessThanOrEqual(12);
    expect([promptTokens > 0, latencyMs > 0, promptSha256.length]).toEqual([true, true, 64]);
  }
  expect(leftovers(copy)).toEqual([]);
  expect((await evaluated(copy)).reused).toBe(true);

  writeFileSync(join(copy, "evals/wording.py"), "def ask(colour):\n    return f'which lamp? {colour}'\n"); // a module that the task imports
  const anew = await evaluated(copy);
  expect([anew.reused, anew.items[0].inputSha256 === items[0].inputSha256]).toEqual([false, false]);

  // One whose scorer fails: the others are kept, and the evaluation is not complete.
  writeFileSync(join(copy, "evals/lamps.json"), lamps("red", "purple"));
  const failed = await ft(["eval", "run"], copy);
  expect([failed.exitCode, failed.stderr]).toEqual([
    7,
    expect.stringContaining("2 items of suite insp could not be scored for tiny@1"),
  ]);
  expect((await ft(["eval", "show", "tiny", "--suite", "insp"], copy)).stdout).toContain("no such lamp");
}, 1_800_000);

it("an Inspect evaluation that fails as a whole is none, though Inspect ends with 0", async () => {
  const copy = withSuite("{ name: insp, type: inspect, task: evals/t.py }", {
    "t.py":
      "from inspect_ai import Task, task\nfrom inspect_ai.dataset import Sample\nfrom inspect_ai.solver import solver\n\n@solver\ndef bad():\n    raise RuntimeError('no solver today')\n\n@task\ndef t():\n    return Task(dataset=[Sample(input='x')], solver=bad())\n",
  });
  const { exitCode, stderr } = await ft(["eval", "run"], copy);
  expect([exitCode, stderr]).toEqual([
    7,
    expect.stringMatching(/inspect could not evaluate suite insp[\s\S]*no solver today/),
  ]);
  expect((await ft(["eval", "show", "tiny", "--json"], copy)).stdout).not.toContain('"insp"');
}, 600_000);
