// Chat templates rendered by ft against transformers' own function and against @huggingface/jinja, on the same rows.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Template } from "@huggingface/jinja";
import { execa } from "execa";
import { compileTemplate } from "../dist/dataset/template/compile.js";
import { comparePairs } from "./measure.mjs";

const root = new URL("..", import.meta.url).pathname;
const special = { bos_token: "<s>", eos_token: "<|im_end|>" };
const rows = Array.from({ length: 2000 }, (_, at) => conversation(at));

/** Two to six turns, some with reasoning, some with a tool call, of some 100 to 1,000 characters. */
function conversation(at) {
  const turns = [{ role: "system", content: "You answer in one sentence." }];
  for (let turn = 0; turn <= at % 3; turn += 1) {
    turns.push({ role: "user", content: `Question ${at}.${turn}: ${"what happens next? ".repeat(1 + (at % 9))}` });
    if (at % 4 === 0) {
      const call = { type: "function", function: { name: "search", arguments: { query: `thing ${at}`, limit: turn } } };
      turns.push({ role: "assistant", content: "", tool_calls: [call] }, { role: "tool", content: '{"found": 3}' });
    }
    const reasoning = at % 3 === 0 ? { reasoning_content: "The user wants to know what happens next." } : {};
    turns.push({ role: "assistant", content: `Answer ${turn}. ${"It goes on. ".repeat(1 + (at % 7))}`, ...reasoning });
  }
  return turns;
}

const python = `
import json, sys, time
from transformers.utils.chat_template_utils import render_jinja_template
source, rows, special = json.load(sys.stdin)
render_jinja_template([rows[0]], chat_template=source, **special)
start = time.process_time()
for row in rows:
    render_jinja_template([row], chat_template=source, **special)
print((time.process_time() - start) * 1000)
`;

export async function benchRender() {
  const ft = join(root, "dist/cli/main.js");
  const { environment } = JSON.parse((await execa(process.execPath, [ft, "env", "create", "trl", "--json"])).stdout);
  const source = readFileSync(join(templatesOf(environment.python), "qwen3.jinja"), "utf8");
  const compiled = compileTemplate(source, special);
  const interpreted = new Template(source);
  const variables = { ...special, tools: null, documents: null, add_generation_prompt: false };
  const own = { run: () => cpuTime(() => rows.map((row) => compiled(row, { addGenerationPrompt: false }))) };
  const library = {
    name: "@huggingface/jinja",
    run: () => cpuTime(() => rows.map((messages) => interpreted.render({ ...variables, messages }))),
  };
  const transformers = {
    name: "transformers",
    run: () =>
      Number(execFileSync(environment.python, ["-c", python], { input: JSON.stringify([source, rows, special]) })),
  };
  return [
    await comparePairs("render 2,000 rows, Qwen3's template", 0.2, 11, own, library),
    await comparePairs("render 2,000 rows, Qwen3's template", 0.5, 5, own, transformers),
  ];
}

export function templatesOf(python) {
  const lib = join(dirname(python), "../lib");
  const version = readdirSync(lib).find((name) => name.startsWith("python"));
  return join(lib, version, "site-packages/trl/chat_templates");
}

/** Milliseconds of processor time. */
function cpuTime(work) {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
