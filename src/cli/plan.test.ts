// `ft plan` as a person meets it: verdict, terms, named GPUs, advice, and what is said of unknown names.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { emptyFolder } from "../../test/project.js";
import { runFt } from "../../test/run-ft.js";

let cwd = "";
let env: Record<string, string> = {};
const ft = (args: string[]) => runFt(args, { cwd, env });
const json = async (args: string[]) => JSON.parse((await ft([...args, "--json"])).out);

const recipe = `# what we train
name: support
model:
  base: qwen3-8b # the base
method: lora
data: { train: train.jsonl, max_length: 2048 }
train: { batch_size: 16, micro_batch: 2, epochs: \${EPOCHS:-2} }
`;

/** A folder for PATH with one program in it. */
function fakeProgram(name: string, script: string): string {
  const bin = emptyFolder();
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return bin;
}

beforeEach(() => {
  cwd = emptyFolder();
  env = { HOME: cwd, HF_HOME: join(cwd, "hf"), FT_CACHE: join(cwd, "ft"), HF_HUB_OFFLINE: "1", PATH: "" };
  writeFileSync(join(cwd, "ft.yaml"), recipe);
  const rows = Array.from({ length: 40 }, (_, row) => ({
    messages: [
      { role: "user", content: `question ${row} ${"word ".repeat(200 + 20 * row)}` },
      { role: "assistant", content: `answer ${row}` },
    ],
  }));
  writeFileSync(join(cwd, "train.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
});

describe("ft plan", () => {
  it("says whether it fits a named GPU, by term, with low, mid and high", async () => {
    const { plan } = await json(["plan", "--gpu", "h100-80"]);
    const [first] = plan.plans;
    expect(plan).toMatchObject({ name: "support", model: "Qwen/Qwen3-8B", method: "lora", where: "named" });
    expect(first).toMatchObject({ alias: "h100-sxm", capacityGiB: 79.6, batch: { rows: 2, accumulation: 8 } });
    const atPeak = first.terms.filter(
      ({ atPeak, term }: { atPeak: boolean; term: string }) => atPeak && term !== "attention",
    );
    const sumOf = (terms: { gib: number }[]) => terms.reduce((total, { gib }) => total + gib, 0);
    expect(sumOf(atPeak)).toBeCloseTo(first.device.mid, 1);
    const needed = atPeak.filter(({ term }: { term: string }) => term !== "fragmentation");
    expect(sumOf(needed)).toBeCloseTo(first.needed.mid, 1);
    for (const band of [first.needed, first.allocated, first.reserved, first.device]) {
      expect(band.low).toBeLessThan(band.mid);
      expect(band.mid).toBeLessThan(band.high);
    }
    const { out } = await ft(["plan", "--gpu", "h100-80"]);
    expect(out).toContain("43.6 million of 8.23 billion parameters trained");
    expect(out).toMatch(/weights +15\.3/);
  });

  it("counts the rows' own lengths, not the longest that the recipe allows", async () => {
    const { plan } = await json(["plan", "--gpu", "h100-80"]);
    expect(plan.plans[0].batch.tokens).toBeLessThan(2048);
    expect(plan.lengths.mean).toBeLessThan(plan.lengths.longest);
    const packed = await json(["plan", "--gpu", "h100-80", "--set", "data.packing=true"]);
    expect(packed.plan.plans[0].batch.tokens).toBe(2048);
  });

  it("counts memory and tokens by the same rows: one long among many is the longest of both", async () => {
    const texts = Array.from({ length: 2000 }, (_, row) => (row === 1501 ? "word ".repeat(8000) : `row ${row}`));
    writeFileSync(join(cwd, "train.jsonl"), texts.map((text) => JSON.stringify({ text })).join("\n"));
    const { plan } = await json(["plan", "--gpu", "h100-80", "--set", "data.max_length=16384"]);
    expect(plan.plans[0].batch.tokens).toBe(plan.lengths.longest);
    expect(plan.lengths.longest).toBe(Math.ceil(plan.tokens.longest));
    expect(plan.lengths.longest).toBeGreaterThan(10_000);
    expect(plan.tokens.epoch.withPadding).toBeGreaterThan(1.5 * plan.tokens.epoch.tokens);
  });

  it.each([
    [["data.train=nosuch.jsonl"], /nosuch\.jsonl/],
    [["data.train=bad.jsonl"], /no row can be used: bad\.jsonl:1/],
    [["objective.type=dpo"], /no row can be used: train\.jsonl:1/],
  ])("with %j says what is wrong with the data, and that cost and time are not known for that", async (sets, says) => {
    writeFileSync(join(cwd, "bad.jsonl"), "{ not json\n");
    const flags = ["--gpu", "l4", ...sets.flatMap((set) => ["--set", set])];
    const { plan } = await json(["plan", ...flags]);
    expect(plan.warnings[0]).toMatch(says);
    const { out, code } = await ft(["plan", ...flags]);
    expect(out.replace(/\s+/g, " ")).toContain("cost not known, as the time is not: the rows are not known");
    expect(code).toBe(0);
  });

  it("advises what costs least, in order, and --apply writes just that into the recipe, comments kept", async () => {
    const { plan } = await json(["plan", "--gpu", "l4"]);
    expect(plan.plans[0].verdict).toBe("does not fit");
    const [first] = plan.advice.changes;
    expect(first.set).toEqual({ "train.gradient_checkpointing": true });
    expect(first.savesGiB).toBeGreaterThan(1);
    expect(first.price).toContain("slower");
    expect(plan.advice.after.verdict).toBe("fits");

    const { code, out } = await ft(["plan", "--gpu", "l4", "--apply"]);
    expect({ code, says: out.includes("written into the recipe") }).toEqual({ code: 0, says: true });
    const written = readFileSync(join(cwd, "ft.yaml"), "utf8");
    expect(written).toContain("# what we train");
    expect(written).toContain("base: qwen3-8b # the base");
    expect(written).toContain("$" + "{EPOCHS:-2}");
    const again = await json(["plan", "--gpu", "l4"]);
    expect(again.plan.advice).toBeNull();
    expect(again.plan.plans[0].verdict).toBe("fits");
  });

  it("goes down to an 8 GB card step by step, and says so when nothing helps", async () => {
    const small = await json(["plan", "--gpu", "rtx3060-12g"]);
    const keys = small.plan.advice.changes.flatMap(({ set }: { set: object }) => Object.keys(set));
    expect(keys).toContain("method.type");
    expect(small.plan.advice.after.verdict).toBe("fits");
    const { code, out } = await ft(["plan", "--gpu", "rtx4070", "--set", "model.base=llama3.1-405b", "--exit-code"]);
    expect(code).toBe(5);
    expect(out).toMatch(/then: does not fit|take a larger GPU/);
  });

  it("shards over several GPUs when that is what it takes", async () => {
    const { plan } = await json(["plan", "--gpu", "8x a100-40", "--set", "method=full"]);
    const keys = plan.advice.changes.flatMap(({ set }: { set: object }) => Object.keys(set));
    expect(keys).toContain("compute.parallel");
    expect(keys).not.toContain("method.type");
  });

  it("tells all GPUs in a table, and more than one that is named", async () => {
    const { plan } = await json(["plan", "--all"]);
    expect(plan.plans.length).toBeGreaterThan(30);
    const { out } = await ft(["plan", "--all"]);
    expect(out).toMatch(/^ +h200 .* fits$/m);
    expect(out).toMatch(/^ +l4 .* does not fit$/m);
    expect((await json(["plan", "--gpu", "l4", "--gpu", "h200"])).plan.plans).toHaveLength(2);
  });

  it("draws memory by term and by length: plain text where it is piped, and a page that loads nothing", async () => {
    const { out } = await ft(["plan", "--gpu", "l4", "--html", "plan.html"]);
    expect(out).toMatch(/NVIDIA L4: does not fit[\s\S]* weights +15\.3 +█+[\s\S]*22\.5 ┤.*─[\s\S]*▲ 1,343 planned/);
    expect(out).not.toContain("\u001b");
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    const page = readFileSync(join(cwd, "plan.html"), "utf8");
    expect(page).toMatch(/<polyline class="line"[\s\S]*class="limit"[^>]*>NVIDIA L4</);
    expect(page).not.toMatch(/\b(src|href)="/);
    const { plan } = await json(["plan", "--gpu", "l4"]);
    expect(plan.curve.planned).toBe(1343);
    expect(plan.curve.longest.tight ?? 0).toBeLessThan(1343);
  });

  it("takes the GPU that is here, and the CPU's memory where none is", async () => {
    const cpu = await json(["plan", "--set", "model.base=smollm2-135m"]);
    expect(cpu.plan).toMatchObject({ where: "here", plans: [{ isCpu: true }] });
    env.PATH = fakeProgram("nvidia-smi", "echo 'NVIDIA L4, 550.1, 23034, 8.9'");
    const { plan } = await json(["plan"]);
    expect(plan).toMatchObject({ where: "here", plans: [{ hardware: "1 x NVIDIA L4", capacityGiB: 22.494 }] });
    // What needs a GPU and has none here is planned for the smallest that it fits.
    env.PATH = "";
    expect((await json(["plan", "--set", "train.optimizer=adamw_8bit"])).plan.where).toBe("smallest");
  });

  it("has a GPU list that a person can change and add to", async () => {
    env.FT_GPUS = join(cwd, "mine.jsonl");
    writeFileSync(env.FT_GPUS, '{"alias": "l4", "vramGiB": 30}\n{"alias": "mine", "name": "My GPU", "vramGiB": 48}\n');
    expect((await json(["plan", "--gpu", "l4"])).plan.plans[0].capacityGiB).toBe(30);
    expect((await json(["plan", "--gpu", "mine"])).plan.plans[0].hardware).toBe("My GPU");
    writeFileSync(env.FT_GPUS, '{"alias": "l4", "vram": 30}\n');
    const { code, err } = await ft(["plan", "--gpu", "l4"]);
    expect({ code, named: err.includes("vram") }).toEqual({ code: 2, named: true });
  });

  it.each([
    [["--gpu", "h1000"], 2, "did you mean h100"],
    [["--gpu", "nothing-like-it"], 2, "give one of"],
    [["--set", "model.base=qwen3-9b"], 3, "qwen3-8b"],
    [["--set", "model.base=./odd"], 3, "has no hidden_size, num_attention_heads"],
  ])("says what is wrong with %j", async (flags, code, says) => {
    mkdirSync(join(cwd, "odd"));
    for (const file of ["tokenizer.json", "model.safetensors"]) writeFileSync(join(cwd, "odd", file), "{}");
    writeFileSync(
      join(cwd, "odd/config.json"),
      '{"model_type":"llama","num_hidden_layers":2,"intermediate_size":8,"vocab_size":8}',
    );
    const result = await ft(["plan", ...flags]);
    expect(result.code).toBe(code);
    expect(result.err).toContain(says);
  });
});

describe("ft run", () => {
  it("shows the memory in a dry run, and refuses what does not fit the GPU here, unless told to try", async () => {
    env.PATH = fakeProgram("nvidia-smi", "echo 'NVIDIA L4, 550.1, 23034, 8.9'");
    const fits = await ft(["run", "--dry-run", "--set", "train.gradient_checkpointing=true"]);
    expect(fits.out).toMatch(/^memory +fits: about \d+\.\d GiB/m);
    const refused = await ft(["run", "--dry-run"]);
    expect(refused.code).toBe(5);
    expect(refused.err).toMatch(/does not fit 1 x NVIDIA L4[\s\S]*ft plan/);
    expect((await ft(["run"])).code).toBe(5);
    expect((await ft(["run", "--dry-run", "--ignore-fit"])).code).toBe(0);
  });

  it("chooses train.micro_batch: auto by what fits the GPU here", async () => {
    const micro = async (mebibytes: number) => {
      env.PATH = fakeProgram("nvidia-smi", `echo 'NVIDIA X, 550.1, ${mebibytes}, 9.0'`);
      const { plan } = await json(["run", "--dry-run", "--set", "train.micro_batch=auto"]);
      return plan.recipe.train.micro_batch;
    };
    expect(await micro(80_000)).toBeGreaterThan(await micro(40_000));
  });
});
