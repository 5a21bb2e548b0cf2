// Real training with Axolotl 0.19 on a CPU, through the built binary; and the same recipe and rows through TRL.
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureEnvironment } from "../src/engines/env/ensure-environment.js";
import { ft, requiredEnv, tinyProject } from "./project.js";

const minutes = 60_000;
const engine = ["--set", "engine.name=axolotl", "--set", "engine.version=0.19.0"];

interface Event {
  kind: string;
  step?: number;
  values?: Record<string, number>;
  labels?: number[];
  phase?: string;
}

function events(dir: string, run = -1): Event[] {
  const id = readdirSync(join(dir, ".ft/runs")).sort().at(run)!;
  const lines = readFileSync(join(dir, ".ft/runs", id, "events.jsonl"), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => JSON.parse(line));
}

const losses = (all: Event[]) => all.filter(({ kind, values }) => kind === "metric" && values?.loss !== undefined);

beforeAll(async () => {
  await ensureEnvironment({ name: "axolotl", version: "0.19.0" }, { env: process.env, onProgress: () => {} });
}, 15 * minutes);

describe("ft run with axolotl 0.19", () => {
  it.each([
    ["sft", "lora", []],
    ["sft", "full", ["--set", "train.learning_rate=1e-3"]],
  ] as const)(
    "%s, %s: trains, seals its checkpoints, evaluates and registers",
    async (_objective, method, sets) => {
      const dir = tinyProject({ method, maxSteps: 4 });
      const result = await ft(["run", "--json", ...engine, ...sets], dir);
      expect(result.exitCode, result.stderr).toBe(0);
      const { adapter } = JSON.parse(result.stdout);
      expect(adapter).toMatchObject({ version: 1, method, engine: { name: "axolotl", version: "0.19.0" } });
      expect((await ft(["adapters", "verify", "tiny"], dir)).exitCode).toBe(0);
      const all = events(dir);
      expect(losses(all).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
      expect(all.filter(({ kind }) => kind === "checkpoint").map(({ step }) => step)).toEqual([2, 4]);
      expect(all.filter(({ kind }) => kind === "phase").map(({ phase }) => phase)).toEqual(
        expect.arrayContaining(["loading", "tokenizing", "training", "saving", "evaluating"]),
      );
    },
    4 * minutes,
  );

  it(
    "dpo, lora: is stopped with a checkpoint, and resumed to its last step",
    async () => {
      const dir = tinyProject({ maxSteps: 30, saveEvery: 30 });
      writeFileSync(join(dir, "data/train.jsonl"), pairs(40));
      writeFileSync(join(dir, "data/eval.jsonl"), pairs(4, 40));
      const sets = ["--set", "objective=dpo", "--set", "train.learning_rate=1e-4"];
      const started = await ft(["run", "--detach", ...engine, ...sets], dir);
      expect(started.exitCode, started.stderr).toBe(0);
      while (losses(events(dir)).length === 0) await sleep(200);
      const stopped = await ft(["runs", "cancel", "last"], dir);
      expect(stopped.exitCode, stopped.stderr).toBe(0);
      const before = losses(events(dir)).at(-1)!.step!;
      expect(before).toBeLessThan(30);
      const resumed = await ft(["runs", "resume", "last", "--json"], dir);
      expect(resumed.exitCode, resumed.stderr).toBe(0);
      const steps = losses(events(dir)).map(({ step }) => step);
      expect(steps.at(-1)).toBe(30);
      expect(steps[steps.indexOf(before) + 1]).toBe(before + 1);
    },
    5 * minutes,
  );
});

it(
  "the same recipe and rows mean the same to TRL and Axolotl: steps, trained tokens, first loss",
  async () => {
    const dir = tinyProject({ maxSteps: 4 });
    const base = llama3Model(join(dir, "model"));
    const same = ["--set", `model.base=${base}`, "--set", "model.template=llama3", "--set", "train.batch_size=8"];
    for (const sets of [engine, []]) {
      const result = await ft(["run", ...same, ...sets], dir);
      expect(result.exitCode, result.stderr).toBe(0);
    }
    const [one, other] = [events(dir, -2), events(dir, -1)];
    expect(losses(one).map(({ step }) => step)).toEqual(losses(other).map(({ step }) => step));
    const trained = (all: Event[]) =>
      all.filter(({ kind }) => kind === "sample").map(({ labels }) => labels!.filter((label) => label !== -100));
    expect(trained(one)).toEqual(trained(other));
    expect(trained(one)[0]!.length).toBeGreaterThan(3);
    const [first, second] = [losses(one)[0]!.values!.loss!, losses(other)[0]!.values!.loss!];
    expect(Math.abs(first - second) / first).toBeLessThan(0.01);
  },
  5 * minutes,
);

/** The tiny model with Llama 3's names for its two special tokens. */
function llama3Model(dir: string): string {
  cpSync(requiredEnv("FT_TEST_TINY_MODEL"), dir, { recursive: true });
  for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
    const text = readFileSync(join(dir, name), "utf8");
    const renamed = text.replaceAll("<|im_start|>", "<|start_header_id|>").replaceAll("<|im_end|>", "<|eot_id|>");
    writeFileSync(join(dir, name), renamed);
  }
  return dir;
}

function pairs(count: number, from = 0): string {
  return Array.from({ length: count }, (_, index) => {
    const n = from + index;
    return `${JSON.stringify({ prompt: `What is ${n} + 1?`, chosen: `It is ${n + 1}.`, rejected: "I do not know." })}\n`;
  }).join("");
}
