// Every format's rows -> one canonical form; what it cannot hold is told, not dropped.
import { expect, test } from "vitest";
import type { CanonicalRow, Message } from "../canonical.js";
import { Float } from "../json/json.js";
import type { RowProblem } from "../rules.js";
import type { FormatName, RawRow } from "./format.js";
import { recogniseRow, recogniseRows } from "./recognise.js";

function canonical(row: RawRow): { format: string | undefined; row: CanonicalRow | null; problems: RowProblem[] } {
  const problems: RowProblem[] = [];
  const format = recogniseRow(row);
  return { format: format?.name, row: format?.convert(row, (problem) => problems.push(problem)) ?? null, problems };
}

const user = (content: string): Message => ({ role: "user", content });
const assistant = (content: string): Message => ({ role: "assistant", content });
const system = (content: string): Message => ({ role: "system", content });
const tool = (content: string): Message => ({ role: "tool", content });

const rows: { format: FormatName; row: RawRow; messages: Message[] }[] = [
  {
    format: "messages",
    row: {
      messages: [
        { role: "developer", content: "s" },
        { role: "user", content: "q" },
        { role: "assistant", content: "a" },
      ],
    },
    messages: [system("s"), user("q"), assistant("a")],
  },
  {
    format: "messages",
    row: {
      conversations: [
        {
          role: "user",
          content: [
            { type: "text", text: "q" },
            { type: "text", text: "!" },
          ],
          weight: 0,
        },
        { role: "assistant", content: "a", weight: 1, tool_calls: [], thinking: null },
      ],
      tools: "[]",
      images: [],
    },
    messages: [user("q!"), assistant("a")],
  },
  { format: "alpaca", row: { instruction: "do", output: "done" }, messages: [user("do"), assistant("done")] },
  {
    format: "alpaca",
    row: { instruction: "do", input: "this", output: "done", system: "s", history: [["q", "a"]] },
    messages: [system("s"), user("q"), assistant("a"), user("do\nthis"), assistant("done")],
  },
  {
    format: "sharegpt",
    row: {
      conversations: [
        { from: "human", value: "q" },
        { from: "gpt", value: "a" },
        { from: "observation", value: "42" },
        { from: "gpt", value: "b" },
      ],
      system: "s",
    },
    messages: [system("s"), user("q"), assistant("a"), tool("42"), assistant("b")],
  },
  { format: "prompt-completion", row: { prompt: "q", completion: " a" }, messages: [user("q"), assistant(" a")] },
  {
    format: "prompt-completion",
    row: {
      prompt: [
        { role: "system", content: "s" },
        { role: "user", content: "q" },
      ],
      completion: [{ role: "assistant", content: "a" }],
    },
    messages: [system("s"), user("q"), assistant("a")],
  },
];

test.each(rows)("$format: $row", ({ format, row, messages }) => {
  expect(canonical(row)).toEqual({ format, row: { kind: "messages", messages }, problems: [] });
});

test("text rows stay text", () => {
  expect(canonical({ text: " a\n" })).toEqual({ format: "text", row: { kind: "text", text: " a\n" }, problems: [] });
});

const q = { role: "user", content: "q" };
const a = { role: "assistant", content: "a" };
const refused: [RawRow, string][] = [
  [{ messages: [{ role: "user", content: [{ type: "image_url", image_url: {} }] }, a] }, "SCH006"],
  [{ messages: [q, { role: "assistant", content: [{ type: "text", text: "a", weight: 0 }] }] }, "SCH006"],
  [{ messages: [q, a], images: ["a.png"] }, "SCH006"],
  [{ instruction: "do", output: "done", rejected: "no" }, "SCH006"],
  [{ messages: [q, { ...a, weight: 0.5 }] }, "SCH009"],
  [{ messages: [q, { ...a, weight: new Float(0.5, "0.50") }] }, "SCH009"],
  [{ messages: [{ ...q, train: true }, a] }, "SCH009"],
  [{ messages: [q, { ...a, weight: 1, train: false }] }, "SCH009"],
  [{ messages: [q, { ...a, tool_calls: [{ type: "custom", custom: { name: "f" } }] }] }, "SCH007"],
  [{ messages: [q, { ...a, tool_calls: [{ function: { name: "f", arguments: "[1]" } }] }] }, "SCH007"],
  [{ messages: [q, { ...a, thinking: "x", reasoning: "y" }] }, "SCH007"],
  [{ messages: [{ ...q, reasoning: "x" }, a] }, "SCH007"],
  [{ messages: [q, a], tools: [{ type: "function" }] }, "SCH007"],
  [{ messages: [q, a], tools: "no JSON" }, "SCH007"],
  [
    {
      conversations: [
        { from: "human", value: "q" },
        { from: "function_call", value: "{}" },
      ],
    },
    "SCH007",
  ],
  [{ segments: [{ label: 1, text: "a" }] }, "SCH007"],
  [{ input_ids: [1, 2], labels: [1] }, "SCH007"],
  [{ input_ids: [1, -2] }, "SCH007"],
];

test.each(refused)("cannot be held, so it is told: %j", (row, rule) => {
  expect(canonical(row)).toMatchObject({ row: null, problems: [{ rule }] });
});

test("assistant turns inside a prompt are kept, and it is said that they are trained", () => {
  expect(canonical({ prompt: [q, a, q], completion: [a] })).toMatchObject({
    row: { messages: [q, a, q, a] },
    problems: [{ rule: "SCH006", severity: "warning" }],
  });
});

test("names that every object has are no roles", () => {
  expect(canonical({ messages: [{ role: "constructor", content: "x" }] })).toMatchObject({
    problems: [{ rule: "SCH001" }],
  });
  expect(canonical({ conversations: [{ from: "toString", value: "x" }] })).toMatchObject({
    problems: [{ rule: "SCH001" }],
  });
});

test("most of the first rows decide the format of a file", () => {
  const text = { text: "a" };
  expect(recogniseRows([text, { prompt: "q", completion: "a" }, { prompt: "q", completion: "b" }])?.name).toBe(
    "prompt-completion",
  );
  expect(recogniseRows([null, 3, text])?.name).toBe("text");
  expect(recogniseRows([{ chosen: "a", rejected: "b" }])).toBeNull();
});
