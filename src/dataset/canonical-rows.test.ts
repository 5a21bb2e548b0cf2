// What canonical rows are to the rest: identities that locks in the wild hold, round trips, and the lines that engines get.
import { expect, test } from "vitest";
import type { CanonicalRow, Message } from "./canonical.js";
import { looseDigest, promptDigest, rowDigest } from "./canonical-key.js";
import { recogniseRow } from "./formats/recognise.js";
import { Float, type Json } from "./json/json.js";
import { parseJson } from "./json/parse-json.js";
import { stringifyJson } from "./json/stringify-json.js";
import { engineLines } from "./layout.js";
import { rowFacts, sumSplit } from "./split-facts.js";

const q: Message = { role: "user", content: "q" };
const a: Message = { role: "assistant", content: "a" };
const call: Message = {
  role: "assistant",
  content: "",
  reasoning_content: "hm",
  tool_calls: [
    {
      id: "c",
      type: "function",
      function: {
        name: "f",
        arguments: new Map<string, Json>([
          ["b", new Float(1, "1.0")],
          ["1", 10n ** 20n],
        ]),
      },
    },
  ],
};
const tools = [{ type: "function", function: { name: "f", parameters: { default: new Float(2, "2.0") } } }];
const chat: CanonicalRow = {
  kind: "messages",
  messages: [q, call, { role: "tool", content: "r", tool_call_id: "c", name: "f" }, { ...a, weight: 0 }, q, a],
  tools,
  chat_template_kwargs: { thinking: true },
};

/** As ft 0.1 had them: locks hold hashes over these. */
test.each<[CanonicalRow, string[]]>([
  [{ kind: "messages", messages: [q, a] }, ["ef00e897fed892bb", "c9ee761be72df82c", "c9ee761be72df82c"]],
  [{ kind: "text", text: "t" }, ["29aa27116e214aee", "e3b98a4da31a127d", "e3b98a4da31a127d"]],
  [
    { kind: "preference", prompt: [q], chosen: [a], rejected: [q] },
    ["e460f33b107e28ef", "5ebebaa219038fe7", "f1a8389a0d0606cd"],
  ],
  [
    { kind: "unpaired", prompt: [q], completion: [a], label: true },
    ["8c6b4dd5091d65b4", "81825152cc5dca2e", "f1a8389a0d0606cd"],
  ],
  [
    { kind: "prompt", prompt: [q], columns: { b: 1.5, a: ["x"] } },
    ["7a4a36f7c0c9e0af", "34a95a92a5fd5894", "f1a8389a0d0606cd"],
  ],
])("rows without tools, reasoning and weights keep their digests: $kind", (row, digests) => {
  expect([rowDigest, looseDigest, promptDigest].map((of) => of(row).toString("hex").slice(0, 16))).toEqual(digests);
});

test("what a row carries is part of what it is; what of it is learnt is not part of what leaks", () => {
  const plain: CanonicalRow = { kind: "messages", messages: [q, a] };
  const variants: CanonicalRow[] = [
    { kind: "messages", messages: [q, { ...a, reasoning_content: "hm" }] },
    { kind: "messages", messages: [q, { ...a, name: "x" }] },
    { kind: "messages", messages: [q, { ...a, tool_calls: call.tool_calls! }] },
    { ...plain, tools },
    { ...plain, chat_template_kwargs: { thinking: true } },
  ];
  for (const digest of [rowDigest, looseDigest]) {
    expect(new Set([plain, ...variants].map((row) => digest(row).toString("hex"))).size).toBe(6);
  }
  const unlearnt: CanonicalRow = { kind: "messages", messages: [q, { ...a, weight: 0 }] };
  expect(rowDigest(unlearnt)).not.toEqual(rowDigest(plain));
  expect(looseDigest(unlearnt)).toEqual(looseDigest(plain));
});

test("a canonical row written as a messages line reads as itself", () => {
  const { kind: _, ...line } = chat;
  const parsed = parseJson(stringifyJson(line as unknown as Json));
  if ("problem" in parsed) throw new Error(parsed.problem);
  const row = parsed.value as Record<string, unknown>;
  expect(recogniseRow(row)?.convert(row, () => {})).toEqual(chat);
});

test("lines for TRL: a line a turn that is learnt, values without a fixed shape as JSON text, every key in every turn", () => {
  const sum = sumSplit();
  sum.add(rowFacts(chat));
  const { carries, assistantTurns } = sum.facts();
  expect(carries).toEqual([
    "chat_template_kwargs",
    "name",
    "reasoning_content",
    "tool_call_id",
    "tool_calls",
    "tools",
    "weight",
  ]);
  const lines = engineLines(chat, "prompt-completion", carries);
  expect(assistantTurns).toBe(2);
  expect(lines).toHaveLength(2);
  const [first, second] = lines as {
    prompt: object[];
    completion: object[];
    chat_template_kwargs: { as_json: string };
  }[];
  expect(first!.completion).toEqual([
    {
      role: "assistant",
      content: "",
      reasoning_content: "hm",
      tool_call_id: "",
      name: "",
      tool_calls:
        '[{"id":"c","type":"function","function":{"name":"f","arguments":{"b":1.0,"1":100000000000000000000}}}]',
    },
  ]);
  expect(second!.prompt).toHaveLength(5);
  expect(second!.prompt[3]).toEqual({ ...a, reasoning_content: "", tool_call_id: "", name: "", tool_calls: "" });
  expect(first!.chat_template_kwargs.as_json).toBe(
    '{"thinking":true,"tools":[{"type":"function","function":{"name":"f","parameters":{"default":2.0}}}]}',
  );
  expect(engineLines({ kind: "messages", messages: [q, a] }, "messages", [])).toEqual([{ messages: [q, a] }]);
});

test("lines for Axolotl are JSON text, weights and all", () => {
  const [line] = engineLines(chat, "messages-json");
  expect(line).toEqual({ messages: expect.stringContaining('"content":"a","weight":0}'), tools: stringifyJson(tools) });
});

test("segments and tokens as the engines name them", () => {
  const segments: CanonicalRow = { kind: "segments", segments: [{ text: "q", trained: false }] };
  expect(engineLines(segments, "segments")).toEqual([{ segments: [{ label: false, text: "q" }] }]);
  expect(engineLines({ kind: "tokens", ids: [4, 5], labels: [-100, 5] }, "tokens")).toEqual([
    { input_ids: [4, 5], attention_mask: [1, 1], labels: [-100, 5] },
  ]);
});
