// When the evaluator runs again and when not, what happens when it fails, and what reindex finds in the folders.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Database } from "better-sqlite3";
import { afterEach, beforeEach, expect, it } from "vitest";
import { listAdapters, registerAdapter } from "../adapters/registry.js";
import { FtError } from "../errors.js";
import { evalsDir, evaluationFolders } from "../eval/record.js";
import { openStore } from "../store/open.js";
import { evaluateRun } from "./evaluate.js";
import { reindexAdapters } from "./reindex-adapters.js";

let projectDir = "";
let jobDir = "";
let db: Database;
let evaluatorRuns = 0;
const settingsWith = (maxNewTokens: number) => ({ method: "lora", dtype: "float32", maxNewTokens, batchSize: 4 });

beforeEach(() => {
  projectDir = mkdtempSync(join(tmpdir(), "ft-evaluate-"));
  jobDir = join(projectDir, ".ft/runs/r1");
  for (const folder of ["eval", "config", "out/eval"]) mkdirSync(join(jobDir, folder), { recursive: true });
  const item = {
    item: "0",
    file: "held-out.jsonl",
    line: 1,
    messages: [{ role: "user", content: "?" }],
    reference: "Paris",
  };
  writeFileSync(join(jobDir, "eval/items.jsonl"), `${JSON.stringify(item)}\n`);
  writeFileSync(join(jobDir, "config/evaluate.json"), JSON.stringify(settingsWith(8)));
  db = openStore(projectDir);
  evaluatorRuns = 0;
});
afterEach(() => void db.close());

/** Answers as the trainer's evaluator does: reads its settings from the job, writes one line an example and variant. */
async function runEvaluator(): Promise<void> {
  evaluatorRuns++;
  const { maxNewTokens } = JSON.parse(readFileSync(join(jobDir, "config/evaluate.json"), "utf8"));
  const lines = ["base", "adapter"].map((variant) => {
    const output = variant === "adapter" ? "Paris" : "x".repeat(maxNewTokens);
    return `${JSON.stringify({ item: "0", variant, nll: 4, tokens: 2, output, promptTokens: 3, outputTokens: 1, latencyMs: 9.5 })}\n`;
  });
  writeFileSync(join(jobDir, "out/eval/items.jsonl"), lines.join(""));
}
const evaluate = (changes = {}, run = runEvaluator) =>
  evaluateRun({ db, projectDir, run: "r1", jobDir, changes, runEvaluator: run });
const register = (run: string) => {
  const dir = join(projectDir, ".ft/runs", run, "out/adapter");
  cpSync(fileURLToPath(new URL("../../test/fixtures/tiny-lora/adapter", import.meta.url)), dir, { recursive: true });
  const base = { id: "tiny-llama", revision: "abc" };
  const engine = { name: "trl", version: "1" };
  const known = { templateSha256: null, dataSha256: "d", git: null, comparison: null, createdAt: 1, method: "lora" };
  return registerAdapter(db, projectDir, { dir, name: "bot", run, base, engine, ...known });
};
/** Oldest first. */
const stored = () =>
  db
    .prepare(
      `SELECT subject, json_extract(manifest, '$.decoding.max_new_tokens') AS tokens, output, json_extract(scores, '$.exact_match') AS exact
       FROM evaluations JOIN eval_items ON evaluation = evaluations.n ORDER BY tokens DESC, subject`,
    )
    .all();

it("runs the evaluator once, then takes what is there, and again when a setting changed", async () => {
  await register("r1");
  expect((await evaluate()).ran).toBe(true);
  expect((await evaluate()).ran).toBe(false);
  expect((await evaluate({ max_new_tokens: 8 })).ran).toBe(false);
  expect((await evaluate({ max_new_tokens: 3 })).ran).toBe(true);
  expect((await evaluate()).ran).toBe(false);
  const { ran, rows } = await evaluate({ metrics: ["exact_match"] });
  expect([ran, rows.map(({ metric }) => metric)]).toEqual([false, ["exact_match"]]);
  expect(evaluatorRuns).toBe(2);
  expect(stored()).toEqual([
    { subject: null, tokens: 8, output: "xxxxxxxx", exact: 0 },
    { subject: "bot", tokens: 8, output: "Paris", exact: 1 },
    { subject: null, tokens: 3, output: "xxx", exact: 0 },
    { subject: "bot", tokens: 3, output: "Paris", exact: 1 },
  ]);
});

