// From the evaluator's lines to a comparison: real files in, rows out, and nothing compared that is not whole.
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { compare } from "./comparison.js";
import { readEvaluation } from "./results.js";

const metrics = ["loss", "exact_match", "json_valid"];
let dir = "";
let resultsFile = "";

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ft-eval-"));
  mkdirSync(join(dir, "eval"));
  mkdirSync(join(dir, "out/eval"), { recursive: true });
  resultsFile = join(dir, "out/eval/items.jsonl");
});

const jsonl = (rows: unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const question = (item: number, reference: string) => ({
  item: String(item),
  file: "held-out.jsonl",
  line: item + 1,
  messages: [{ role: "user", content: `question ${item}` }],
  reference,
});
const answer = (item: number, variant: string, output: string | null, nll = 10, tokens = 5) => ({
  ...{ item: String(item), variant, nll, tokens, output, promptTokens: 7, outputTokens: 3, latencyMs: 12.5 },
});
/** Four questions with JSON references: the adapter answers 0-2 right; the base only 3, and says prose to the others. */
function writeFour(): void {
  const items = [0, 1, 2, 3].map((item) => question(item, `{"n": ${item}}`));
  writeFileSync(join(dir, "eval/items.jsonl"), jsonl(items));
  const base = [0, 1, 2, 3].map((item) =>
    answer(item, "base", item === 3 ? '{"n":3}' : "Sure! It is 1.", 20 + item, 5),
  );
  const adapter = [0, 1, 2, 3].map((item) => answer(item, "adapter", item < 3 ? `{"n":${item}}` : "{}", 5 + item, 5));
  writeFileSync(resultsFile, jsonl([...base, ...adapter]));
}
const evaluation = () => {
  const read = readEvaluation(dir);
  if (!read) throw new Error("no evaluation");
  return read;
};

it("compares every metric on the same examples", () => {
  writeFour();
  const { rows, examples, flips } = compare(evaluation(), { metrics });
  expect(examples).toBe(4);
  expect(rows.map(({ metric, base, adapter, n }) => ({ metric, base, adapter, n }))).toEqual([
    { metric: "loss", base: 86 / 20, adapter: 26 / 20, n: 4 },
    { metric: "perplexity", base: Math.exp(86 / 20), adapter: Math.exp(26 / 20), n: 4 },
    { metric: "exact_match", base: 0.25, adapter: 0.75, n: 4 },
    { metric: "json_valid", base: 0.25, adapter: 1, n: 4 },
  ]);
  for (const { low, difference, high } of rows) {
    expect(low).toBeLessThanOrEqual(difference + 1e-12);
    expect(high).toBeGreaterThanOrEqual(difference - 1e-12);
  }
  expect(flips.map(({ item, fixed }) => [item.item, fixed])).toEqual([
    ["0", true],
    ["1", true],
    ["2", true],
    ["3", false],
  ]);
});

it("takes the first rows only, and the asked metrics only", () => {
  writeFour();
  const { rows } = compare(evaluation(), { metrics: ["exact_match"], rows: 2 });
  expect(rows.map(({ metric, n, adapter }) => [metric, n, adapter])).toEqual([["exact_match", 2, 1]]);
});

it("weights the loss by tokens, and needs no answers for plain text", () => {
  writeFileSync(
    join(dir, "eval/items.jsonl"),
    jsonl([0, 1].map((item) => ({ item: String(item), file: "x", line: item + 1, text: "t" }))),
  );
  const results = [
    answer(0, "base", null, 10, 10),
    answer(1, "base", null, 90, 30),
    answer(0, "adapter", null, 5, 10),
    answer(1, "adapter", null, 15, 30),
  ];
  writeFileSync(resultsFile, jsonl(results));
  const { rows } = compare(evaluation(), { metrics });
  expect(rows.map(({ metric, base, adapter }) => [metric, base, adapter])).toEqual([
    ["loss", 2.5, 0.5],
    ["perplexity", Math.exp(2.5), Math.exp(0.5)],
  ]);
});

it("has no JSON row where no reference is JSON", () => {
  writeFileSync(join(dir, "eval/items.jsonl"), jsonl([question(0, "Paris")]));
  writeFileSync(resultsFile, jsonl([answer(0, "base", "Rome"), answer(0, "adapter", "Paris")]));
  expect(compare(evaluation(), { metrics: ["exact_match", "json_valid"] }).rows.map(({ metric }) => metric)).toEqual([
    "exact_match",
  ]);
});

it("leaves an example whose answer was cut away out of the loss, and only there", () => {
  writeFour();
  const cut = (text: string, item: number): string =>
    text
      .replace(`"nll":${20 + item},"tokens":5`, '"nll":null,"tokens":0')
      .replace(`"nll":${5 + item},"tokens":5`, '"nll":null,"tokens":0');
  writeFileSync(resultsFile, cut(readFileSync(resultsFile, "utf8"), 1));
  const { rows } = compare(evaluation(), { metrics });
  expect(rows.map(({ metric, n }) => [metric, n])).toEqual([
    ["loss", 3],
    ["perplexity", 3],
    ["exact_match", 4],
    ["json_valid", 4],
  ]);
});

it("has no NaN with one example or none", () => {
  writeFileSync(join(dir, "eval/items.jsonl"), jsonl([question(0, "Paris")]));
  writeFileSync(resultsFile, jsonl([answer(0, "base", "Rome"), answer(0, "adapter", "Paris")]));
  for (const row of compare(evaluation(), { metrics }).rows) {
    for (const value of [row.base, row.adapter, row.difference, row.low, row.high]) expect(value).not.toBeNaN();
  }
  writeFileSync(join(dir, "eval/items.jsonl"), "");
  writeFileSync(resultsFile, "");
  expect(compare(evaluation(), { metrics })).toEqual({ rows: [], examples: 0, flips: [] });
});

it.each<[string, (text: string) => string, string]>([
  ["a missing result", (text) => text.split("\n").slice(0, -2).join("\n"), "eval.incomplete"],
  ["a torn last line", (text) => text.slice(0, -20), "eval.incomplete"],
  ["a NaN loss, as Python writes it", (text) => text.replace('"nll":21', '"nll": NaN'), "eval.not-finite"],
  ["a null loss", (text) => text.replace('"nll":21', '"nll":null'), "eval.not-finite"],
  ["an answer that was not generated", (text) => text.replace('"output":"{}"', '"output":null'), "eval.incomplete"],
  ["other tokens for base and adapter", (text) => text.replace('"tokens":5', '"tokens":6'), "eval.tokens-differ"],
])("refuses to compare with %s", (_name, spoil, code) => {
  writeFour();
  writeFileSync(resultsFile, spoil(readFileSync(resultsFile, "utf8")));
  expect(() => compare(evaluation(), { metrics })).toThrow(expect.objectContaining({ code, exit: "training" }));
});

it("refuses results of other items, and items that cannot be read", () => {
  writeFour();
  writeFileSync(resultsFile, jsonl([answer(9, "base", "x")]));
  expect(() => readEvaluation(dir)).toThrow(expect.objectContaining({ code: "eval.foreign-item" }));
  writeFileSync(join(dir, "eval/items.jsonl"), '{"item":"0"}\n');
  expect(() => readEvaluation(dir)).toThrow(expect.objectContaining({ code: "eval.broken-items" }));
});

it("compares preferences by the mean log-probability of a token, and takes no loss of what was cut away", () => {
  const pair = (item: number) => ({
    ...{ item: String(item), file: "pairs.jsonl", line: item + 1 },
    prompt: [{ role: "user", content: "?" }],
    chosen: [{ role: "assistant", content: "yes" }],
    rejected: [{ role: "assistant", content: "no" }],
  });
  const likelihood = (
    item: number,
    variant: string,
    [nll, tokens]: number[],
    [rejectedNll, rejectedTokens]: number[],
  ) => ({
    ...answer(item, variant, null, nll, tokens),
    ...{ rejectedNll, rejectedTokens },
  });
  writeFileSync(join(dir, "eval/items.jsonl"), jsonl([0, 1, 2].map(pair)));
  const rows = [
    likelihood(0, "base", [20, 10], [3, 1]), // 2 against 3 nats a token, though 20 against 3 in all
    likelihood(1, "base", [30, 10], [2, 1]),
    likelihood(2, "base", [30, 10], [0, 0]),
    likelihood(0, "adapter", [10, 10], [3, 1]),
    likelihood(1, "adapter", [10, 10], [2, 1]),
    likelihood(2, "adapter", [10, 10], [0, 0]),
  ];
  writeFileSync(resultsFile, jsonl(rows));
  const compared = compare(evaluation(), { metrics: ["loss", "preference_accuracy", "exact_match"] }).rows;
  expect(compared.map(({ metric, base, adapter, n, format }) => [metric, base, adapter, n, format])).toEqual([
    ["loss", 80 / 30, 1, 3, "number"],
    ["perplexity", Math.exp(80 / 30), Math.E, 3, "number"],
    ["preference_accuracy", 0.5, 1, 2, "percent"],
  ]);
  writeFileSync(resultsFile, jsonl(rows).replace('"rejectedNll":3', '"rejectedNll":NaN'));
  expect(() => compare(evaluation(), { metrics: ["preference_accuracy"] })).toThrow(/base model has no finite loss/);
});

it("compares a reward model by its scores, and answers by their rewards", () => {
  const prompt = [{ role: "user", content: "?" }];
  const items = [0, 1, 2].map((item) => ({ item: String(item), file: "x", line: item + 1, prompt }));
  const sides = { chosen: prompt, rejected: prompt };
  writeFileSync(join(dir, "eval/items.jsonl"), jsonl(items.map((item) => ({ ...item, ...sides }))));
  const scored = (item: number, variant: string, chosenScore: number, rejectedScore: number) => ({
    ...answer(item, variant, null, 0, 0),
    ...{ nll: null, chosenScore, rejectedScore },
  });
  const scores = [0, 1, 2].flatMap((item) => [scored(item, "base", 1, item), scored(item, "adapter", 1, item - 1.5)]);
  writeFileSync(resultsFile, jsonl(scores));
  const metrics = ["loss", "preference_accuracy", "reward"];
  expect(compare(evaluation(), { metrics }).rows).toMatchObject([
    { metric: "preference_accuracy", base: 1 / 3, adapter: 1, n: 3, better: "higher" },
  ]);

  writeFileSync(join(dir, "eval/items.jsonl"), jsonl(items));
  const rated = (item: number, variant: string, reward: number | null) => ({
    ...answer(item, variant, "an answer", 0, 0),
    ...{ nll: null, reward, rewards: { length: reward } },
  });
  const rewards = [0, 1, 2].flatMap((item) => [
    rated(item, "base", item),
    rated(item, "adapter", item === 2 ? null : item + 0.5),
  ]);
  writeFileSync(resultsFile, jsonl(rewards));
  const [row, ...others] = compare(evaluation(), { metrics }).rows;
  expect(others).toEqual([]);
  expect(row).toMatchObject({ metric: "reward", base: 0.5, adapter: 1, difference: 0.5, low: 0.5, high: 0.5, n: 2 });
});

it("takes the later of two results for one example, and knows when nothing was evaluated", () => {
  expect(readEvaluation(dir)).toBeNull();
  writeFour();
  writeFileSync(resultsFile, readFileSync(resultsFile, "utf8") + jsonl([answer(3, "adapter", '{"n":3}', 8)]));
  expect(compare(evaluation(), { metrics }).rows.find(({ metric }) => metric === "exact_match")?.adapter).toBe(1);
});
