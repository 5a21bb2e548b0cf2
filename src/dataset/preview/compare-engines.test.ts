// Rows as several engines get them, token beside token.
import { expect, test } from "vitest";
import { compareEngines } from "./compare-engines.js";
import type { RowPreview } from "./preview-row.js";

/** "a b* c/ " : tokens by letter; * trained, / cut away. */
function preview(engine: string, ...sequences: string[]): RowPreview {
  return {
    ...{ kind: "messages", turns: 2, tools: 0, engine, template: "model", maxLength: 100 },
    sequences: sequences.map((words) => {
      const tokens = words.split(" ").map((word) => ({
        ...{ id: word.charCodeAt(0), text: word[0]!, special: false, hidden: false },
        ...{ trained: word.includes("*"), kept: !word.includes("/") },
      }));
      const kept = tokens.filter((token) => token.kept);
      return {
        ...{ name: "", tokens, textIs: "exact", stop: [], dropped: false },
        ...{ kept: kept.length, trained: kept.filter(({ trained }) => trained).length },
      };
    }),
  };
}

test("tokens that one engine has more, and masks that differ, are stretches of their own", () => {
  const { parts, same } = compareEngines([preview("trl", "q x y* a* e*"), preview("axolotl", "q a* e")]);
  expect(same).toBe(false);
  expect(parts[0]!.engines).toEqual([
    { engine: "trl", tokens: 5, trained: 3, sequences: 1 },
    { engine: "axolotl", tokens: 3, trained: 1, sequences: 1 },
  ]);
  expect(parts[0]!.stretches).toEqual([
    { text: "q", tokens: 1, states: ["read", "read"] },
    { text: "x", tokens: 1, states: ["read", "absent"] },
    { text: "y", tokens: 1, states: ["trained", "absent"] },
    { text: "a", tokens: 1, states: ["trained", "trained"] },
    { text: "e", tokens: 1, states: ["trained", "read"] },
  ]);
});

test("one sequence a turn is the same as one for all when the same tokens are trained", () => {
  const { parts, same } = compareEngines([preview("trl", "q a*", "q a p b*"), preview("axolotl", "q a* p b*")]);
  expect(same).toBe(true);
  expect(parts[0]!.engines[0]).toEqual({ engine: "trl", tokens: 6, trained: 2, sequences: 2 });
});

test("three engines, one of which cuts", () => {
  const { parts } = compareEngines([preview("a", "q w*"), preview("b", "q w*"), preview("c", "q w*/")]);
  expect(parts[0]!.stretches[1]!.states).toEqual(["trained", "trained", "cut"]);
});

test("pairs are compared answer by answer", () => {
  const { parts } = compareEngines([preview("a", "q c*", "q r*"), preview("b", "q c*", "q r")]);
  expect(parts.map(({ stretches }) => stretches.at(-1)!.states)).toEqual([
    ["trained", "trained"],
    ["trained", "read"],
  ]);
});

test("an engine whose mask is not known is named with the reason, and nothing is the same", () => {
  const unknown = { ...preview("b"), unknown: "it mends the template" };
  expect(compareEngines([preview("a", "q"), unknown])).toMatchObject({
    unknown: [{ engine: "b", why: "it mends the template" }],
    same: false,
  });
  expect(compareEngines([unknown])).toMatchObject({ parts: [], same: false });
});
