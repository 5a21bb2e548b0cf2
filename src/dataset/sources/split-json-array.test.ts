// The .json splitter: elements, the line each starts on, and what it says about broken arrays, wherever the chunks are cut.
import { expect, test } from "vitest";
import { splitJsonArray } from "./split-json-array.js";

async function split(text: string, chunkBytes: number): Promise<[number, unknown][]> {
  const bytes = Buffer.from(text);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const pieces: [number, unknown][] = [];
  for await (const piece of splitJsonArray(chunks())) {
    pieces.push([piece.line, "problem" in piece ? piece.problem : JSON.parse(piece.bytes.toString())]);
  }
  return pieces;
}

const cases: { name: string; text: string; pieces: [number, unknown][] }[] = [
  {
    name: "a pretty-printed array",
    text: '[\n  {\n    "a": "x]},[\\"{",\n    "b": [1, {"c": 2}]\n  },\n\n  {"a": "é👋"}\n]\n',
    pieces: [
      [2, { a: 'x]},["{', b: [1, { c: 2 }] }],
      [7, { a: "é👋" }],
    ],
  },
  {
    name: "the one array inside an object, whatever stands beside it",
    text: '{"version": "1.0", "info": {"tags": ["x"]},\n"data": [{"a": 1},\n{"a": 2}], "n": 2}',
    pieces: [
      [2, { a: 1 }],
      [3, { a: 2 }],
    ],
  },
  {
    name: "elements that are no objects",
    text: '[1, "two", null,\n [3]]',
    pieces: [
      [1, 1],
      [2, "two"],
      [3, null],
      [4, [3]],
    ],
  },
  { name: "an empty array", text: "[ ]", pieces: [] },
  {
    name: "a second array beside the first",
    text: '{"train": [{"a": 1}],\n"test": [{"a": 2}]}',
    pieces: [
      [1, { a: 1 }],
      [2, expect.stringContaining("more than one array")],
    ],
  },
  { name: "no array at all", text: '{"a": {"b": [1]}}', pieces: [[1, expect.stringContaining("no array of rows")]] },
  {
    name: "a file cut off inside an element",
    text: '[{"a": 1},\n{"a": ',
    pieces: [
      [1, { a: 1 }],
      [2, expect.stringContaining("cut off")],
    ],
  },
  {
    name: "a file cut off between elements",
    text: '[{"a": 1}',
    pieces: [
      [1, { a: 1 }],
      [1, expect.stringContaining("cut off")],
    ],
  },
  {
    name: "a trailing comma",
    text: '[{"a": 1},\n]',
    pieces: [
      [1, { a: 1 }],
      [2, expect.stringContaining("after a comma")],
    ],
  },
  {
    name: "a missing comma",
    text: '[{"a": 1}\n{"a": 2}]',
    pieces: [
      [1, { a: 1 }],
      [2, expect.stringContaining("comma is missing")],
    ],
  },
  {
    name: "text after the array",
    text: '[{"a": 1}]\n[]',
    pieces: [
      [1, { a: 1 }],
      [2, expect.stringContaining("after the end")],
    ],
  },
];

test.each(cases)("splits $name", async ({ text, pieces }) => {
  expect(await split(text, 1)).toEqual(pieces);
  expect(await split(text, 7)).toEqual(pieces);
  expect(await split(text, 4096)).toEqual(pieces);
});
