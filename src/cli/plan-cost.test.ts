// `ft plan` on tokens, time, disk, network, cost and budget, as a person meets it; and what `ft run` refuses.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { emptyFolder, requiredEnv } from "../../test/project.js";
import { runFt } from "../../test/run-ft.js";

let cwd = "";
let env: Record<string, string> = {};
const ft = (args: string[]) => runFt(args, { cwd, env });
const plan = async (...args: string[]) => JSON.parse((await ft(["plan", "--json", ...args])).out).plan;

beforeEach(() => {
  cwd = emptyFolder();
  env = { HOME: cwd, HF_HOME: join(cwd, "hf"), FT_CACHE: join(cwd, "ft"), HF_HUB_OFFLINE: "1", PATH: "" };
  writeFileSync(
    join(cwd, "ft.yaml"),
    `name: support
model: { base: qwen3-8b }
method: lora
data: { train: train.jsonl, max_length: 512 }
train: { batch_size: 16, micro_batch: 2, epochs: 2, gradient_checkpointing: true }
`,
  );
  const rows = Array.from({ length: 200 }, (_, row) => ({
    messages: [
      { role: "user", content: `question ${row} ${"word ".repeat(50 + row)}` },
      { role: "assistant", content: `answer ${row}` },
    ],
  }));
  writeFileSync(join(cwd, "train.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
});

describe("tokens", () => {
  it("are counted by the base's own tokenizer when it is here, else by characters, and the text says which", async () => {
    const guessed = await plan("--gpu", "h100-80");
    expect(guessed.tokens).toMatchObject({ by: "characters", charsPerToken: 3.7 });
    expect((await ft(["plan", "--gpu", "h100-80"])).out).toMatch(/^ +tokens .*by characters, 3.7 to a token/m);
    const counted = await plan("--set", `model.base=${requiredEnv("FT_TEST_MODEL")}`);
    expect(counted.tokens).toMatchObject({ by: "tokenizer" });
    expect(counted.tokens.error).toBeLessThan(0.05);
    // "word" is a token with its space: 50 to 249 of them, and the chat's markup.
    expect(counted.tokens.mean).toBeGreaterThan(150);
    expect(counted.tokens.mean).toBeLessThan(220);
  });

  it("make the steps that ft run --dry-run tells", async () => {
    env.PATH = emptyFolder();
    writeFileSync(join(env.PATH, "nvidia-smi"), "#!/bin/sh\necho 'NVIDIA A100-SXM4-80GB, 550.1, 81920, 8.0'\n", {
      mode: 0o755,
    });
    const dry = JSON.parse((await ft(["run", "--dry-run", "--json"])).out).plan;
    const { tokens } = await plan();
    expect(tokens.steps).toBe(dry.steps);
    expect(dry.estimate.tokens).toEqual(tokens);
    const packed = await plan("--set", "data.packing=true");
    expect(packed.tokens.steps).toBeLessThan(tokens.steps);
  });
});

describe("time and cost", () => {
  it("has low, mid and high for each part and in all, for a known GPU", async () => {
    const { time, cost, network, disk } = await plan("--gpu", "a100-80");
    expect(time.basis).toBe("measured cards");
    expect(time.parts.map(({ part }: { part: string }) => part)).toEqual(
      expect.arrayContaining(["environment", "download", "load", "training", "checkpoints", "evaluation"]),
    );
    for (const band of [time.total, ...time.parts, time.step]) {
      expect(band.low).toBeLessThanOrEqual(band.mid);
      expect(band.mid).toBeLessThanOrEqual(band.high);
    }
    expect(time.utilisation).toBeGreaterThan(0.1);
    expect(time.utilisation).toBeLessThan(0.7);
    expect(cost.usd.mid).toBeCloseTo((time.total.mid / 3600) * cost.rates.mid.usdHour);
    // 8.19 billion parameters in 16 bits, and an environment.
    expect(network.base / 1e9).toBeCloseTo(16.4, 1);
    expect(disk.total).toBeGreaterThan(network.total);
    expect(disk.merged / 1e9).toBeCloseTo(16.4, 1);
    const { out } = await ft(["plan", "--gpu", "a100-80"]);
    expect(out).toMatch(/^ +in all +[\d.]+ min/m);
    expect(out).toMatch(/^ +cost +\$\d+\.\d\d [\s\S]*RunPod\s+on-demand,\s+2026-11-09/m);
  });

  it("fetches nothing where all is here, and downloads faster at FT_DOWNLOAD_MB_PER_S", async () => {
    const slow = await plan("--gpu", "a100-80");
    env.FT_DOWNLOAD_MB_PER_S = "500";
    const fast = await plan("--gpu", "a100-80");
    expect(slow.network.seconds / fast.network.seconds).toBeCloseTo(10);
    const { network } = await plan("--set", `model.base=${requiredEnv("FT_TEST_MODEL")}`);
    expect(network.base).toBe(0);
    env.FT_DOWNLOAD_MB_PER_S = "quick";
    expect((await ft(["plan"])).code).toBe(2);
  });

  it("takes fewer operations for LoRA than for all weights, and more where layers are computed again", async () => {
    const lora = await plan("--gpu", "h200");
    const kept = await plan("--gpu", "h200", "--set", "train.gradient_checkpointing=false");
    const full = await plan("--gpu", "h200", "--set", "method=full");
    expect(kept.time.flops).toBeLessThan(0.8 * lora.time.flops);
    expect(full.time.flops).toBeGreaterThan(1.2 * lora.time.flops);
  });

  it("says which GPU is cheapest of those that it fits, and takes a person's own prices", async () => {
    const { out } = await ft(["plan", "--all"]);
    const [, first] = /^what fits, cheapest first\n.*\n +(\S+)/m.exec(out)!;
    expect(out).toContain(`cheapest in all: ${first}, about $`);
    expect(out).not.toMatch(/^ +rtx4070 .*\d\.\d\d {2}[A-Z]/m);
    env.FT_PRICES = join(cwd, "prices.jsonl");
    writeFileSync(env.FT_PRICES, '{"gpu": "h100-sxm", "provider": "ours", "usdHour": 0.01, "date": "2020-01"}\n');
    const own = (await ft(["plan", "--all"])).out;
    expect(own).toContain("cheapest in all: h100-sxm");
    expect((await ft(["plan", "--gpu", "h100-80"])).out).toMatch(
      /the\s+price\s+is\s+\d{4}\s+days\s+old:\s+ask\s+before\s+you\s+rent/,
    );
  });

  it("says unknown, and why, for a card whose speed nobody published", async () => {
    env.FT_GPUS = join(cwd, "gpus.jsonl");
    writeFileSync(env.FT_GPUS, '{"alias": "mine", "name": "My GPU", "vramGiB": 96}\n');
    const { time, estimates, plans } = await plan("--gpu", "mine");
    expect({ time, verdict: plans[0].verdict }).toEqual({ time: null, verdict: "fits" });
    expect(estimates[0].timeUnknown).toContain("ft has no figures of how fast My GPU computes");
  });
});

describe("compute.budget", () => {
  const budget = (limits: string) => ["--set", `compute.budget=${limits}`];

  it("is judged by ft plan, whose --exit-code tells too", async () => {
    const within = await ft([
      "plan",
      "--gpu",
      "a100-80",
      "--exit-code",
      ...budget("{hours: 20, usd: 50, disk_gb: 200}"),
    ]);
    expect({
      code: within.code,
      says: /^ +budget +within: 50 dollars [^;]*;\s+within:\s+20\s+hours/m.test(within.out),
    }).toEqual({
      code: 0,
      says: true,
    });
    const over = await ft(["plan", "--gpu", "a100-80", "--exit-code", ...budget("{usd: 0.01}")]);
    expect({ code: over.code, says: /^ +budget +exceeds: 0.01 dollars \(about/m.test(over.out) }).toEqual({
      code: 5,
      says: true,
    });
    expect((await plan("--gpu", "a100-80", ...budget("{hours: 0.01}"))).budget.verdict).toBe("exceeds");
  });

  it("refuses a run with exit code 5, figures and the next step, unless told to leave it aside", async () => {
    env.PATH = emptyFolder();
    writeFileSync(join(env.PATH, "nvidia-smi"), "#!/bin/sh\necho 'NVIDIA L4, 550.1, 23034, 8.9'\n", { mode: 0o755 });
    for (const args of [["run"], ["run", "--dry-run"]]) {
      const { code, err } = await ft([...args, ...budget("{hours: 0.05, disk_gb: 1}")]);
      expect(code).toBe(5);
      expect(err).toMatch(/hours: about .* and 0.05 are allowed; disk_gb: about .*[\s\S]*ft plan --all/);
    }
    expect((await ft(["run", "--dry-run", "--ignore-budget", ...budget("{hours: 0.05}")])).code).toBe(0);
    const { out } = await ft(["run", "--dry-run"]);
    expect(out).toMatch(/^takes +about .*\$\d.* to fetch, .* of disk/m);
  });

  it("can't keep to dollars on hardware without a price, and says how to give it one", async () => {
    const base = ["--set", `model.base=${requiredEnv("FT_TEST_MODEL")}`];
    const refused = await ft(["run", "--dry-run", ...base, ...budget("{usd: 3}")]);
    expect({ code: refused.code, says: refused.err.includes("prices.jsonl") }).toEqual({ code: 5, says: true });
    mkdirSync(join(cwd, ".config/ft"), { recursive: true });
    writeFileSync(join(cwd, ".config/ft/prices.jsonl"), '{"gpu": "cpu", "provider": "ours", "usdHour": 0.05}\n');
    expect((await ft(["run", "--dry-run", ...base, ...budget("{usd: 3}")])).code).toBe(0);
  });

  it.each([
    ["{}", "compute.budget has no limit"],
    ["{hour: 3}", "did you mean hours"],
    ["{usd: -1}", "usd"],
  ])("is refused as %s", async (limits, says) => {
    const { code, err } = await ft(["plan", ...budget(limits)]);
    expect({ code, says: err.includes(says) }).toEqual({ code: 3, says: true });
  });
});

describe("what the plan reads of engine.overrides", () => {
  const overrides = (map: string) => ["--gpu", "a100-80", "--set", `engine.overrides=${map}`];

  it("refuses what the recipe decides, as ft run does", async () => {
    const { code, err } = await ft(["plan", ...overrides("{per_device_train_batch_size: 64}")]);
    expect({ code, says: err.includes("use train.micro_batch") }).toEqual({ code: 3, says: true });
  });

  it("counts what it knows, and says what it does not read", async () => {
    const plain = await plan("--gpu", "a100-80");
    const offloaded = await plan(...overrides("{activation_offloading: true}"));
    expect(offloaded.plans[0].allocated.mid).toBeLessThan(plain.plans[0].allocated.mid);
    expect(plain.warnings).toEqual([]);
    const grouped = await plan(...overrides("{train_sampling_strategy: group_by_length}"));
    expect(grouped.tokens.epoch.withPadding).toBeLessThan(plain.tokens.epoch.withPadding);
    const unread = await plan(...overrides("{auto_find_batch_size: true}"));
    expect(unread.warnings).toEqual([expect.stringContaining("engine.overrides.auto_find_batch_size")]);
  });

  it("warns of an architecture that it counts like Llama for want of better", async () => {
    mkdirSync(join(cwd, "odd"));
    for (const file of ["tokenizer.json", "model.safetensors"]) writeFileSync(join(cwd, "odd", file), "{}");
    const config = { model_type: "strange", hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 4 };
    writeFileSync(join(cwd, "odd/config.json"), JSON.stringify({ ...config, intermediate_size: 128, vocab_size: 100 }));
    const { out } = await ft(["plan", "--set", "model.base=./odd"]);
    expect(out).toContain("ft does not know the architecture strange: it is counted like Llama");
  });
});
