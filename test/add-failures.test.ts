// `ft data add-failures` through the built binary: what goes into the review file, what doesn't, and where it refuses to write.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { type ItemRecord, writeEvaluation } from "../src/eval/record.js";
import { keepInputs } from "../src/eval/suites/suite-inputs.js";
import { emptyFolder, ft } from "./project.js";

let dir = "";
const base = { id: "org/base", revision: "abc" };
const share = { better: "higher", format: "percent", scale: [0, 1] as [number, number] } as const;
const add = (...args: string[]) => ft(["data", "add-failures", ...args], dir);
const review = (file = "review.jsonl") =>
  readFileSync(join(dir, file), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

/** By item: exact and f1; null: its scorer failed. */
type Scores = Record<string, [exact: number, f1: number] | null>;

async function evaluated(version: number, scores: Scores, suite = "tickets"): Promise<string> {
  const items = Object.entries(scores).map(
    ([item, given]): ItemRecord => ({
      ...{ item, inputSha256: `hash-of-${item}`, promptSha256: null, slice: {}, cluster: null },
      ...{ output: `answer of ${version}`, error: given ? null : "exact: crashed" },
      scores: { f1: given?.[1] ?? null, exact: given?.[0] ?? null },
      ...{ promptTokens: 1, outputTokens: 1, latencyMs: 1, costUsd: null },
    }),
  );
  const known = {
    suite: {
      name: suite,
      type: "generate",
      sha256: `sha-${suite}`,
      metrics: [
        { name: "f1", ...share },
        { name: "exact", ...share },
      ],
    },
    subject: { name: "bot", version, base, templateSha256: null, weightsSha256: `w${version}` },
    ...{ decoding: null, run: null, createdAt: version, endedAt: version, tools: { ft: "0" }, notes: {} },
  };
  return (await writeEvaluation(dir, known, items)).manifest.id;
}

beforeEach(async () => {
  dir = emptyFolder();
  mkdirSync(join(dir, ".ft"));
  const question = { item: "b", file: "evals/tickets.jsonl", line: 2, messages: [{ role: "user", content: "why?" }] };
  await keepInputs(dir, "sha-tickets", () => `${JSON.stringify({ ...question, reference: "because" })}\n`);
});

it("writes each failed item once, with what was asked, answered and wanted, and where it comes from", async () => {
  const id = await evaluated(1, { a: [1, 1], b: [0, 0.4], c: [0, 0], d: null });
  const { exitCode, stdout, stderr } = await add("bot", "--suite", "tickets");
  expect([exitCode, stdout]).toEqual([0, "tickets/exact: 2 items failed\n2 candidates added to review.jsonl"]);
  expect(stderr).toContain("measure nothing any more");
  const [first, second] = review();
  expect(first).toEqual({
    messages: [{ role: "user", content: "why?" }],
    ...{ reference: "because", output: "answer of 1", scores: { f1: 0.4, exact: 0 } },
    from: {
      ...{ evaluation: id, suite: "tickets", suite_sha256: "sha-tickets", item: "b", input_sha256: "hash-of-b" },
      ...{ file: "evals/tickets.jsonl", line: 2, subject: "bot@1", base, metric: "exact" },
      evaluated_at: "1970-01-01T00:00:00.001Z",
    },
  });
  expect(second).toMatchObject({ messages: null, reference: null, from: { item: "c" } });

  // A person's own key stays, and of the next version only what is new is added.
  writeFileSync(
    join(dir, "review.jsonl"),
    `${JSON.stringify({ ...first, reviewed: "yes" })}\n${JSON.stringify(second)}`,
  );
  await evaluated(2, { a: [0, 0], b: [0, 0.4], c: [1, 1], d: null });
  const again = await add("bot@2", "--json");
  expect(JSON.parse(again.stdout)).toEqual({
    ...{ ok: true, added: 1, known: 1, file: join(dir, "review.jsonl") },
    suites: [{ name: "tickets", metric: "exact", failed: 2 }],
  });
  expect(review().map(({ from, reviewed }) => [from.item, from.subject, reviewed])).toEqual([
    ["b", "bot@1", "yes"],
    ["c", "bot@1", undefined],
    ["a", "bot@2", undefined],
  ]);
});

it("takes an evaluation's id, a metric, a limit, another file; a subject brings all its suites", async () => {
  const id = await evaluated(1, { a: [1, 0.9], b: [1, 0.4] });
  const graded = await add(id, "--metric", "f1", "--worse-than", "0.5", "--out", "graded.jsonl");
  expect([graded.stdout, review("graded.jsonl").length]).toEqual([expect.stringContaining("tickets/f1: 1 item"), 1]);
  await evaluated(1, { a: [0, 0] }, "other");
  const all = await add("bot@1", "--json");
  expect(JSON.parse(all.stdout)).toMatchObject({
    added: 1,
    suites: [{ name: "other" }, { name: "tickets", failed: 0 }],
  });
  const ungraded = await add(id, "--metric", "f1");
  expect([ungraded.exitCode, ungraded.stderr]).toEqual([2, expect.stringContaining("tickets/f1 is no yes or no")]);
  const unknown = await add(id, "--metric", "bleu");
  expect([unknown.exitCode, unknown.stderr]).toEqual([
    2,
    expect.stringContaining("no metric bleu (it has: f1, exact)"),
  ]);
  expect((await add("bot@7")).stderr).toContain("no evaluation of bot@7 is stored here");
});

it("never writes into training data", async () => {
  await evaluated(1, { b: [0, 0] });
  const rows = '{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"hello"}]}\n';
  writeFileSync(join(dir, "train.jsonl"), rows);
  const { exitCode, stderr } = await add("bot", "--out", "train.jsonl");
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/only added to a review file\n {2}at .*train.jsonl:1/)]);
  expect([readFileSync(join(dir, "train.jsonl"), "utf8"), existsSync(join(dir, "train.jsonl.lock"))]).toEqual([
    rows,
    false,
  ]);
});
