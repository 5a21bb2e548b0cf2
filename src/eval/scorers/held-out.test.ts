// What counts as the same answer, and what counts as JSON.
import { describe, expect, it } from "vitest";
import { exactMatch, jsonValid, prefersChosen } from "./held-out.js";

describe("exact match", () => {
  it.each([
    ["the text itself", "Paris", "Paris", 1],
    ["white space around it", "  Paris\n", "Paris", 1],
    ["another case", "paris", "Paris", 0],
    ["white space inside", "New  York", "New York", 0],
    ["nothing where something is wanted", "", "Paris", 0],
    [
      "JSON with other spaces and key order",
      '{"b":[1,2],\n "a":{"d":1,"c":2}}',
      '{"a": {"c": 2, "d": 1}, "b": [1, 2]}',
      1,
    ],
    ["JSON arrays in another order", "[2,1]", "[1,2]", 0],
    ["JSON with another type", '{"a":"1"}', '{"a":1}', 0],
    ["JSON with one key more", '{"a":1,"b":2}', '{"a":1}', 0],
    ["JSON in a code fence", '```json\n{"a":1}\n```', '{"a":1}', 0],
    ["a key named __proto__", '{"a":1,"__proto__":{"b":1}}', '{"a":1}', 0],
    ["numbers of a plain-text reference, compared as text", "1.0", "1", 0],
  ] as const)("%s", (_name, output, reference, score) => {
    expect(exactMatch(output, reference)).toBe(score);
  });
});

describe("JSON validity", () => {
  const reference = '{"queue": "billing"}';
  it.each([
    ["an object", ' {"queue": "refunds"}\n', 1],
    ["an array", "[]", 1],
    ["prose before it", 'Here you go: {"queue": "billing"}', 0],
    ["a code fence", '```\n{"queue": "billing"}\n```', 0],
    ["cut short", '{"queue": "bil', 0],
    ["two objects", "{}{}", 0],
    ["single quotes", "{'queue': 'billing'}", 0],
    ["a bare number", "42", 0],
    ["a bare string", '"billing"', 0],
    ["nothing", "", 0],
  ] as const)("%s", (_name, output, score) => {
    expect(jsonValid(output, reference)).toBe(score);
  });

  it("has nothing to say where the reference is no JSON", () => {
    expect(jsonValid("{}", "Paris")).toBeNull();
    expect(jsonValid("42", "42")).toBeNull();
  });
});

describe("preference of the chosen answer", () => {
  const unscored = { chosenScore: null, rejectedScore: null };
  it.each([
    ["more likely a token", { nll: 20, tokens: 10, rejectedNll: 3, rejectedTokens: 1, ...unscored }, 1],
    [
      "less likely a token, though more likely in all",
      { nll: 3, tokens: 1, rejectedNll: 20, rejectedTokens: 10, ...unscored },
      0,
    ],
    ["as likely", { nll: 2, tokens: 1, rejectedNll: 4, rejectedTokens: 2, ...unscored }, 0],
    ["cut away", { nll: null, tokens: 0, rejectedNll: 4, rejectedTokens: 2, ...unscored }, null],
    ["rejected one cut away", { nll: 2, tokens: 1, rejectedNll: null, rejectedTokens: 0, ...unscored }, null],
    [
      "a higher score",
      { nll: null, tokens: 0, rejectedNll: null, rejectedTokens: null, chosenScore: -1, rejectedScore: -2 },
      1,
    ],
    [
      "a lower score",
      { nll: null, tokens: 0, rejectedNll: null, rejectedTokens: null, chosenScore: 1, rejectedScore: 2 },
      0,
    ],
  ] as const)("%s", (_name, pair, score) => {
    expect(prefersChosen(pair)).toBe(score);
  });
});
