// Tools, calls, reasoning and weights through the built binary: the tokens that the engine really trains hold what the rows say, to the digit.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { ensureEnvironment } from "../src/engines/env/ensure-environment.js";
import { ft, tinyProject } from "./project.js";

const minutes = 60_000;

beforeAll(async () => {
  await ensureEnvironment({ name: "axolotl", version: "0.19.0" }, { env: process.env, onProgress: () => {} });
}, 15 * minutes);

const args = '{"lat": 1.0, "id": 12345678901234567890, "10": 1, "2": 0.30000000000000004}';
const call = { id: "c1", type: "function", function: { name: "weather", arguments: args } };
const question = { role: "user", content: "weather?" };
const rows = [
  {
    messages: [
      question,
      { role: "assistant", content: "not learnt", weight: 0 },
      question,
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: "c1", content: "22" },
      { role: "assistant", content: "warm", reasoning_content: "hm" },
    ],
    // A number that JSON.stringify would write as 2.
    tools: '[{"name": "weather", "parameters": {"default": 2.0}}]',
  },
  {
    messages: [
      question,
      { role: "assistant", content: "", tool_calls: [{ name: "clock", arguments: { lat: "none" } }] },
    ],
  },
  { messages: [question, { role: "assistant", content: "plain" }] },
];

const template = `{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}<|im_start|>{{ m.role }}
{% if m.reasoning_content is defined %}<think>{{ m.reasoning_content }}</think>{% endif %}{{ m.content }}{% if m.tool_calls is defined %}{% for c in m.tool_calls %}{{ c.function.name }}{{ c.function.arguments | tojson }}{% if c.id is defined %}#{{ c.id }}{% endif %}{% endfor %}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`;

it.each([
  ["trl", []],
  ["axolotl", ["--set", "engine.name=axolotl", "--set", "engine.version=0.19.0"]],
])(
  "%s trains the calls as they are written, and no turn of weight 0",
  async (_, engine) => {
    const dir = tinyProject({ maxSteps: 1, evaluated: false });
    writeFileSync(join(dir, "chat.jinja"), template);
    writeFileSync(join(dir, "data/train.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const sets = ["--set", "model.template=chat.jinja", "--set", "data.max_length=512", ...engine];
    const result = await ft(["run", "--json", ...sets], dir);
    expect(result.exitCode, result.stderr).toBe(0);
    const run = readdirSync(join(dir, ".ft/runs")).at(-1)!;
    const events = readFileSync(join(dir, ".ft/runs", run, "events.jsonl"), "utf8")
      .trim()
      .split("\n");
    const samples = events.map((line) => JSON.parse(line)).filter(({ kind }) => kind === "sample");
    const text = samples.map((sample) => sample.text).join("");
    const trained = samples.map((sample) => sample.trainedText).join("");
    expect(text).toContain('[{"type": "function", "function": {"name": "weather", "parameters": {"default": 2.0}}}]');
    expect(text).toContain("not learnt");
    expect(trained).toContain(`weather${args}#c1<|im_end|>`);
    expect(trained).toContain("<think>hm</think>warm<|im_end|>");
    expect(trained).not.toContain("not learnt");
  },
  10 * minutes,
);
