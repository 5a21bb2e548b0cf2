// The gate on results of suites: what must be the same on all sides, and what stored results say that files don't.
import { describe, expect, it } from "vitest";
import { gateSchema } from "../recipes/schema/gate.js";
import { isLossLike, isLowerBetter, saysDirection } from "./gate/metric-names.js";
import type { Side, SuiteItem, SuiteMetric, SuiteResult } from "./gate/side.js";
import { gate } from "./gate.js";

const accuracy: SuiteMetric = { name: "exact_match", better: "higher", scale: [0, 1] };
const rating: SuiteMetric = { name: "rating", better: "higher", scale: [1, 5] };

/** 400 items, right on all but every tenth, and on the first `won` of those too. */
function suite(won: number, over: Partial<SuiteResult> = {}): SuiteResult {
  const items = new Map<string, SuiteItem>();
  for (let i = 0; i < 400; i++) {
    const right = i % 10 !== 0 || i < 10 * won;
    const scores = { exact_match: right ? 1 : 0, rating: 1 + ((i * 7 + won) % 5) };
    items.set(`item-${i}`, { inputSha256: `hash-${i}`, cluster: null, scores });
  }
  return { suite: "tickets", sha256: "a", decoding: "{}", metrics: [accuracy], items, ...over };
}

function side(suites: SuiteResult[], over: Partial<Side> = {}): Side {
  return {
    label: "support-bot@7",
    base: { id: "org/base", revision: "abc" },
    templateSha256: "t",
    suites,
    ...over,
  };
}

const champion = side([suite(0)]);
const better = side([suite(20)]);
const rule = gateSchema.parse({});
const judge = (candidate: Side, more: Partial<Parameters<typeof gate>[0]> = {}) =>
  gate({ champion, candidate, anchor: null, ...more }, rule);

describe("gate", () => {
  it("promotes what is better on the same ground", () => {
    expect(judge(better)).toMatchObject({
      verdict: "promote",
      checks: [{ name: "tickets/exact_match", role: "primary" }],
    });
  });

  it.each<[string, Side, RegExp]>([
    ["another base", side([suite(20)], { base: { id: "org/other", revision: "abc" } }), /stands on org\/other at abc/],
    [
      "another revision",
      side([suite(20)], { base: { id: "org/base", revision: "abd" } }),
      /org\/base at abd .* org\/base at abc/,
    ],
    ["an unknown base", side([suite(20)], { base: null }), /an unknown base/],
    ["another template", side([suite(20)], { templateSha256: "u" }), /different chat templates/],
    ["an unknown template", side([suite(20)], { templateSha256: null }), /different chat templates/],
    ["a changed suite", side([suite(20, { sha256: "b" })]), /the suite tickets changed/],
    ["another decoding", side([suite(20, { decoding: '{"temperature":1}' })]), /same decoding/],
    ["another direction", side([suite(20, { metrics: [{ ...accuracy, better: "lower" }] })]), /direction or scale/],
    [
      "a suite more",
      side([suite(20), suite(20, { suite: "safety" })]),
      /champion has no results for safety\/exact_match/,
    ],
    ["a suite less", side([]), /candidate has no results/],
    [
      "scores off their scale",
      side([
        suite(20, {
          items: new Map(
            [...suite(20).items].map(([name, item], i) => [name, i ? item : { ...item, scores: { exact_match: 7 } }]),
          ),
        }),
      ]),
      /goes from 0 to 1/,
    ],
  ])("holds at %s, as champion and as anchor", (_, candidate, reason) => {
    const verdict = judge(candidate);
    expect(verdict.verdict).toBe("hold");
    expect(verdict.reasons.join("\n")).toMatch(reason);
    if (candidate.suites.length > 0) expect(judge(better, { anchor: candidate }).verdict).toBe("hold");
  });

  it("takes the first metric of the first suite for the primary, and a share of its scale for the margin", () => {
    const metrics = [rating, accuracy];
    const { checks } = gate(
      { champion: side([suite(0, { metrics })]), candidate: side([suite(3, { metrics })]), anchor: null },
      rule,
    );
    expect(checks.map(({ name, role, margin, unit }) => [name, role, margin, unit])).toEqual([
      ["tickets/rating", "primary", 0.08, "number"],
      ["tickets/exact_match", "guard", 0.03, "share"],
    ]);
  });

  it("leaves out what a list of guards leaves out, its broken scores too", () => {
    const broken = new Map(
      [...suite(20).items].map(([name, item]) => [name, { ...item, scores: { ...item.scores, rating: Number.NaN } }]),
    );
    const metrics = [accuracy, rating];
    const sides = {
      champion: side([suite(0, { metrics })]),
      candidate: side([suite(20, { metrics, items: broken })]),
      anchor: null,
    };
    expect(gate(sides, rule).verdict).toBe("hold");
    expect(gate(sides, { ...rule, guards: [] }).verdict).toBe("promote");
  });

  it("compares the items to which a metric applies, where that are the same on both sides", () => {
    const partly = (result: SuiteResult) => ({
      ...result,
      items: new Map(
        [...result.items].map(([name, item], i) => [name, i < 200 ? item : { ...item, scores: { exact_match: null } }]),
      ),
    });
    const verdict = gate(
      { champion: side([partly(suite(0))]), candidate: side([partly(suite(20))]), anchor: null },
      rule,
    );
    expect(verdict).toMatchObject({ verdict: "promote", checks: [{ n: 200 }] });
  });

  it("never promotes by an empty rule or nothing measured", () => {
    expect(gate({ champion: side([]), candidate: side([]), anchor: null }, rule).verdict).toBe("hold");
    expect(gate({ champion: null, candidate: side([]), anchor: null }, { ...rule, accept_first: true }).verdict).toBe(
      "hold",
    );
  });
});

it("knows by a metric's name that less is better, and whether the name says it", () => {
  const lower =
    "loss eval_loss evalLoss EVALLoss nll word_perplexity logloss log_loss bce crossentropy cross_entropy kl-div wer cer error-rate ece fpr false_positive_rate mape brier mae mse rmse toxicity latency_ms p95Latency valid_loss";
  for (const name of lower.split(" "))
    expect([name, isLowerBetter(name), saysDirection(name)]).toEqual([name, true, true]);
  for (const name of ["exact_match", "accuracy", "rougeL", "f1_macro", "pass@1", "json_valid"])
    expect([name, isLowerBetter(name), saysDirection(name)]).toEqual([name, false, true]);
  for (const name of ["closs", "terse", "polite", "drift"])
    expect([name, isLowerBetter(name), saysDirection(name)]).toEqual([name, false, false]);
  expect([isLowerBetter("toxicity_auc"), saysDirection("toxicity_auc")]).toEqual([true, false]);
  expect(["perplexity", "logloss", "bce", "error_rate"].map(isLossLike)).toEqual([true, true, true, false]);
});
