// Rows with anything anywhere: read or told, never thrown; what is read has an identity, lines for the engines and lengths.
import { expect, test } from "vitest";
import type { CanonicalRow } from "./canonical.js";
import { looseDigest, promptDigest, rowDigest } from "./canonical-key.js";
import { mapRow } from "./formats/map-columns.js";
import { readingsOf, recogniseRow, whyNotRecognised } from "./formats/recognise.js";
import { Float, type Json, recordOf } from "./json/json.js";
import { parseJson } from "./json/parse-json.js";
import { stringifyJson } from "./json/stringify-json.js";
import { engineLines, kindOfLayout, type Layout } from "./layout.js";
import { judgeRow } from "./row-rules.js";
import { rowFacts, sumSplit } from "./split-facts.js";

const call = '{"name": "f", "arguments": {"x": 1.0, "2": 1, "1": 12345678901234567890}}';
const turns = `[{"role": "system", "content": "s"}, {"role": "user", "content": [{"type": "text", "text": "q"}]},
  {"role": "assistant", "content": null, "reasoning": "hm", "weight": 0, "tool_calls": [{"id": "c", "type": "function", "function": ${call}}]},
  {"role": "tool", "content": "r", "tool_call_id": "c", "name": "f"}, {"role": "assistant", "content": "a", "train": true}]`;
const tools = `"tools": [{"type": "function", "function": {"name": "f", "parameters": {"default": 2.0}}}], "chat_template_kwargs": {"n": 1.0}`;
const texts = [
  `{"messages": ${turns}, ${tools}}`,
  `{"conversations": [{"from": "human", "value": "q"}, {"from": "function_call", "value": ${JSON.stringify(call)}}, {"from": "observation", "value": "r"}], "tools": "[]", "system": "s"}`,
  `{"instruction": "q", "input": "i", "output": "a", "history": [["q", "a"]], ${tools}}`,
  `{"prompt": ${turns}, "completion": "a", ${tools}}`,
  `{"prompt": "q", "chosen": ${turns}, "rejected": [{"role": "assistant", "content": "b"}], ${tools}}`,
  `{"messages": ${turns}, "label": true}`,
  `{"prompt": "q", "answer": 4.0, "nested": {"7": [], "__proto__": 1}}`,
  `{"question": [[{"role": "user", "content": "q"}]], "function": [{"name": "f"}]}`,
  `{"segments": [{"label": true, "text": "a"}]}`,
  `{"input_ids": [1, 2, 3], "labels": [-100, 2, 3], "attention_mask": [1, 1, 0]}`,
  `{"text": "a"}`,
];
const strange: Json[] = [
  ...[null, true, "", "x", "[1", call, "user", 0, -1, 0.5, 10n ** 20n, [], {}, [[]], [{}], ["a", "b"]],
  ...[
    new Float(1, "1.0"),
    new Map<string, Json>([
      ["role", "user"],
      ["1", 2],
      ["__proto__", 3],
    ]),
    { role: "assistant" },
  ],
];

let state = 3;
function draw(below: number): number {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return (state >>> 8) % below;
}

/** The value with one node of it, chosen at random, replaced or taken out. */
function mutated(value: Json): Json {
  const record = recordOf(value);
  if (draw(4) === 0 || (!record && !Array.isArray(value))) return strange[draw(strange.length)] as Json;
  if (Array.isArray(value)) {
    const at = draw(Math.max(1, value.length));
    return draw(8) === 0
      ? value.filter((_, index) => index !== at)
      : value.map((item, index) => (index === at ? mutated(item) : item));
  }
  const entries = Object.entries(record ?? {});
  const at = draw(Math.max(1, entries.length));
  if (draw(8) === 0) return Object.fromEntries(entries.filter((_, index) => index !== at));
  return Object.fromEntries(entries.map(([key, item], index) => [key, index === at ? mutated(item) : item]));
}

test("20,000 mutated rows are read or told, never thrown", { timeout: 600_000 }, () => {
  let read = 0;
  let told = 0;
  for (let round = 0; round < 20_000; round += 1) {
    const parsed = parseJson(texts[round % texts.length] as string);
    if ("problem" in parsed) throw new Error(parsed.problem);
    let value: Json = parsed.value;
    for (let times = 1 + draw(3); times > 0; times -= 1) value = mutated(value);
    const record = recordOf(value);
    if (!record) continue;
    const { row } = mapRow(record, { columns: { system: "rules", role: "speaker" }, roles: { bot: "assistant" } });
    readingsOf(row);
    const format = recogniseRow(row);
    if (!format) {
      expect(whyNotRecognised(row, null)).not.toBe("");
      continue;
    }
    const problems: string[] = [];
    const canonical = format.convert(row, ({ message }) => problems.push(message));
    if (canonical) read += 1;
    else told += 1;
    if (canonical) use(canonical);
    else expect(problems, stringifyJson(value)).not.toEqual([]);
  }
  expect(Math.min(read, told)).toBeGreaterThan(3000);
});

function use(row: CanonicalRow): void {
  judgeRow(row);
  for (const digest of [rowDigest, looseDigest, promptDigest]) digest(row);
  const sum = sumSplit();
  sum.add(rowFacts(row));
  for (const layout of Object.keys(kindOfLayout) as Layout[]) {
    if (kindOfLayout[layout] !== row.kind) continue;
    for (const line of engineLines(row, layout, sum.facts().carries))
      expect(parseJson(stringifyJson(line))).toHaveProperty("value");
  }
}
