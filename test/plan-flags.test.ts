// Flags of `ft plan` through the built binary: what is written, what is refused, and how it ends.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { emptyFolder, ft } from "./project.js";

let dir = "";
const plan = (...args: string[]) =>
  ft(["plan", ...args], dir, { HOME: dir, FT_CACHE: join(dir, "ft"), HF_HUB_OFFLINE: "1" });
const planned = async (...args: string[]) => JSON.parse((await plan(...args, "--json")).stdout).plan;

const recipe = "name: x\nmodel: { base: qwen3-8b }\nmethod: { type: lora }\ndata: { train: train.jsonl }\n";

beforeEach(() => {
  dir = emptyFolder();
  writeFileSync(join(dir, "ft.yaml"), recipe);
  const rows = Array.from({ length: 400 }, (_, row) => ({
    messages: [
      { role: "user", content: `question ${row} ${"word ".repeat(40)}` },
      { role: "assistant", content: `answer ${row}` },
    ],
  }));
  writeFileSync(join(dir, "train.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
});

describe("--apply", () => {
  it("writes nothing that is not enough, says so, and ends with 5", async () => {
    const flags = ["--set", "model.base=llama3.1-70b", "--set", "method.type=qlora", "--gpu", "l4", "--apply"];
    const { exitCode, stdout, stderr } = await plan(...flags);
    expect(exitCode).toBe(5);
    expect(stdout).toMatch(/^nothing that ft can change makes it fit$/m);
    expect(stdout).not.toContain("to make it fit");
    expect(stderr).toContain("note: --apply wrote nothing: nothing that ft can change makes it fit NVIDIA L4");
    expect(readFileSync(join(dir, "ft.yaml"), "utf8")).toBe(recipe);
  });

  it("keeps Windows' line ends, and says what of the plan it did not write", async () => {
    writeFileSync(join(dir, "ft.yaml"), recipe.replaceAll("\n", "\r\n"));
    const { exitCode, stderr } = await plan("--gpu", "2x l4", "--set", "train.epochs=2", "--apply");
    expect(exitCode).toBe(0);
    expect(stderr).toContain("and not train.epochs=2, compute.gpus=2: that was for this plan");
    const written = readFileSync(join(dir, "ft.yaml"), "utf8");
    expect(written).toContain("gradient_checkpointing: true\r\n");
    expect(written.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    expect(written).not.toContain("epochs");
  });

  it("says that there is nothing to write where it fits", async () => {
    const { exitCode, stderr } = await plan("--gpu", "h200", "--apply");
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/--apply wrote nothing: it fits NVIDIA H200.* as it is/);
    expect(readFileSync(join(dir, "ft.yaml"), "utf8")).toBe(recipe);
  });
});

it("FSDP2 is refused with an optimizer of bitsandbytes, before a run finds out", async () => {
  const sets = ["compute.parallel=fsdp", "compute.gpus=2", "train.optimizer=paged_adamw_8bit"];
  const { exitCode, stderr } = await plan("--gpu", "2x a100-40", ...sets.flatMap((set) => ["--set", set]));
  expect(exitCode).toBe(3);
  expect(stderr).toMatch(/paged_adamw_8bit cannot go with compute\.parallel fsdp[\s\S]*use adamw/);
});

describe("train.micro_batch auto", () => {
  const auto = ["--set", "train.micro_batch=auto", "--set", "train.batch_size=16"];

  it("is as many rows as fit each GPU that is named, not this machine", async () => {
    const { plans, advice } = await planned(...auto, "--gpu", "h200", "--gpu", "rtx4090", "--gpu", "2x h200");
    expect(advice).toBeNull();
    expect(plans.map(({ batch }: { batch: object }) => batch)).toMatchObject([
      { rows: 16, accumulation: 1 },
      { rows: 4, accumulation: 4 },
      { rows: 8, accumulation: 1 },
    ]);
    const more = await planned("--set", "train.micro_batch=8", "--set", "train.batch_size=16", "--gpu", "rtx4090");
    expect(more.plans[0].verdict).not.toBe("fits");
  });

  it("is what fits the smallest GPU, where a GPU is asked for and none is here", async () => {
    const { where, plans } = await planned(...auto, "--set", "compute.device=cuda");
    expect({ where, verdict: plans[0].verdict }).toEqual({ where: "smallest", verdict: "fits" });
  });
});

describe("how many GPUs", () => {
  it("is compute.gpus for a bare name, and what stands before the name", async () => {
    writeFileSync(join(dir, "ft.yaml"), `${recipe}compute: { gpus: 4, parallel: fsdp }\n`);
    const { plans, estimates } = await planned("--gpu", "a100-80", "--gpu", "2x a100-80");
    expect(plans.map(({ count }: { count: number }) => count)).toEqual([4, 2]);
    expect(plans[0].needed.mid).toBeLessThan(plans[1].needed.mid);
    expect(estimates[0].cost.gpus).toBe(4);
    const { stdout } = await plan("--gpu", "a100-80", "--gpu", "2x a100-80");
    expect(stdout).toMatch(/for 4x\s+a100-80g$/m);
    expect(stdout).toMatch(/^ +4x a100-80g .* fits\n +2x a100-80g .* fits$/m);
    const one = await plan("--gpu", "1x a100-80");
    expect({ exitCode: one.exitCode, says: one.stderr.includes("compute.gpus is 1") }).toEqual({
      exitCode: 3,
      says: true,
    });
  });

  it("is what the recipe is checked for, so that what shards can be tried", async () => {
    const { plans } = await planned("--gpu", "8x a100-80", "--set", "compute.parallel=fsdp");
    expect(plans[0]).toMatchObject({ count: 8, verdict: "fits", batch: { step: 16 } });
    const odd = await plan("--gpu", "3x h100-80", "--set", "train.batch_size=16");
    expect(odd.exitCode).toBe(3);
    expect(odd.stderr).toContain("train.batch_size 16 does not divide over 3 GPUs");
    expect((await plan("--gpu", "3x h100-80")).stdout).toMatch(/on each of 3 GPUs \(18 rows a step\)/);
    const beside = await planned("--gpu", "h100-80", "--gpu", "3x h100-80");
    expect(beside.warnings).toEqual([expect.stringMatching(/16 does not divide over 3 GPUs: 3 x .* planned with 18/)]);
  });

  it.each([
    ["0x h100-80", "0 is no number of GPUs"],
    ["99999x h100-80", "99999 is no number of GPUs"],
  ])("is refused as %s", async (gpu, says) => {
    const { exitCode, stderr } = await plan("--gpu", gpu);
    expect({ exitCode, says: stderr.includes(says) }).toEqual({ exitCode: 2, says: true });
  });

  it("is one for Unsloth, as ft run has it", async () => {
    const { exitCode, stderr } = await plan("--gpu", "2x l4", "--set", "engine=unsloth");
    expect(exitCode).toBe(3);
    expect(stderr).toContain("ft drives Unsloth on one GPU");
  });
});

it("pairs of answers are rows in the heading and in the advice", async () => {
  const rows = Array.from({ length: 400 }, (_, row) => ({
    ...{ prompt: `question ${row} ${"word ".repeat(200)}`, chosen: `yes ${row}`, rejected: `no ${row}` },
  }));
  writeFileSync(join(dir, "train.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
  const { stdout } = await plan("--gpu", "l4", "--set", "objective=dpo", "--set", "train.gradient_checkpointing=true");
  expect(stdout).toMatch(/8\s+rows\s+of\s+2\s+answers,\s+each\s+of\s+up\s+to/);
  expect(stdout).toMatch(/(1 row|\d rows) in a\s+forward\s+pass\s+instead\s+of\s+8,/);
});

describe("a base whose config.json", () => {
  const llama = { ...{ model_type: "llama", hidden_size: 2048, num_hidden_layers: 16, num_attention_heads: 32 } };
  const rest = { num_key_value_heads: 8, intermediate_size: 8192, vocab_size: 128_256 };
  it.each([
    ["has 33 heads on 2048", { num_attention_heads: 33 }, "num_attention_heads: 33, which do not divide"],
    ["has 7 heads of keys for 32", { num_key_value_heads: 7 }, "num_key_value_heads: 7, which do not divide"],
    ["has a vocabulary of 1e12", { vocab_size: 1e12 }, "vocab_size: 1000000000000, which no model has"],
    ["lacks a key", { hidden_size: undefined }, "has no hidden_size"],
  ])("%s is a mistake of the recipe that names it, with the next step", async (_, wrong, says) => {
    mkdirSync(join(dir, "odd"));
    for (const file of ["tokenizer.json", "model.safetensors"]) writeFileSync(join(dir, "odd", file), "{}");
    writeFileSync(join(dir, "odd/config.json"), JSON.stringify({ ...llama, ...rest, ...wrong }));
    writeFileSync(join(dir, "ft.yaml"), recipe.replace("qwen3-8b", "./odd"));
    const { exitCode, stderr } = await plan("--gpu", "l4");
    expect(exitCode).toBe(3);
    expect(stderr).toContain(says);
    expect(stderr).toMatch(/ft\.yaml:2:\d+[\s\S]*next: add or mend these keys in \S*odd\/config\.json/);
  });
});

it("a page that cannot be written is told with its own name", async () => {
  const { exitCode, stderr } = await plan("--gpu", "h200", "--html", "nowhere/memory.html");
  expect({ exitCode, says: stderr.includes("--html memory.html") }).toEqual({ exitCode: 2, says: true });
});

it("--exit-code says that tight is fitting", async () => {
  expect((await plan("--help")).stdout.replaceAll(/\s+/g, " ")).toContain("does not fit (tight does)");
});

describe("flags of which one would be dropped", () => {
  it.each([
    ["--calibrate", "--probe"],
    ["--calibrate", "--gpu", "l4"],
    ["--probe", "--gpu", "l4"],
    ["--probe", "--all"],
    ["--all", "--gpu", "l4"],
    ["--all", "--apply"],
    ["--points", "a.csv", "--gpu", "l4"],
    ["--points", "a.csv", "--calibrate"],
    ["--points", "a.csv", "--set", "name=y"],
  ])("are refused: %s %s %s", async (...flags) => {
    const { exitCode, stderr } = await plan(...flags.filter((flag) => flag !== undefined));
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringContaining("cannot be used with option"),
    });
  });
});

describe("--points", () => {
  it.each([
    ["a,qwen3-8b,lora,-1\n", /:2: micro_batch: not above 0/],
    ["a,qwen3-8b,lora,1\n\nb,qwen3-8b,wat,1\n", /:4: method: none of full, lora, qlora/],
    ["a,qwen3-8b,lora,1\na,qwen3-8b,lora,2\n", /:3: id: line 2 has a too/],
  ])("says which line is wrong in %j", async (rows, says) => {
    writeFileSync(join(dir, "points.csv"), `id,model,method,micro_batch\n${rows}`);
    const { exitCode, stderr } = await plan("--points", "points.csv");
    expect(stderr).toMatch(says);
    expect(exitCode).toBe(4);
  });

  it("says what to do when there is no such file", async () => {
    const { exitCode, stderr } = await plan("--points", "nosuch.csv");
    expect({ exitCode, next: stderr.includes("next: name a CSV file") }).toEqual({ exitCode: 4, next: true });
  });
});
