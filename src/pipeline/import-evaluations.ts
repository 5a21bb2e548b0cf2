// Takes the evaluations that a run's job made (held-out rows, suites) into .ft/evals and the store.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "better-sqlite3";
import type { Lineage } from "../adapters/lineage.js";
import { decodingOf } from "../eval/decoding.js";
import { heldOutLines, heldOutRecord } from "../eval/held-out-records.js";
import { type EvaluationToRecord, evalsDir, evaluationId, type ItemRecord } from "../eval/record.js";
import { keepEvaluation } from "../eval/record-store.js";
import { type Evaluation, readEvaluation } from "../eval/results.js";
import { readAnswers } from "../eval/suites/answers.js";
import { itemLines, readJobSuites } from "../eval/suites/job-suites.js";
import { scoreSuite } from "../eval/suites/score-suite.js";
import { keepInputs } from "../eval/suites/suite-inputs.js";
import { suitePaths } from "../recipes/built-in-suites.js";
import { readSettings, settingsFile } from "./evaluator-settings.js";
import { ftVersion } from "./lock-entry.js";
import { adapterSubject, baseSubject } from "./suites/subject.js";

export interface RunToImport {
  projectDir: string;
  run: string;
  jobDir: string;
  /** Of its adapter. */
  lineage: Lineage;
}

/** The held-out rows of a job; null when it was not evaluated. */
export function heldOutEvaluation(jobDir: string): Evaluation | null {
  return existsSync(settingsFile(jobDir)) ? readEvaluation(jobDir) : null;
}

/**
 * May be repeated; what is there stays. Returns how many evaluations the run has. Throws FtError eval.no-sandbox (environment): a suite's code
 * cannot be run here.
 */
export async function importEvaluations(db: Database, known: RunToImport): Promise<number> {
  return (await importHeldOut(db, known)) + (await importSuites(db, known));
}

async function importHeldOut(db: Database, { projectDir, run, jobDir, lineage }: RunToImport): Promise<number> {
  const evaluation = heldOutEvaluation(jobDir);
  if (!evaluation?.complete) return 0;
  const subject = adapterSubject(lineage);
  const origin = { settings: readSettings(jobDir), run, createdAt: lineage.createdAt, tools: toolsOf(lineage) };
  const base = heldOutRecord(evaluation, "base", { ...origin, subject: baseSubject(subject) });
  const adapter = heldOutRecord(evaluation, "adapter", { ...origin, subject });
  for (const record of [base, adapter]) await keep(db, projectDir, record);
  await keepInputs(projectDir, base.known.suite.sha256, () => heldOutLines(evaluation.items));
  return 2;
}

async function importSuites(db: Database, { projectDir, run, jobDir, lineage }: RunToImport): Promise<number> {
  let imported = 0;
  for (const suite of readJobSuites(jobDir)) {
    const file = join(jobDir, suitePaths(suite.name).output);
    const answers = readAnswers(file, "adapter");
    if (!suite.items.every(({ item }) => answers.has(item))) continue;
    const { name, type, sha256, metrics, maxNewTokens } = suite;
    const known: EvaluationToRecord = {
      suite: { name, type, sha256, metrics },
      subject: adapterSubject(lineage),
      decoding: decodingOf(readSettings(jobDir), maxNewTokens),
      ...{ run, createdAt: lineage.createdAt, endedAt: Date.now(), tools: toolsOf(lineage), notes: {} },
    };
    imported += 1;
    if (existsSync(join(evalsDir(projectDir), evaluationId(known)))) continue;
    await keep(db, projectDir, { known, items: await scoreSuite(suite, answers) });
    await keepInputs(projectDir, sha256, () => itemLines(suite.items));
  }
  return imported;
}

async function keep(
  db: Database,
  projectDir: string,
  { known, items }: { known: EvaluationToRecord; items: ItemRecord[] },
): Promise<void> {
  if (existsSync(join(evalsDir(projectDir), evaluationId(known)))) return;
  await keepEvaluation(db, projectDir, known, items);
}

export function toolsOf({ engine }: Pick<Lineage, "engine">): Record<string, string> {
  return { ft: ftVersion(), [engine.name]: engine.version };
}
