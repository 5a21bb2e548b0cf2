// `ft adapters` and `ft eval` as a person meets them: a finished run on disk, real store, real files, exit codes.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, it } from "vitest";
import { runFt } from "../../test/run-ft.js";
import { registerAdapter } from "../adapters/registry.js";
import { readJob } from "../runs/job-file.js";
import { createRun, transition } from "../runs/run-store.js";
import { openStore } from "../store/open.js";

const fixture = fileURLToPath(new URL("../../test/fixtures/tiny-lora", import.meta.url));
let cwd = "";
let jobDir = "";
const ft = (line: string, env = {}) => runFt(line.split(" "), { cwd, env });

/** Stands for the trainer's runner: evaluates when told to, and fails when the job says so. */
const runner = `import json, sys
assert sys.argv[1:] == ["--attempt", "3", "--only", "evaluate"], sys.argv
settings = json.load(open("config/evaluate.json"))
if settings["maxNewTokens"] == 13: sys.exit("CUDA out of memory")
with open("out/eval/items.jsonl", "w") as out:
    for item in range(4):
        for variant, output in (("base", "Sure! " * settings["maxNewTokens"]), ("adapter", '{"n":%d}' % item)):
            right = {"item": str(item), "variant": variant, "nll": 8 if variant == "base" else 2 + item, "tokens": 4}
            out.write(json.dumps({**right, "output": output, "promptTokens": 9, "outputTokens": 4, "latencyMs": 5}) + "\\n")
`;

beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), "ft-adapters-"));
  jobDir = join(cwd, ".ft/runs/bot-1");
  for (const folder of ["eval", "config", "out/eval", "trainer"]) mkdirSync(join(jobDir, folder), { recursive: true });
  cpSync(join(fixture, "adapter"), join(jobDir, "out/adapter"), { recursive: true });
  symlinkSync(join(fixture, "base"), join(jobDir, "model"));
  const items = [0, 1, 2, 3].map((item) => ({
    item: String(item),
    file: "held-out.jsonl",
    line: item + 1,
    messages: [{ role: "user", content: `count ${item}` }],
    reference: `{"n": ${item}}`,
  }));
  writeFileSync(join(jobDir, "eval/items.jsonl"), items.map((item) => `${JSON.stringify(item)}\n`).join(""));
  writeFileSync(
    join(jobDir, "config/evaluate.json"),
    JSON.stringify({ method: "lora", dtype: "float32", maxNewTokens: 4, batchSize: 2 }),
  );
  writeFileSync(join(jobDir, "trainer/run.py"), runner);
  writeFileSync(join(jobDir, "supervisor.json"), JSON.stringify({ pid: 1, startTime: "x", attempt: 2, startedAt: 0 }));
  const job = {
    version: 1,
    id: "bot-1",
    name: "bot",
    createdAt: 1,
    engine: { name: "trl", version: "1.16.0" },
    steps: [],
    env: {},
    heartbeatSeconds: 10,
    checkpointDir: "out/checkpoints",
    adapterDir: "out/adapter",
  };
  writeFileSync(
    join(jobDir, "job.json"),
    JSON.stringify({ ...job, model: { asked: "tiny", id: "tiny-llama", revision: "abc", path: "x" } }),
  );
  const store = openStore(cwd);
  createRun(store, readJob(jobDir));
  for (const state of ["preparing", "running", "succeeded"] as const) transition(store, "bot-1", state, 1);
  store.close();
});

async function register(): Promise<void> {
  const db = openStore(cwd);
  const known = {
    method: "lora",
    base: { id: "tiny-llama", revision: "abc" },
    templateSha256: null,
    dataSha256: "d",
    git: null,
    comparison: null,
  };
  await registerAdapter(db, cwd, {
    ...known,
    dir: join(jobDir, "out/adapter"),
    name: "bot",
    run: "bot-1",
    createdAt: 0,
    engine: { name: "trl", version: "1.16.0" },
  });
  db.close();
}

