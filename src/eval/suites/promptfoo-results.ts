// What promptfoo wrote with -o out.json as items: one for each test and prompt; whether it passed, its score, and its named scores.
import { createHash } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../../recipes/lock-file.js";
import type { ItemRecord } from "../record.js";
import { whyUnreadable } from "./why-unreadable.js";

/** promptfoo's failureReason of a test that could not be carried out. */
const couldNotRun = 2;

const resultSchema = z.looseObject({
  testIdx: z.int(),
  promptIdx: z.int(),
  prompt: z.object({ raw: z.string() }),
  provider: z.object({ id: z.string().optional(), label: z.string().optional() }),
  testCase: z.looseObject({
    vars: z.unknown().optional(),
    assert: z.unknown().optional(),
    options: z.unknown().optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
  }),
  success: z.boolean(),
  score: z.number(),
  namedScores: z.record(z.string(), z.number()).default({}),
  failureReason: z.int(),
  error: z.string().nullish(),
  latencyMs: z.number().optional(),
  response: z
    .looseObject({
      output: z.unknown().optional(),
      tokenUsage: z.object({ prompt: z.int().optional(), completion: z.int().optional() }).optional(),
    })
    .nullish(),
});
type Result = z.output<typeof resultSchema>;

const outputSchema = z.object({
  results: z.object({
    results: z.array(resultSchema),
    stats: z.object({ successes: z.int(), failures: z.int(), errors: z.int() }),
  }),
});

/** `label`: of the provider that should have answered all. A test that could not be carried out keeps its message as the item's error. */
export function readPromptfoo(
  text: string,
  { label, slices }: { label: string; slices: readonly string[] },
): { items: ItemRecord[] } | { problem: string } {
  let output: z.output<typeof outputSchema>;
  try {
    output = outputSchema.parse(JSON.parse(text));
  } catch (error) {
    return { problem: `its results cannot be read: ${whyUnreadable(error)}` };
  }
  const { results, stats } = output.results;
  const counted = stats.successes + stats.failures + stats.errors;
  if (results.length === 0) return { problem: "it has no tests" };
  if (results.length !== counted) return { problem: `it counts ${counted} results and wrote ${results.length}` };
  const other = results.find(({ provider }) => provider.label !== label);
  if (other)
    return {
      problem: `test ${other.testIdx + 1} asked ${other.provider.label ?? other.provider.id}, not the model under test`,
    };
  const sorted = results.toSorted((a, b) => a.testIdx - b.testIdx || a.promptIdx - b.promptIdx);
  const named = new Set(sorted.flatMap(({ namedScores }) => Object.keys(namedScores)));
  const metrics = ["pass", "score", ...[...named].filter((name) => name !== "pass" && name !== "score").sort()];
  const perTest = new Map<number, Result[]>();
  for (const result of sorted) perTest.set(result.testIdx, [...(perTest.get(result.testIdx) ?? []), result]);
  return { items: sorted.map((result) => toItem(result, { metrics, slices, together: perTest.get(result.testIdx)! })) };
}

/** `together`: what has the same test. */
function toItem(
  result: Result,
  { metrics, slices, together }: { metrics: string[]; slices: readonly string[]; together: Result[] },
): ItemRecord {
  const { testIdx, prompt, testCase, response } = result;
  const { vars, assert, options, metadata = {} } = testCase;
  const scores: Record<string, number> = { ...result.namedScores, pass: Number(result.success), score: result.score };
  const hasRun = result.failureReason !== couldNotRun && response?.output !== undefined && response.output !== null;
  const test = String(testIdx + 1);
  return {
    item: together.length === 1 ? test : `${test}.${together.indexOf(result) + 1}`,
    inputSha256: sha256(canonicalJson(JSON.parse(JSON.stringify([prompt.raw, vars, assert, options])))),
    promptSha256: sha256(prompt.raw),
    slice: Object.fromEntries(slices.map((name) => [name, said(metadata[name])])),
    cluster: together.length === 1 ? null : test,
    output: response?.output === undefined ? null : said(response.output),
    scores: Object.fromEntries(metrics.map((name) => [name, hasRun ? (scores[name] ?? null) : null])),
    error: hasRun ? null : (result.error ?? "no answer was generated").split("\n")[0]!,
    promptTokens: response?.tokenUsage?.prompt ?? null,
    outputTokens: response?.tokenUsage?.completion ?? null,
    ...{ latencyMs: result.latencyMs ?? null, costUsd: null },
  };
}

function said(value: unknown): string {
  if (value === undefined || value === null) return "(none)";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
