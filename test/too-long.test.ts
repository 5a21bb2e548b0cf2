// data.too_long: drop, through the built binary: what is longer than max_length is in no sequence that the engine really trains.
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { ensureEnvironment } from "../src/engines/env/ensure-environment.js";
import { ft, tinyProject } from "./project.js";

const minutes = 60_000;

beforeAll(async () => {
  await ensureEnvironment({ name: "axolotl", version: "0.19.0" }, { env: process.env, onProgress: () => {} });
}, 15 * minutes);

const long = "and so on ".repeat(400);

it.each([
  ["trl", "sft", []],
  ["trl", "sft, packed", ["data.packing=true"]],
  ["trl", "dpo", ["objective=dpo"]],
  ["axolotl", "sft", ["engine.name=axolotl", "engine.version=0.19.0"]],
])(
  "%s, %s: long rows are left out, and the run says how many",
  async (engine, what, settings) => {
    const dir = tinyProject({ rows: 6, maxSteps: 1, evaluated: false });
    const isPair = what === "dpo";
    const train = join(dir, "data/train.jsonl");
    if (isPair) writeFileSync(train, Array.from({ length: 6 }, (_, n) => pair(`${n}, then.`)).join(""));
    // First, so that a run that cut them would show them in its samples.
    writeFileSync(train, (isPair ? pair(long) : chat(long)) + readFileSync(train, "utf8"));
    appendFileSync(train, isPair ? pair(long) : chat(long));
    const sets = ["data.too_long=drop", "data.rules={ DUP*: off }", ...settings].flatMap((set) => ["--set", set]);
    const result = await ft(["run", ...sets], dir);
    expect(result.exitCode, result.stderr).toBe(0);
    if (engine === "trl")
      expect(result.stderr).toMatch(/2 of 8 rows are longer than data.max_length and were left out/);
    const [run] = readdirSync(join(dir, ".ft/runs"));
    const events = readFileSync(join(dir, ".ft/runs", run!, "events.jsonl"), "utf8")
      .trim()
      .split("\n");
    const samples = events.map((line) => JSON.parse(line)).filter(({ kind }) => kind === "sample");
    expect(samples.length).toBeGreaterThan(0);
    expect(samples.map(({ text }) => text).join("")).not.toContain("and so on");
    expect((await ft(["data", "preview", "--from-run", "last"], dir)).exitCode).toBe(0); // and as predicted
  },
  4 * minutes,
);

function chat(answer: string): string {
  const messages = [
    { role: "user", content: "Why?" },
    { role: "assistant", content: answer },
  ];
  return `${JSON.stringify({ messages })}\n`;
}

function pair(chosen: string): string {
  return `${JSON.stringify({ prompt: `Why ${chosen.slice(0, 8)}?`, chosen, rejected: "I do not know." })}\n`;
}
