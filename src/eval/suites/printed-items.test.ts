// What a program may print as results, and what is refused with its line.
import { expect, it } from "vitest";
import { metricsOf, readPrinted } from "./printed-items.js";

const lines = (...rows: unknown[]) =>
  rows.map((row) => `${typeof row === "string" ? row : JSON.stringify(row)}\n`).join("");

it("takes scores by item, or by item and metric, with what else is known", () => {
  const items = readPrinted(
    lines(
      { item: 1, scores: { right: 1, ms: 12.5 }, output: "a", slice: { topic: "x" }, cost_usd: 0.1 },
      { item: "2", metric: "right", score: 0 },
      { item: "2", metric: "ms", score: 20 },
      { item: "3", error: "it timed out" },
    ),
    "out",
  );
  expect(items.map(({ item, scores, error }) => [item, scores, error])).toEqual([
    ["1", { right: 1, ms: 12.5 }, null],
    ["2", { right: 0, ms: 20 }, null],
    ["3", { right: null, ms: null }, "it timed out"],
  ]);
  expect(metricsOf(items, { ms: "lower" })).toEqual([
    { name: "right", better: "higher", format: "percent", scale: [0, 1] },
    { name: "ms", better: "lower", format: "number" },
  ]);
});

it.each([
  [lines({ item: "1", score: 1 }, "Loading model..."), 2, "it is no JSON"],
  [lines({ item: "1", score: "1" }), 1, /^score: /],
  [lines({ item: "1", score: 1 }, { item: "1", score: 0 }), 2, "item 1 has a score for score already"],
  [lines({ item: "1" }), 1, "it has no score"],
  [lines({ item: "1", scores: { a: 1 }, verdict: "good" }), 1, /verdict/],
  [lines({ item: "1", scores: { a: 1, b: 1 } }, { item: "2", scores: { a: 1 } }), undefined, "item 2 has no b"],
  ["", undefined, "it printed no results"],
])("refuses %j", (text, line, why) => {
  let thrown: unknown;
  try {
    readPrinted(text, "out");
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({
    code: "eval.printed",
    where: { file: "out", ...(line && { line }) },
    why: expect.stringMatching(why),
  });
});
