// Tool calls, tool definitions, reasoning and weights, in every dialect that the field writes -> one canonical form.
import { expect, test } from "vitest";
import type { CanonicalRow, ChatExtras, Message } from "../canonical.js";
import { Float } from "../json/json.js";
import { parseJson } from "../json/parse-json.js";
import type { RawRow } from "./format.js";
import { recogniseRow } from "./recognise.js";

function canonical(row: RawRow): CanonicalRow | string[] | null {
  const problems: string[] = [];
  const read = recogniseRow(row)?.convert(row, ({ message }) => problems.push(message)) ?? null;
  return problems.length > 0 ? problems : read;
}

const q: Message = { role: "user", content: "q" };
const a: Message = { role: "assistant", content: "a" };
const call: Message = {
  role: "assistant",
  content: "",
  tool_calls: [{ type: "function", function: { name: "f", arguments: { x: new Float(1, "1.0") } } }],
};
const result: Message = { role: "tool", content: "42" };
const f = { name: "f", description: "d", parameters: { type: "object", properties: {} } };
const tools = [{ type: "function", function: f }];
const callText = '{"name": "f", "arguments": {"x": 1.0}}';
const openaiCall = (args: unknown) => ({ type: "function", function: { name: "f", arguments: args } });

const dialects: { dialect: string; row: RawRow; messages: Message[]; extras?: ChatExtras }[] = [
  {
    dialect: "OpenAI: arguments as JSON text, ids, tool role",
    row: {
      messages: [
        q,
        { role: "assistant", content: null, tool_calls: [{ id: "c1", ...openaiCall('{"x": 1.0}') }], refusal: null },
        { ...result, tool_call_id: "c1", name: "f" },
        a,
      ],
      tools,
    },
    messages: [
      q,
      { ...call, tool_calls: [{ id: "c1", ...call.tool_calls![0]! }] },
      { ...result, tool_call_id: "c1", name: "f" },
      a,
    ],
    extras: { tools },
  },
  {
    dialect: "arguments as an object, tools as JSON text",
    row: {
      messages: [q, { ...a, content: "", tool_calls: [openaiCall({ x: new Float(1, "1.0") })] }],
      tools: JSON.stringify(tools),
    },
    messages: [q, call],
    extras: { tools },
  },
  {
    dialect: "calls without the function around them",
    row: { messages: [q, { role: "assistant", tool_calls: [{ name: "f", arguments: { x: new Float(1, "1.0") } }] }] },
    messages: [q, call],
  },
  {
    dialect: "OpenAI's older form",
    row: {
      messages: [
        q,
        { role: "assistant", content: null, function_call: { name: "f", arguments: '{"x": 1.0}' } },
        { role: "function", name: "f", content: "42" },
        a,
      ],
      functions: [f],
    },
    messages: [q, call, { ...result, name: "f" }, a],
    extras: { tools },
  },
  {
    dialect: "LLaMA-Factory's glaive files",
    row: {
      conversations: [
        { from: "human", value: "q" },
        { from: "function_call", value: callText },
        { from: "observation", value: "42" },
        { from: "gpt", value: "a" },
      ],
      tools: JSON.stringify([f]),
    },
    messages: [q, call, result, a],
    extras: { tools },
  },
  {
    dialect: "LLaMA-Factory: two calls at once",
    row: {
      conversations: [
        { from: "human", value: "q" },
        { from: "function_call", value: `[${callText}, ${callText}]` },
      ],
    },
    messages: [q, { ...call, tool_calls: [call.tool_calls![0]!, call.tool_calls![0]!] }],
  },
  {
    dialect: "LLaMA-Factory's newer files: reasoning and calls as parts",
    row: {
      messages: [
        { role: "user", content: [{ type: "text", value: "q" }], loss_weight: new Float(0, "0.0") },
        {
          role: "assistant",
          content: [
            { type: "reasoning", value: "hm" },
            { type: "tool_call", value: callText },
          ],
          loss_weight: new Float(1, "1.0"),
        },
      ],
    },
    messages: [q, { ...call, reasoning_content: "hm" }],
  },
  ...(["reasoning_content", "thinking", "reasoning"] as const).map((key) => ({
    dialect: `reasoning as ${key}`,
    row: { messages: [q, { ...a, [key]: "hm" }] },
    messages: [q, { ...a, reasoning_content: "hm" }],
  })),
  {
    dialect: "inline reasoning stays where it is",
    row: { messages: [q, { role: "assistant", content: "<think>\nhm\n</think>\n\na" }] },
    messages: [q, { role: "assistant", content: "<think>\nhm\n</think>\n\na" }],
  },
  ...(["weight", "train", "training", "loss", "loss_weight", "loss_mask"] as const).flatMap((flag) => [
    {
      dialect: `not learnt, by ${flag}`,
      row: { messages: [q, { ...a, [flag]: 0 }, q, a] },
      messages: [q, { ...a, weight: 0 as const }, q, a],
    },
    {
      dialect: `learnt, by ${flag}`,
      row: {
        messages: [
          { ...q, [flag]: false },
          { ...a, [flag]: true },
        ],
      },
      messages: [q, a],
    },
  ]),
  {
    dialect: "variables for the template; null is none",
    row: { prompt: "q", completion: "a", chat_template_kwargs: { enable_thinking: false, documents: null } },
    messages: [q, a],
    extras: { chat_template_kwargs: { enable_thinking: false } },
  },
];

