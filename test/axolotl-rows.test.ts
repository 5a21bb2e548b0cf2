// What is not a plain conversation, trained and evaluated for real with Axolotl 0.19: preferences with tools, segments and tokens.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { ensureEnvironment } from "../src/engines/env/ensure-environment.js";
import { ft, tinyProject } from "./project.js";

const minutes = 60_000;

beforeAll(async () => {
  await ensureEnvironment({ name: "axolotl", version: "0.19.0" }, { env: process.env, onProgress: () => {} });
}, 15 * minutes);

const template = `{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}{% if m.tool_calls is defined %}{% for c in m.tool_calls %}{{ c.function.name }}{{ c.function.arguments | tojson }}{% endfor %}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`;

const tools = [{ type: "function", function: { name: "clock", parameters: { type: "object", default: 2.5 } } }];
const called = (city: string) => ({
  role: "assistant",
  content: "",
  tool_calls: [{ type: "function", function: { name: "clock", arguments: `{"city": "${city}", "10": 1, "id": "x"}` } }],
});
const asked = (n: number) => [{ role: "user", content: `time in town ${n}?` }];
const plain = { role: "assistant", content: "no idea" };

const kinds = {
  dpo: (n: number) => ({ prompt: asked(n), chosen: [called(`town ${n}`)], rejected: [plain], tools }),
  kto: (n: number) => ({
    prompt: asked(n),
    completion: [n % 2 ? called(`town ${n}`) : plain],
    label: n % 2 === 1,
    tools,
  }),
};

it.each(["dpo", "kto"] as const)(
  "%s with tools: the engine reads calls and definitions as they are written, as predicted, and the run is evaluated",
  async (objective) => {
    const dir = tinyProject({ maxSteps: 2 });
    writeFileSync(join(dir, "chat.jinja"), template);
    write(dir, kinds[objective]);
    const run = await train(dir, [`objective=${objective}`, "model.template=chat.jinja"]);
    const text = run.samples.map(({ text }) => text).join("");
    expect(text).toContain('"parameters": {"type": "object", "default": 2.5}');
    expect(text).toMatch(/clock\{"city": "town \d+", "10": 1, "id": "x"\}/);
    expect(run.items.length).toBeGreaterThan(0);
  },
  5 * minutes,
);

it.each([
  [
    "segments",
    (n: number) => ({
      segments: [
        { label: false, text: `${n} + 1 is ` },
        { label: true, text: `${n + 1}.` },
      ],
    }),
  ],
  ["tokens", (n: number) => ({ input_ids: [40, 41 + n, 42, 43], labels: [-100, -100, 42, 43] })],
])(
  "%s: only what the rows mark is trained, and what is held out is measured by it",
  async (_, row) => {
    const dir = tinyProject({ maxSteps: 2 });
    write(dir, row);
    const run = await train(dir, []);
    for (const { inputIds, labels } of run.samples) {
      const first = labels.findIndex((label: number) => label !== -100);
      expect(first).toBeGreaterThan(0);
      expect(labels.slice(first)).toEqual(inputIds.slice(first));
    }
    for (const item of run.items) expect(item).toMatchObject({ nll: expect.any(Number), tokens: expect.any(Number) });
    expect(run.items.map(({ variant }) => variant)).toEqual([...Array(8).fill("base"), ...Array(8).fill("adapter")]);
  },
  5 * minutes,
);

function write(dir: string, row: (n: number) => object): void {
  for (const [name, from, count] of [
    ["train", 0, 16],
    ["eval", 16, 8],
  ] as const) {
    const lines = Array.from({ length: count }, (_, index) => `${JSON.stringify(row(from + index))}\n`);
    writeFileSync(join(dir, `data/${name}.jsonl`), lines.join(""));
  }
}

async function train(dir: string, settings: string[]) {
  const engine = ["engine.name=axolotl", "engine.version=0.19.0", "data.max_length=512", "data.rules={ DUP*: off }"];
  const result = await ft(["run", "--json", ...[...engine, ...settings].flatMap((set) => ["--set", set])], dir);
  expect(result.exitCode, result.stderr).toBe(0);
  const preview = await ft(["data", "preview", "--from-run", "last"], dir);
  expect(preview.exitCode, preview.stdout).toBe(0);
  const [run] = readdirSync(join(dir, ".ft/runs"));
  const samples = lines(join(dir, ".ft/runs", run!, "events.jsonl")).filter(({ kind }) => kind === "sample");
  expect(samples.length).toBeGreaterThan(0);
  return { samples, items: lines(join(dir, ".ft/runs", run!, "out/eval/items.jsonl")) };
}

function lines(file: string) {
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}
