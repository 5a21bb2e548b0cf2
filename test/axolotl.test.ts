// Real training with Axolotl 0.19 on a CPU, through the built binary; and the same recipe and rows through TRL.
import { appendFileSync, cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
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
    15 * minutes,
  );

  it(
    "dpo, lora: is stopped with a checkpoint, and resumed to its last step",
    async () => {
      const dir = tinyProject({ maxSteps: 30, saveEvery: 30, evaluated: false });
      writeFileSync(join(dir, "data/train.jsonl"), pairs(40));
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
    15 * minutes,
  );
});

it(
  "the same recipe and rows mean the same to TRL and Axolotl: trained tokens, steps, and the loss, rate and gradient at each",
  async () => {
    // All that Axolotl's builders would do otherwise: epochs that end with a smaller batch, passes of unequal length, rows cut before their answer.
    const dir = tinyProject({ method: "full", rows: 20, epochs: 3 });
    appendFileSync(join(dir, "data/train.jsonl"), overlong(3));
    const base = llama3Model(join(dir, "model"));
    const model = [`model.base=${base}`, "model.template=llama3"];
    const train = ["batch_size=8", "micro_batch=2", "learning_rate=1e-3", "warmup_ratio=0.2", "eval_every=4"];
    const sets = [...model, ...train.map((set) => `train.${set}`)].flatMap((set) => ["--set", set]);
    for (const chosen of [engine, []]) {
      const result = await ft(["run", ...sets, ...chosen], dir);
      expect(result.exitCode, result.stderr).toBe(0);
    }
    const [one, other] = [events(dir, -2), events(dir, -1)];
    const trained = (all: Event[]) =>
      all.filter(({ kind }) => kind === "sample").map(({ labels }) => labels!.filter((label) => label !== -100));
    expect(trained(one)).toEqual(trained(other));
    expect(trained(one)[0]!.length).toBeGreaterThan(3);
    for (const id of readdirSync(join(dir, ".ft/runs")).sort().slice(-2)) {
      const preview = await ft(["data", "preview", "--from-run", id, "--json"], dir);
      expect(preview.exitCode, preview.stdout).toBe(0); // and both as ft predicted them
      expect(JSON.parse(preview.stdout).samples).toHaveLength(2);
      // Under another template than the run's the same samples are not what is predicted.
      const template = join(dir, ".ft/runs", id, "config/chat_template.jinja");
      writeFileSync(template, readFileSync(template, "utf8").replace("' + message", "the ' + message"));
      expect((await ft(["data", "preview", "--from-run", id], dir)).exitCode).toBe(4);
    }

    expect(curve(one, "loss").map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(curve(one, "eval_loss").map(([step]) => step)).toEqual([4, 8, 9]); // and after the last
    for (const key of ["loss", "learning_rate", "grad_norm", "eval_loss"]) {
      const [mine, theirs] = [curve(one, key), curve(other, key)];
      expect(mine.map(([step]) => step)).toEqual(theirs.map(([step]) => step));
      for (const [index, [step, value]] of mine.entries()) {
        const expected = theirs[index]![1];
        expect(Math.abs(value - expected), `${key} at step ${step}: ${value}, ${expected}`).toBeLessThanOrEqual(
          0.001 * expected,
        );
      }
    }
  },
  15 * minutes,
);

/** [step, value] of a metric. */
function curve(all: Event[], key: string): [number, number][] {
  return all.flatMap(({ kind, step, values }) =>
    kind === "metric" && values?.[key] !== undefined ? [[step!, values[key]] as [number, number]] : [],
  );
}

/** Rows whose answer lies beyond max_length (256 tokens). */
function overlong(count: number): string {
  const messages = [
    { role: "user", content: "and so on ".repeat(400) },
    { role: "assistant", content: "never seen" },
  ];
  return `${JSON.stringify({ messages })}\n`.repeat(count);
}

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

function pairs(count: number): string {
  return Array.from({ length: count }, (_, n) => {
    return `${JSON.stringify({ prompt: `What is ${n} + 1?`, chosen: `It is ${n + 1}.`, rejected: "I do not know." })}\n`;
  }).join("");
}