test.each(dialects)("$dialect", ({ row, messages, extras }) => {
  expect(canonical(row)).toEqual({ kind: "messages", messages, ...extras });
});

test("preferences, labelled answers and prompts carry tools too", () => {
  expect(canonical({ prompt: "q", chosen: [call], rejected: "a", tools })).toEqual({
    kind: "preference",
    prompt: [q],
    chosen: [call],
    rejected: [a],
    tools,
  });
  expect(canonical({ messages: [q, call], label: true, tools })).toEqual({
    kind: "unpaired",
    prompt: [q],
    completion: [call],
    label: true,
    tools,
  });
  expect(canonical({ prompt: "q", answer: 1, tools })).toEqual({
    kind: "prompt",
    prompt: [q],
    columns: { answer: 1 },
    tools,
  });
});

test("the function-calling leaderboard's questions are prompts", () => {
  const row = { id: "simple_0", question: [[{ role: "user", content: "q" }]], function: [f] };
  expect(canonical(row)).toEqual({ kind: "prompt", prompt: [q], columns: { id: "simple_0" }, tools });
});

test("an answer that is compared cannot be learnt in part", () => {
  expect(canonical({ prompt: "q", chosen: [{ ...a, weight: 0 }], rejected: "b" })).toEqual([
    "turn 1 of an answer has weight 0, but answers are compared as wholes",
  ]);
});

test("segments, and rows that were tokenised before", () => {
  expect(
    canonical({
      segments: [
        { label: false, text: "q" },
        { label: true, text: "a" },
      ],
    }),
  ).toEqual({
    kind: "segments",
    segments: [
      { text: "q", trained: false },
      { text: "a", trained: true },
    ],
  });
  expect(canonical({ input_ids: [5, 6, 7], labels: [-100, 6, 7], attention_mask: [1, 1, 1] })).toEqual({
    kind: "tokens",
    ids: [5, 6, 7],
    labels: [-100, 6, 7],
  });
  expect(canonical({ input_ids: [0, 5, 6], completion_mask: [0, 0, 1], attention_mask: [0, 1, 1] })).toEqual({
    kind: "tokens",
    ids: [5, 6],
    labels: [-100, 6],
  });
  expect(canonical({ input_ids: [5, 6] })).toEqual({ kind: "tokens", ids: [5, 6], labels: [5, 6] });
});

test("a turn whose keys no object keeps in order is read all the same", () => {
  const parsed = parseJson(
    '{"messages": [{"role": "user", "content": "q", "2": 0, "1": 0}, {"role": "assistant", "content": "a"}]}',
  );
  expect("value" in parsed && canonical(parsed.value as RawRow)).toEqual({ kind: "messages", messages: [q, a] });
});