it("lists nothing, and makes nothing, where nothing was trained", async () => {
  const empty = mkdtempSync(join(tmpdir(), "ft-empty-"));
  expect(await runFt(["adapters", "ls"], { cwd: empty })).toEqual({
    code: 0,
    out: "",
    err: "no adapters yet; train one: ft run\n",
  });
  expect((await runFt(["adapters", "ls", "--json"], { cwd: empty })).out).toBe(
    '{\n  "ok": true,\n  "adapters": []\n}\n',
  );
  expect((await runFt(["eval"], { cwd: empty })).code).toBe(2);
  await expect(import("node:fs/promises").then(({ readdir }) => readdir(empty))).resolves.toEqual([]);
});

it("lists, shows with a way to load, and verifies by name, version and folder", async () => {
  await register();
  expect((await ft("adapters ls")).out).toMatch(/^on tiny-llama\nadapter.*\n─+\nbot@1 +lora /);
  const shown = await ft("adapters show bot");
  expect(shown.out).toContain(`PeftModel.from_pretrained(base, "${join(jobDir, "out/adapter")}")`);
  expect(JSON.parse((await ft("adapters show bot@1 --json")).out).adapter).toMatchObject({
    name: "bot",
    version: 1,
    run: "bot-1",
  });
  for (const reference of ["bot", "bot@1", ".ft/runs/bot-1/out/adapter"]) {
    expect(await ft(`adapters verify ${reference}`)).toMatchObject({
      code: 0,
      out: expect.stringContaining("all checks passed"),
    });
  }
  expect((await ft("adapters show bot@2")).code).toBe(2);
});

it("fails the verification of a tampered adapter with exit code 4 and the file's name", async () => {
  await register();
  const file = join(jobDir, "out/adapter/adapter_model.safetensors");
  const bytes = readFileSync(file);
  bytes[bytes.length - 2]! ^= 1;
  writeFileSync(file, bytes);
  const { code, out } = await ft("adapters verify bot --json");
  expect(code).toBe(4);
  expect(JSON.parse(out)).toMatchObject({
    ok: false,
    checks: expect.arrayContaining([
      expect.objectContaining({
        check: "files",
        ok: false,
        message: expect.stringContaining("adapter_model.safetensors"),
      }),
    ]),
  });
});

it("evaluates a run by its own runner, once, and again with another setting", async () => {
  const env = {};
  const first = await ft("eval --json", env);
  expect(JSON.parse(first.out)).toMatchObject({
    ok: true,
    run: "bot-1",
    ran: true,
    examples: 4,
    rows: [
      { metric: "loss", base: 2, adapter: 0.875 },
      {},
      { metric: "exact_match", base: 0, adapter: 1, n: 4 },
      { metric: "json_valid" },
    ],
  });
  expect(JSON.parse((await ft("eval bot --json --rows 2")).out)).toMatchObject({ ran: false, examples: 2 });
  const text = await ft("eval last --flips --set eval.max_new_tokens=2", env);
  expect(text.err).toContain("evaluating base and adapter of bot-1");
  expect(text.out).toContain("fixed 4 answers and broke 0");
  expect(text.out).toContain("  base     Sure! Sure!\n");
});

it("says why the evaluation failed, and keeps what was there", async () => {
  await ft("eval");
  const failed = await ft("eval --set eval.max_new_tokens=13");
  expect(failed).toMatchObject({ code: 7, err: expect.stringContaining("the trainer runner ended with exit code 1") });
  expect(readFileSync(join(jobDir, "stdout.log"), "utf8")).toContain("CUDA out of memory");
  expect(JSON.parse((await ft("eval --json")).out)).toMatchObject({ ran: false, examples: 4 });
});

it.each([
  ["eval --rows none"],
  ["eval --set train.epochs=2"],
  ["eval --set eval.max_rows=2"],
  ["eval zzz"],
  ["adapters show zzz"],
])("ends %j as a wrong command line", async (line) => {
  expect((await ft(line)).code).toBe(2);
});
