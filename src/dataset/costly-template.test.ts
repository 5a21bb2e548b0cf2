// A template that takes seconds for some rows: the check ends in bounded time, says so once, and says the same whoever judges the rows.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type CheckInput, checkWith } from "./check-dataset.js";
import { tokenCounter } from "./masks/count-tokens.js";
import { observersHere, observersInThreads } from "./observe-rows.js";

const endless = "{% for i in range(90000) %}{% for j in range(90000) %}{{ '' }}{% endfor %}{% endfor %}";
const source = `{% for m in messages %}{% if 'costly' in m.content %}${endless}{% endif %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}`;
const template = { source, sha256: "", origin: "test", hasGenerationMarkers: false };
const dir = process.env.FT_TEST_MODEL as string;
const model = { dir, template, maxLength: 64, trainOn: "assistant", engine: "trl" } as const;
const chat = (question: string) => ({
  messages: [
    { role: "user", content: question },
    { role: "assistant", content: `answer to ${question}. ${"It is long. ".repeat(30)}` },
  ],
});

test.each([
  ["rows that are handed over", 600],
  ["stretches that threads read", 2_400],
])(
  "findings of rows before the third costly one are told, of later ones none, here and in threads: %s",
  async (_, count) => {
    const folder = mkdtempSync(join(tmpdir(), "ft-costly-"));
    const rows = Array.from({ length: count }, (_, at) => chat(at % 60 === 59 ? `costly ${at}` : `question ${at}`));
    writeFileSync(join(folder, "train.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const input: CheckInput = {
      ...{ dir: folder, train: [{ path: "train.jsonl", format: "auto", weight: 1 }], format: "auto", seed: 0, model },
    };
    const here = await checkWith(input, observersHere);
    const inThreads = await checkWith(input, (each) => observersInThreads(each, 3));
    expect(inThreads).toEqual(here);
    expect(here.counts.TPL005).toBe(1);
    expect(here.findings.find(({ rule }) => rule === "TPL005")!.line).toBe(180);
    const cut = here.findings.filter(({ rule }) => rule === "TOK001").map(({ line }) => line);
    expect(cut).toHaveLength(177);
    expect(Math.max(...cut)).toBe(179);
  },
  60_000,
);

test("rows are not chosen by their tokens under such a template", async () => {
  const count = await tokenCounter(model, { dir: ".", train: [], format: "auto", seed: 0 });
  expect(count({ kind: "messages", ...chat("question") } as never)).toBeGreaterThan(64);
  const costly = { kind: "messages", ...chat("costly") } as never;
  expect(() => [1, 2, 3].map(() => count(costly))).toThrow(expect.objectContaining({ code: "template.too-costly" }));
}, 60_000);
