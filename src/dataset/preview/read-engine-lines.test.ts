// What ft writes for an engine is read back as the rows that it was.
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { CanonicalRow, Carried, Message } from "../canonical.js";
import { stringifyJson } from "../json/stringify-json.js";
import { engineLines, type Layout } from "../layout.js";
import { readEngineLines } from "./read-engine-lines.js";

const ask: Message[] = [{ role: "user", content: "Weather in Oslo?" }];
const call: Message = {
  ...{ role: "assistant", content: "", reasoning_content: "I need the tool." },
  tool_calls: [
    { id: "1", type: "function", function: { name: "weather", arguments: { city: "Oslo", big: 2n ** 70n } } },
  ],
};
const answer: Message = { role: "assistant", content: "Rain." };
const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }];
const everything: Carried[] = [
  "reasoning_content",
  "tool_call_id",
  "name",
  "tool_calls",
  "tools",
  "chat_template_kwargs",
];

const talk = [...ask, call, { role: "tool", content: "12", tool_call_id: "1", name: "weather" } as const, answer];
const cases: { layout: Layout; row: CanonicalRow; isOneTurn?: boolean }[] = [
  {
    layout: "messages",
    row: { kind: "messages", messages: talk, tools, chat_template_kwargs: { enable_thinking: false } },
  },
  { layout: "messages-json", row: { kind: "messages", messages: talk, tools } },
  { layout: "prompt-completion", row: { kind: "messages", messages: [...ask, answer] }, isOneTurn: true },
  { layout: "text", row: { kind: "text", text: "plain" } },
  { layout: "preference", row: { kind: "preference", prompt: ask, chosen: [answer], rejected: [call], tools } },
  { layout: "unpaired", row: { kind: "unpaired", prompt: ask, completion: [answer], label: false } },
  { layout: "prompt", row: { kind: "prompt", prompt: ask, columns: { answer: "12" } } },
  {
    layout: "segments",
    row: {
      kind: "segments",
      segments: [
        { text: "a", trained: false },
        { text: "b", trained: true },
      ],
    },
  },
  { layout: "tokens", row: { kind: "tokens", ids: [1, 2], labels: [-100, 2] } },
];

test.each(cases)("$layout", async ({ layout, row, isOneTurn = false }) => {
  const path = join(await mkdtemp(join(tmpdir(), "ft-lines-")), "train.jsonl");
  await writeFile(
    path,
    engineLines(row, layout, everything)
      .map((line) => `${stringifyJson(line)}\n`)
      .join(""),
  );
  const rows = [];
  for await (const each of readEngineLines(path)) rows.push(each);
  expect(rows).toEqual([{ row, line: 1, isOneTurn }]);
});
