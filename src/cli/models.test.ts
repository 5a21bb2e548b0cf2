// `ft models` as a person meets it: choosing by filters, one model in full, and what is said when there is none.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { startFakeHub } from "../../test/fake-hub.js";
import { runFt } from "../../test/run-ft.js";

const tiny = fileURLToPath(new URL("../../test/fixtures/tiny-lora/base", import.meta.url));
let cwd = "";
let env: Record<string, string> = {};
const ft = (line: string) => runFt(line.split(" "), { cwd, env });
const json = async (line: string) => JSON.parse((await ft(`${line} --json`)).out);
const aliases = async (line: string) => (await json(line)).models.map(({ alias }: { alias: string }) => alias);

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "ft-models-"));
  env = { HOME: cwd, HF_HOME: join(cwd, "hf"), FT_CACHE: join(cwd, "ft"), HF_HUB_OFFLINE: "1" };
});

describe("ft models ls", () => {
  it("chooses by licence, commercial use, origin and GPU together", async () => {
    const found = await aliases("models ls --licence apache-2.0 --commercial --origin eu --max-vram 24");
    expect(found).toEqual(expect.arrayContaining(["mistral-7b", "mistral-nemo-12b", "mistral-small-3.2-24b"]));
    expect(found.filter((alias: string) => !/^mi(ni)?stral/.test(alias))).toEqual([]);
    expect(await aliases("models ls --licence apache-2.0 --origin eu --max-vram 8")).toEqual([
      "mistral-7b",
      "mistral-7b-base",
    ]);
  });

  it("counts the memory of the method that is asked for", async () => {
    expect(await aliases("models ls --family llama --max-vram 10")).toContain("llama3.1-8b");
    expect(await aliases("models ls --family llama --max-vram 10 --method lora")).not.toContain("llama3.1-8b");
    expect(await aliases("models ls --max-vram 24 --method full --max-params 1 --open")).toContain("smollm2-135m");
  });

  it.each([
    ["--commercial", "qwen2.5-3b", "qwen2.5-7b"],
    ["--no-gated", "llama3.1-8b", "qwen3-8b"],
    ["--open", "gemma3-4b", "phi-4"],
    ["--max-params 8", "llama3.1-8b", "qwen2.5-7b"],
    ["--licence MIT", "qwen3-8b", "phi-4"],
    ["--origin us", "qwen3-8b", "gpt-oss-20b"],
  ])("%s leaves %s out and %s in", async (filter, out, kept) => {
    const found = await aliases(`models ls ${filter}`);
    expect(found).toContain(kept);
    expect(found).not.toContain(out);
  });

  it("fits 80 columns", async () => {
    const { out, err } = await ft("models ls");
    expect(Math.max(...`${out}${err}`.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it.each([
    ["--licence apache", "did you mean apache-2.0?"],
    ["--family qwen4", "did you mean qwen3?"],
    ["--origin uk", "give one of ae, cn, eu, fr, us"],
    ["--max-vram big", "give a number above zero"],
    ["--method qlra", "qlora, lora, full"],
    ["--license mit", "--licence"],
  ])("refuses %s as a wrong command line: %s", async (flags, says) => {
    expect(await ft(`models ls ${flags}`)).toMatchObject({ code: 2, out: "", err: expect.stringContaining(says) });
  });

  it("says which filter excluded how many when none is left, and that is no failure", async () => {
    const { code, out, err } = await ft("models ls --licence mrl-0.1 --commercial");
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(err).toMatch(/--licence mrl-0\.1 +excludes \d+; without it \d+ models match/);
    expect(err).toContain("--commercial       excludes 5; without it 3 models match");
    expect(await json("models ls --licence mrl-0.1 --commercial")).toMatchObject({ ok: true, models: [] });
  });
});

describe("ft models show", () => {
  it("tells facts, licence and memory of an alias or its hub id, and how to start", async () => {
    const { code, out } = await ft("models show llama4-scout");
    expect(code).toBe(0);
    for (const said of ["109 billion, 17 billion active", "Llama 4 Community License", "700 million monthly active"])
      expect(out).toContain(said);
    expect(out).toMatch(/EU clause +yes: grants no rights/);
    expect(out).toMatch(/end of turn +<\|eot\|>/);
    expect(out).toContain('show "Built with Llama"');
    expect(out).toContain("No legal advice");
    expect(out).toContain("ft init --base llama4-scout --method lora");
    const byId = await json("models show meta-llama/Llama-4-Scout-17B-16E-Instruct");
    expect(byId.model).toMatchObject({ alias: "llama4-scout", euClause: true, gated: true, dir: null });
    expect(byId.model.memory.lora.total).toBeGreaterThan(byId.model.memory.qlora.total);
  });

  it("answers a name that exists nowhere with the model that ft uses instead, and says so", async () => {
    const { code, out, err } = await ft("models show llama4-8b");
    expect(code).toBe(0);
    expect(err).toContain("Meta never released an 8B Llama 4");
    expect(out).toMatch(/^llama3\.1-8b {2}meta-llama/);
    expect(out).toContain("ft init --base llama3.1-8b");
    expect(out).toMatch(/also typed +llama4-8b/);
  });

  it("reads a folder's config.json and template, also where the folder is not whole", async () => {
    cpSync(tiny, join(cwd, "tiny"), { recursive: true });
    writeFileSync(
      join(cwd, "tiny/tokenizer_config.json"),
      JSON.stringify({
        eos_token: { content: "</s>" },
        chat_template: "<|im_start|>{{ messages[0].content }}<|im_end|>",
      }),
    );
    expect((await json("models show ./tiny")).model).toMatchObject({
      ...{ alias: null, id: join(cwd, "tiny"), licence: null, maxContext: 32, eosToken: "</s>" },
      ...{ templateFamily: "chatml", endOfTurnToken: "<|im_end|>", shape: { family: "llama", layers: 1, hidden: 16 } },
      missing: [expect.stringContaining("a tokenizer")],
    });
    expect((await ft("models show ./tiny")).out).toContain("not trainable as it is: missing a tokenizer");
    rmSync(join(cwd, "tiny/config.json"));
    expect(await ft("models show ./tiny")).toMatchObject({ code: 2, err: expect.stringContaining("config.json") });
  });

  it("asks the Hub for the config.json of any other id, for nothing else, and stores nothing", async () => {
    const config = { model_type: "qwen3", hidden_size: 1024, num_hidden_layers: 28, num_attention_heads: 16 };
    const rest = { num_key_value_heads: 8, head_dim: 128, intermediate_size: 3072, vocab_size: 151_936 };
    const hub = await startFakeHub("acme/mine", {
      "config.json": Buffer.from(JSON.stringify({ ...config, ...rest, tie_word_embeddings: true })),
    });
    env = { ...env, HF_HUB_OFFLINE: "0", HF_ENDPOINT: hub.url };
    const { out, code } = await ft("models show acme/mine");
    expect(code).toBe(0);
    expect(out).toContain("596 million");
    expect(out).toMatch(/here +not downloaded; ft run fetches it/);
    expect(out).toMatch(/licence +not known to ft: read the Hub's page of acme\/mine/);
    expect(hub.requests).toEqual(["GET /acme/mine/resolve/main/config.json"]);
    expect(await ft("models show acme/other")).toMatchObject({ code: 3, err: expect.stringContaining("acme/other") });
    await hub.close();
  });

  it.each([
    ["qwen3-9b", 2, "did you mean qwen3-4b, qwen3-8b"],
    ["./nowhere", 2, "does not exist"],
    ["acme/mine", 6, "neither in the catalogue nor on this machine"],
  ])("ends with what to do about %s (exit %d)", async (asked, code, says) => {
    const result = await ft(`models show ${asked}`);
    expect(result).toMatchObject({ code, out: "", err: expect.stringContaining(says) });
    expect(result.err).toContain("next:");
  });
});