it("runs it again when results are missing, and puts the earlier ones back when it fails", async () => {
  await evaluate();
  const before = readFileSync(join(jobDir, "out/eval/items.jsonl"), "utf8");
  const settings = readFileSync(join(jobDir, "config/evaluate.json"), "utf8");
  const failing = async () => {
    throw new FtError({ code: "eval.failed", exit: "training", message: "out of memory" });
  };
  await expect(evaluate({ max_new_tokens: 99 }, failing)).rejects.toMatchObject({ code: "eval.failed" });
  expect(readFileSync(join(jobDir, "out/eval/items.jsonl"), "utf8")).toBe(before);
  expect(readFileSync(join(jobDir, "config/evaluate.json"), "utf8")).toBe(settings);
  expect(existsSync(join(jobDir, "out/eval/items.jsonl.before"))).toBe(false);

  writeFileSync(join(jobDir, "out/eval/items.jsonl"), before.split("\n")[0]!);
  expect((await evaluate()).ran).toBe(true);
});

it("fails closed when the evaluator says it is done and is not", async () => {
  await expect(evaluate({}, async () => {})).rejects.toMatchObject({ code: "eval.no-results", exit: "training" });
  const half = async () => {
    await runEvaluator();
    const [first] = readFileSync(join(jobDir, "out/eval/items.jsonl"), "utf8").split("\n");
    writeFileSync(join(jobDir, "out/eval/items.jsonl"), `${first}\n`);
  };
  await expect(evaluate({}, half)).rejects.toMatchObject({ code: "eval.incomplete" });
  expect(stored()).toEqual([]);
});

it.each([[{ max_rows: 5 }], [{ max_new_tokens: 0 }], [{ metrics: ["bleu"] }]])(
  "refuses the change %j",
  async (changes) => {
    await expect(evaluate(changes)).rejects.toMatchObject({ code: "eval.setting", exit: "usage" });
    expect(evaluatorRuns).toBe(0);
  },
);

it("rebuilds evaluations and adapters from the folders alone, with the same versions", async () => {
  await register("r2");
  await register("r1");
  await evaluate();
  const before = { adapters: listAdapters(db, projectDir), evaluations: stored() };
  db.exec("DELETE FROM adapters; DELETE FROM evaluations");

  expect(await reindexAdapters(db, projectDir)).toEqual({ evaluations: 2, adapters: 2, problems: [] });
  expect({ adapters: listAdapters(db, projectDir), evaluations: stored() }).toEqual(before);
  expect(await reindexAdapters(db, projectDir)).toEqual({ evaluations: 2, adapters: 2, problems: [] });

  db.exec("DELETE FROM adapters WHERE run = 'r1'; UPDATE adapters SET version = 2");
  const { problems } = await reindexAdapters(db, projectDir);
  expect(problems).toEqual(["bot@2 belongs to run r2; run r1 says so too"]);
  // Evaluations are kept beside the runs: those of a champion outlive its run's folder.
  rmSync(join(projectDir, ".ft/runs"), { recursive: true });
  expect(await reindexAdapters(db, projectDir)).toEqual({ evaluations: 2, adapters: 0, problems: [] });
  expect(stored()).toEqual(before.evaluations);
  // A folder that cannot be read stops no other, and one that is gone leaves the index.
  const [first, second] = evaluationFolders(projectDir);
  writeFileSync(join(evalsDir(projectDir), first!, "items.jsonl"), "{\n");
  rmSync(join(evalsDir(projectDir), second!), { recursive: true });
  const rebuilt = await reindexAdapters(db, projectDir);
  expect([rebuilt.evaluations, rebuilt.problems.length]).toEqual([0, 1]);
  expect(rebuilt.problems[0]).toContain(first);
});
