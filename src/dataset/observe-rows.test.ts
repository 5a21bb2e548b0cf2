// A check whose rows are observed in threads reports, to the letter, what one without threads does.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readTemplate } from "../models/template.js";
import { type CheckInput, checkWith } from "./check-dataset.js";
import { observersHere, observersInThreads, type RowObservers } from "./observe-rows.js";

const dir = process.env.FT_TEST_MODEL as string;
const template = readTemplate("auto", { dir, cwd: dir });
const model = { dir, template, maxLength: 64, trainOn: "assistant", engine: "trl" } as const;

/** Sound rows, and every few lines one with a fault: of one row, between rows that are far apart, of the file. */
function lines(count: number): string[] {
  return Array.from({ length: count }, (_, at) => {
    const chat = (...contents: string[]) =>
      JSON.stringify({
        messages: contents.map((content, turn) => ({ role: turn % 2 ? "assistant" : "user", content })),
      });
    if (at % 50 === 7) return '{"messages": [';
    if (at % 50 === 13) return chat(`question ${at % 100}`, "copied answer");
    if (at % 50 === 21) return chat(`question ${at}`, "a long answer ".repeat(40));
    if (at % 50 === 29) return chat(`question ${at}`, "ends early <|im_end|> and goes on");
    if (at % 50 === 33) return chat(`question ${at}`, "");
    if (at % 50 === 41) {
      const call = `{"function": {"name": "f", "arguments": {"x": 1.0, "big": 12345678901234567890, "2": 1, "1": 2}}}`;
      return `{"messages": [{"role": "user", "content": "call ${at}"}, {"role": "assistant", "content": "", "tool_calls": [${call}]}], "tools": [{"type": "function", "function": {"name": "f", "parameters": {"x": 1e5}}}]}`;
    }
    return chat(`question ${at}`, `answer ${at}`);
  });
}

test.each([
  ["rows that are handed over", 900],
  ["stretches of a file that threads read", 7_000],
])(
  "findings in their order, counts, facts and hashes: %s",
  async (_, count) => {
    const folder = mkdtempSync(join(tmpdir(), "ft-threads-"));
    writeFileSync(join(folder, "train.jsonl"), `${lines(count).join("\n")}\n`);
    writeFileSync(join(folder, "eval.jsonl"), `${lines(count).slice(100, 160).join("\n")}\n`);
    const input: CheckInput = {
      dir: folder,
      train: [{ path: "train.jsonl", format: "auto", weight: 1 }],
      eval: ["eval.jsonl"],
      format: "auto",
      seed: 0,
      model,
    };
    const here = await checkWith(input, observersHere);
    expect(Object.keys(here.counts).length).toBeGreaterThan(5);
    let threads: RowObservers | null = null;
    const inThreads = await checkWith(input, async (each) => {
      threads = await observersInThreads(each, 3);
      return threads;
    });
    expect(threads!.atOnce).toBe(6);
    expect(inThreads).toEqual(here);
  },
  60_000,
);

test("a model that cannot be loaded is the same failure", async () => {
  const missing = { ...model, dir: "/nowhere" };
  await expect(observersInThreads({ model: missing, seed: 0, near: true, grams: [] }, 2)).rejects.toMatchObject({
    code: "model.no-tokenizer",
  });
});
