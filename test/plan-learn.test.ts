// `ft plan` meets the real engine, through the built binary: probes, out of memory, what a run measured, and what that teaches the estimate.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { beforeEach, describe, expect, it } from "vitest";
import { ftCacheDir, packageRoot } from "../src/paths.js";
import { emptyFolder, ft, tinyProject } from "./project.js";

const minutes = 60_000;

/** A person's home of our own, with the environments that the tests share. */
let home: Record<string, string> = {};
beforeEach(() => {
  home = { HOME: emptyFolder(), FT_CACHE: ftCacheDir(process.env) };
});

describe("ft plan", () => {
  it.each([
    [["--gpu", "h1000"], 2, /ft knows no GPU h1000[\s\S]*did you mean h100[\s\S]*next:/],
    [["--gpu", "abacus"], 2, /ft knows no GPU abacus[\s\S]*give one of rtx3060[\s\S]*gpus\.jsonl/],
    [["--set", "model.base=qwen3-9b"], 3, /qwen3-9b[\s\S]*qwen3-8b/],
    [
      ["--set", "model.base=./odd"],
      3,
      /config\.json[\s\S]*has no hidden_size, num_attention_heads[\s\S]*next: add or mend these keys in/,
    ],
    [["--set", "model.base=./empty"], 3, /empty[\s\S]*next:/],
  ])("with %j says what is missing and what to do", async (flags, code, says) => {
    const dir = tinyProject();
    for (const name of ["odd", "empty"]) mkdirSync(join(dir, name));
    for (const file of ["tokenizer.json", "model.safetensors"]) writeFileSync(join(dir, "odd", file), "{}");
    const config = { model_type: "llama", num_hidden_layers: 2, intermediate_size: 8, vocab_size: 8 };
    writeFileSync(join(dir, "odd/config.json"), JSON.stringify(config));
    const { exitCode, stderr } = await ft(["plan", ...flags], dir, { ...home, HF_HUB_OFFLINE: "1" });
    expect(stderr).toMatch(says);
    expect(exitCode).toBe(code);
  });
});

describe("ft plan --probe", () => {
  it("needs the engine's environment, and says how to make it", async () => {
    const dir = tinyProject();
    const result = await ft(["plan", "--probe", "--json"], dir, { ...home, FT_CACHE: emptyFolder() });
    expect(result.exitCode).toBe(6);
    expect(JSON.parse(result.stdout).error).toMatchObject({
      code: "env.missing",
      next: "make it first: ft env create trl",
    });
    expect(existsSync(join(dir, ".ft"))).toBe(false);
  });

  it(
    "halves the micro-batch while the engine runs out of memory, keeps the batch, writes it down, and leaves nothing",
    async () => {
      const dir = tinyProject();
      writeFileSync(join(dir, "data/train.jsonl"), longRows(160));
      const recipe = readFileSync(join(dir, "ft.yaml"), "utf8").replace("max_length: 256", "max_length: 512");
      writeFileSync(join(dir, "ft.yaml"), recipe.replace("batch_size: 4", "batch_size: 128, micro_batch: 128"));
      // Torch asks the system for more than it gets (RLIMIT_DATA), as it would ask a GPU.
      const script = 'ulimit -d 4200000; exec "$0" "$@"';
      const command = [process.execPath, join(packageRoot, "dist/cli/main.js"), "plan", "--probe", "--apply", "--json"];
      const env = { PATH: process.env.PATH!, ...home };
      const result = await execa("sh", ["-c", script, ...command], { cwd: dir, env, extendEnv: false, reject: false });
      expect(result.exitCode, result.stderr).toBe(0);
      const { probe, applied } = JSON.parse(result.stdout);
      expect(probe.tries[0]).toMatchObject({ microBatch: 128, outcome: "out of memory" });
      expect(probe.tries.at(-1).outcome).toBe("fits");
      expect(probe.microBatch).toBeLessThan(128);
      expect(probe.microBatch * probe.accumulation).toBe(128);
      expect(result.stderr).toContain("note: out of memory with 128 rows in a forward pass; trying 64, the same batch");
      expect(applied).toEqual([`train.micro_batch=${probe.microBatch}`]);
      expect(readFileSync(join(dir, "ft.yaml"), "utf8")).toContain(`micro_batch: ${probe.microBatch}`);
      expect(probe.longestTokens).toBeGreaterThan(400);
      const [{ kind, measured, said }] = probe.memory;
      expect([kind, measured > 0.5, said.low < said.high]).toEqual(["rss", true, true]);
      expect(readdirSync(join(dir, ".ft"))).toEqual(["probes.jsonl"]);
    },
    15 * minutes,
  );
});

