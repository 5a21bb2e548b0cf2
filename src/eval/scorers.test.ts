// What counts as the same answer, and what counts as JSON.
import { describe, expect, it } from "vitest";
import { exactMatch, jsonValid } from "./scorers.js";

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
