// The suite `heldout` outside of a run: today's held-out rows, on which an older version is measured when the rows are others than those of its run.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { heldOutItems } from "../../dataset/held-out-items.js";
import { stringifyJson } from "../../dataset/json/stringify-json.js";
import { locateFiles } from "../../dataset/locate-files.js";
import { dataSource } from "../../dataset/recipe-source.js";
import { evaluateJson } from "../../engines/evaluate-config.js";
import { rewardFiles } from "../../engines/rewards.js";
import { FtError } from "../../errors.js";
import { decodingOf } from "../../eval/decoding.js";
import { heldOutLines, heldOutRecord, heldOutSha256, heldOutSuite } from "../../eval/held-out-records.js";
import type { EvaluationManifest } from "../../eval/record.js";
import { keepEvaluation, listEvaluations } from "../../eval/record-store.js";
import { type EvalItem, type Evaluation, parseItem } from "../../eval/results.js";
import { keepInputs } from "../../eval/suites/suite-inputs.js";
import type { LoadedRecipe } from "../../recipes/load.js";
import type { LockEntry } from "../../recipes/lock-file.js";
import type { Store } from "../../store/open.js";
import { toolsOf } from "../import-evaluations.js";
import type { PrepareContext } from "../survey.js";
import type { SubjectHere } from "./resolve-subjects.js";
import { isSameSubject } from "./subject.js";

export interface HeldOut {
  items: EvalItem[];
  /** As eval/items.jsonl has them: with all that the evaluator reads. */
  lines: string[];
  /** What config/evaluate.json says of them. */
  config: { objective: string; maxNewTokens: number; rewardFuncs?: string[]; rewardWeights?: number[] };
  /** Reward functions of the person's own: path in the job folder -> content. */
  files: Record<string, Buffer>;
}

/** Throws FtError eval.heldout-moves, eval.no-rows (usage), data.*. */
export async function loadHeldOut(
  { recipe, dir, file }: LoadedRecipe,
  locked: LockEntry | null,
  { env, signal, onProgress }: Pick<PrepareContext, "env" | "signal" | "onProgress">,
): Promise<HeldOut> {
  if (recipe.data.eval === undefined) throw rowsMove(file);
  const wanted = { ...dataSource(recipe, dir), train: [] };
  const source = await locateFiles(wanted, { env, signal, onProgress, pins: locked?.hub });
  const lines = (await heldOutItems(recipe, source)).map(stringifyJson);
  if (lines.length === 0) throw noRows(file);
  const settings = JSON.parse(evaluateJson({ recipe, device: { kind: "cpu", count: 0, bf16: false } }));
  const { objective, maxNewTokens, rewardFuncs, rewardWeights } = settings as HeldOut["config"];
  const files: HeldOut["files"] = {};
  for (const [from, to] of Object.entries(rewardFiles(recipe.objective)))
    files[to] = await readFile(resolve(dir, from));
  const config = { objective, maxNewTokens, ...(rewardFuncs && { rewardFuncs, rewardWeights: rewardWeights! }) };
  return { items: lines.map(parseItem), lines, config, files };
}

/** One of the very same rows, whoever made it; null: there is none. */
export function storedHeldOut(
  store: Store,
  { subject, settings }: SubjectHere,
  { items, config }: HeldOut,
): EvaluationManifest | null {
  const sha256 = heldOutSha256(items, { ...settings, ...config });
  const decoding = decodingOf(settings, config.maxNewTokens);
  const found = listEvaluations(store).find(
    (one) =>
      one.suite.sha256 === sha256 &&
      isSameSubject(one.subject, subject) &&
      (one.decoding === null || isDeepStrictEqual(one.decoding, decoding)),
  );
  return found ?? null;
}

export async function keepHeldOut(
  store: Store,
  projectDir: string,
  {
    here,
    config,
    evaluation,
    now,
  }: { here: SubjectHere; evaluation: Evaluation; now: number } & Pick<HeldOut, "config">,
): Promise<EvaluationManifest> {
  const { subject, adapter } = here;
  const { known, items } = heldOutRecord(evaluation, adapter === null ? "base" : "adapter", {
    ...{ settings: { ...here.settings, ...config }, subject, run: adapter?.run ?? null },
    ...{ createdAt: now, tools: toolsOf(here) },
  });
  await keepInputs(projectDir, known.suite.sha256, () => heldOutLines(evaluation.items));
  return keepEvaluation(store, projectDir, known, items);
}

function rowsMove(file: string): FtError {
  return new FtError({
    code: "eval.heldout-moves",
    exit: "usage",
    message: `${heldOutSuite} cannot be evaluated again: the recipe names no file of held-out rows`,
    where: { file },
    why: "rows that are taken out of the training data anew each time may be rows that this version was trained on",
    next: "keep them in a file that stays (data.eval), or add suites (eval.suites)",
  });
}

function noRows(file: string): FtError {
  return new FtError({
    code: "eval.no-rows",
    exit: "usage",
    message: "data.eval has no rows",
    where: { file },
    next: "put rows into its files that are not trained on",
  });
}