it(
  "a run keeps what it took beside what was estimated; with probes it teaches the estimate, which says so",
  async () => {
    const dir = tinyProject({ rows: 24, epochs: 1, evaluated: false });
    const price = { gpu: "cpu", provider: "us", kind: "on-demand", usdHour: 60, date: null, source: "made up" };
    writeFileSync(join(dir, "prices.jsonl"), JSON.stringify(price));
    const ran = await ft(["run", "--probe", "--json"], dir, { ...home, FT_PRICES: join(dir, "prices.jsonl") });
    expect(ran.exitCode, ran.stderr).toBe(0);
    const { run } = JSON.parse(ran.stdout);
    const show = async () => JSON.parse((await ft(["runs", "show", "--json"], dir, home)).stdout).run.measurement;
    const measurement = await show();
    expect(measurement).toMatchObject({ run: run.id, engine: "trl", sawLongest: true });
    expect(measurement.longestTokens).toBeGreaterThan(20);
    expect(measurement.tokensPerSecond).toBeGreaterThan(0);
    expect(measurement.trainingMs).toBeGreaterThan(0);
    // A dollar a minute.
    expect(measurement.usd).toBeGreaterThan(measurement.trainingMs / 60_000);
    expect(measurement.usd).toBeLessThan(5);
    expect(measurement.estimatedUsd).toBeGreaterThan(0);
    const [{ kind, said, measured }] = measurement.memory;
    expect(kind).toBe("rss");
    expect(measured / said.mid).toBeGreaterThan(0.5);
    expect(measured / said.mid).toBeLessThan(2);
    rmSync(join(dir, ".ft/ft.db"));
    expect((await ft(["runs", "reindex"], dir, home)).exitCode).toBe(0);
    expect(await show()).toEqual(measurement);

    const early = await ft(["plan", "--calibrate"], dir, home);
    expect(early.stdout).toMatch(/error over these[\s\S]*too few to learn from: 2 of at least 3/);
    const before = await needed(dir);
    expect(before.corrected).toBeNull();
    for (const rows of [2, 1]) {
      const probed = await ft(["plan", "--probe", "--set", `train.micro_batch=${rows}`], dir, home);
      expect(probed.exitCode, probed.stderr).toBe(0);
    }
    // As if this machine took half as much again: what it really takes may be what is estimated, to the last percent.
    const probes = join(dir, ".ft/probes.jsonl");
    const lines = readFileSync(probes, "utf8").trim().split("\n");
    writeFileSync(
      probes,
      lines.map((line) => `${line.replace(/"measured":([\d.]+)/, (_, gib) => `"measured":${1.5 * gib}`)}\n`).join(""),
    );
    const { machines } = JSON.parse((await ft(["plan", "--calibrate", "--json"], dir, home)).stdout);
    const [{ fitted, file, leftOut }] = machines;
    expect(leftOut).toEqual([]);
    const rss = fitted.find(({ what }: { what: string }) => what === "rss");
    expect(rss.points).toHaveLength(4);
    expect(rss.after.median).toBeLessThan(rss.before.median);
    expect(file).toBe(join(home.HOME!, ".config/ft/calibration.json"));

    const after = await needed(dir);
    expect(after.corrected).toMatchObject({ runs: 4 });
    expect(after.needed.mid).toBeGreaterThan(1.2 * before.needed.mid);
    const widths = [after, before].map(({ needed: { low, high } }) => high - low);
    expect(widths[0]).toBeGreaterThan(widths[1]! - 0.002);
    expect((await ft(["plan"], dir, home)).stdout).toContain("corrected by 4 runs and probes on this machine");
    const elsewhere = JSON.parse((await ft(["plan", "--gpu", "l4", "--json"], dir, home)).stdout);
    expect(elsewhere.plan.plans[0].corrected).toBeNull();

    writeFileSync(file, "{");
    const broken = await ft(["plan"], dir, home);
    expect([broken.exitCode, broken.stderr]).toEqual([2, expect.stringContaining("ft plan --calibrate")]);
  },
  15 * minutes,
);

async function needed(dir: string) {
  return JSON.parse((await ft(["plan", "--json"], dir, home)).stdout).plan.plans[0];
}

/** Of some 490 tokens of the tiny tokenizer. */
function longRows(count: number): string {
  return Array.from({ length: count }, (_, n) => {
    const messages = [
      { role: "user", content: `ticket ${n}: ${"the red lamp is broken ".repeat(28)}` },
      { role: "assistant", content: '{"colour":"red"}' },
    ];
    return `${JSON.stringify({ messages })}\n`;
  }).join("");
}
