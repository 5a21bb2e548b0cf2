// Evaluation of a finished run: takes the results that are there when they are whole, else has the job's evaluator make them.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "better-sqlite3";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { adapterOfRun } from "../adapters/registry.js";
import { FtError } from "../errors.js";
import { type Comparison, compare } from "../eval/comparison.js";
import { readEvaluation } from "../eval/results.js";
import { evalMetrics } from "../recipes/schema/evaluation.js";
import { readSettings, type Settings, settingsFile } from "./evaluator-settings.js";
import { importEvaluations } from "./import-evaluations.js";

export interface EvaluationToShow {
  db: Database;
  projectDir: string;
  run: string;
  /** Absolute path of the run's job folder. */
  jobDir: string;
  /** `eval.*` settings that differ from the run's recipe, by key: {max_new_tokens: 256}. */
  changes: Record<string, unknown>;
  /** Compare the first so many examples only; default all. */
  rows?: number | undefined;
  /** Executes the job's evaluate step and returns when it is done; throws FtError when it failed. */
  runEvaluator(): Promise<void>;
}

/** What can be changed after training; which rows are evaluated cannot. Metrics only choose what is compared. */
const changesSchema = z.strictObject({
  metrics: z.array(z.enum(evalMetrics)).min(1).optional(),
  max_new_tokens: z.int().positive().optional(),
  batch_size: z.int().positive().optional(),
});
/** The names that the evaluator has for these, in config/evaluate.json. */
const evaluatorNames = { max_new_tokens: "maxNewTokens", batch_size: "batchSize" } as const;

/**
 * The comparison of base and adapter of a run; of one whose adapter is registered it is stored per example. Runs the evaluator only when there are no whole results for
 * these settings; when it fails, the earlier results and settings are put back. Throws FtError: `eval.setting` (a key or value
 * that cannot be), `eval.no-rows` (nothing was held out), `eval.not-a-job` (its settings cannot be read), what readEvaluation, compare and runEvaluator throw.
 */
export async function evaluateRun(request: EvaluationToShow): Promise<Comparison & { ran: boolean }> {
  const { jobDir, rows } = request;
  if (!existsSync(join(jobDir, "eval/items.jsonl"))) throw nothingHeldOut(jobDir);
  const before = readSettings(jobDir);
  const { metrics = recipeMetrics(jobDir), ...changes } = parseChanges(request.changes);
  const settings: Settings = { ...before };
  for (const [key, value] of Object.entries(changes)) {
    settings[evaluatorNames[key as keyof typeof changes]] = value!;
  }
  const changed = JSON.stringify(settings) !== JSON.stringify(before);
  const current = changed ? null : readEvaluation(jobDir);
  const ran = !current?.complete;
  if (ran) await runAgain(request, settings, changed);
  const evaluation = ran ? readEvaluation(jobDir) : current;
  if (!evaluation) throw noResults(jobDir);
  const comparison = compare(evaluation, { metrics, rows });
  const adapter = adapterOfRun(request.db, request.projectDir, request.run);
  if (adapter) {
    const { projectDir, run } = request;
    await importEvaluations(request.db, { projectDir, run, jobDir, lineage: adapter });
  }
  return { ...comparison, ran };
}

function nothingHeldOut(jobDir: string): FtError {
  return new FtError({
    code: "eval.no-rows",
    exit: "training",
    message: "this run has no evaluation: no rows were held out",
    where: { file: jobDir },
    next: "hold rows out (data.eval or data.eval_fraction) and train again: ft run",
  });
}

/** With the same settings the evaluator goes on where it was; with others it starts anew, and what was there is kept until it is done. */
async function runAgain(
  { jobDir, runEvaluator }: EvaluationToShow,
  settings: Settings,
  changed: boolean,
): Promise<void> {
  const files = ["out/eval/items.jsonl", "out/eval/inputs.json", "config/evaluate.json"].map((path) =>
    join(jobDir, path),
  );
  const kept = changed ? files.filter((file) => existsSync(file)) : [];
  for (const file of kept) renameSync(file, `${file}.before`);
  if (changed) writeFileSync(settingsFile(jobDir), `${JSON.stringify(settings, null, 2)}\n`);
  try {
    await runEvaluator();
    for (const file of kept) rmSync(`${file}.before`);
  } catch (error) {
    for (const file of kept) renameSync(`${file}.before`, file);
    throw error;
  }
}

/** What the run's own recipe asked to measure; everything when it cannot be read. */
function recipeMetrics(jobDir: string): readonly string[] {
  const schema = z.object({ eval: z.object({ metrics: z.array(z.string()) }) });
  try {
    return schema.parse(parseYaml(readFileSync(join(jobDir, "recipe.yaml"), "utf8"))).eval.metrics;
  } catch {
    return evalMetrics;
  }
}

function parseChanges(changes: Record<string, unknown>): z.output<typeof changesSchema> {
  const parsed = changesSchema.safeParse(changes);
  if (parsed.success) return parsed.data;
  throw new FtError({
    code: "eval.setting",
    exit: "usage",
    message: "this setting cannot be changed for a finished run",
    problems: parsed.error.issues.map(({ path, message }) => ({
      message: ["eval", ...path].join(".").concat(": ", message),
    })),
    next: `--set takes ${Object.keys(changesSchema.shape)
      .map((key) => `eval.${key}`)
      .join(", ")}; --rows n looks at the first n examples`,
  });
}

function noResults(jobDir: string): FtError {
  return new FtError({
    code: "eval.no-results",
    exit: "training",
    message: "the evaluator ended without results",
    where: { file: join(jobDir, "out/eval/items.jsonl") },
    next: "look at what it printed: ft runs logs",
  });
}
