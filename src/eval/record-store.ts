// Evaluations in the store, per item: SQL beside the shape of its rows. The folders in .ft/evals are the truth.
import type { Database } from "better-sqlite3";
import { z } from "zod";
import { FtError } from "../errors.js";
import type { SuiteItem } from "./gate/side.js";
import {
  type EvaluationManifest,
  type EvaluationRecord,
  type EvaluationToRecord,
  evaluationFolders,
  evaluationId,
  type ItemRecord,
  type Metric,
  parseManifest,
  readEvaluationRecord,
  writeEvaluation,
} from "./record.js";

/**
 * Its folder first, then the index; one with the same id is replaced. The index forgets that one before: who dies in between leaves an evaluation
 * that is not indexed, which indexEvaluations takes in, and not the old scores of a new folder.
 */
export async function keepEvaluation(
  db: Database,
  projectDir: string,
  known: EvaluationToRecord,
  items: ItemRecord[],
): Promise<EvaluationManifest> {
  forget(db, evaluationId(known));
  const record = await writeEvaluation(projectDir, known, items);
  storeEvaluation(db, record);
  return record.manifest;
}

function forget(db: Database, id: string): void {
  db.prepare("DELETE FROM evaluations WHERE id = ?").run(id);
}

/** In one transaction. */
function storeEvaluation(db: Database, { manifest, items }: EvaluationRecord): void {
  const add = db.prepare(
    "INSERT INTO evaluations (id, suite, suite_sha256, subject, version, run, ended_at, manifest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const addItem = db.prepare(
    `INSERT INTO eval_items (evaluation, n, item, input_sha256, prompt_sha256, slice, cluster, scores, error, prompt_tokens, output_tokens,
       latency_ms, cost_usd, output) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const addColumns = db.prepare("INSERT INTO eval_columns (evaluation, columns) VALUES (?, ?)");
  const { id, suite, subject, run, endedAt } = manifest;
  db.transaction(() => {
    forget(db, id);
    const named = [subject.name, subject.version];
    const known = [id, suite.name, suite.sha256, ...named, run, endedAt, JSON.stringify(manifest)];
    const { lastInsertRowid } = add.run(...known);
    for (const [n, item] of items.entries()) addItem.run(lastInsertRowid, n, ...row(item));
    addColumns.run(lastInsertRowid, JSON.stringify(columnsOf(suite.metrics, items)));
  }).immediate();
}

function row(item: ItemRecord): (string | number | null)[] {
  const { inputSha256, promptSha256, slice, cluster, scores, error } = item;
  const { promptTokens, outputTokens, latencyMs, costUsd, output } = item;
  return [
    ...[item.item, inputSha256, promptSha256, JSON.stringify(slice), cluster, JSON.stringify(scores), error],
    ...[promptTokens, outputTokens, latencyMs, costUsd, output],
  ];
}

/** Newest first. */
export function listEvaluations(db: Database): EvaluationManifest[] {
  const rows = db.prepare("SELECT manifest FROM evaluations ORDER BY ended_at DESC, n DESC").pluck().all();
  return rows.map((text) => parseManifest(z.string().parse(text)));
}

/** What a comparison takes of the items, column by column, in the suite's order. */
export interface ScoreColumns {
  items: string[];
  /** Of the suite's metrics; null: it does not apply to the item, or could not be told. */
  scores: Record<string, (number | null)[]>;
  /** By field; null: the item has none. */
  slices: Record<string, (string | null)[]>;
  /** Null: the items are independent of each other. */
  clusters: (string | null)[] | null;
}

function columnsOf(metrics: readonly Metric[], items: readonly ItemRecord[]): ScoreColumns {
  const fields = [...new Set(items.flatMap(({ slice }) => Object.keys(slice)))];
  const isClustered = items.some(({ cluster }) => cluster !== null);
  return {
    items: items.map(({ item }) => item),
    scores: Object.fromEntries(metrics.map(({ name }) => [name, items.map(({ scores }) => scores[name] ?? null)])),
    slices: Object.fromEntries(fields.map((field) => [field, items.map(({ slice }) => slice[field] ?? null)])),
    clusters: isClustered ? items.map(({ cluster }) => cluster) : null,
  };
}

export function scoreColumns(db: Database, id: string): ScoreColumns {
  const select = db.prepare(
    "SELECT columns FROM eval_columns WHERE evaluation = (SELECT n FROM evaluations WHERE id = ?)",
  );
  return JSON.parse(select.pluck().get(id) as string) as ScoreColumns;
}

/** Items that have no score because their scorer failed. */
export function unscoredItems(db: Database, id: string): { item: string; error: string }[] {
  const select = db.prepare(
    `SELECT item, error FROM eval_items WHERE evaluation = (SELECT n FROM evaluations WHERE id = ?) AND error IS NOT NULL ORDER BY n`,
  );
  return select.all(id) as { item: string; error: string }[];
}

const answeredSchema = z.object({
  item: z.string(),
  inputSha256: z.string(),
  output: z.string().nullable(),
  scores: z.string().transform((text) => z.record(z.string(), z.number().nullable()).parse(JSON.parse(text))),
});
export type AnsweredItem = z.output<typeof answeredSchema>;

/** Those whose score in `metric` is worse than `limit`, in the suite's order. */
export function itemsWorseThan(db: Database, id: string, { name, better }: Metric, limit: number): AnsweredItem[] {
  const rows = db
    .prepare(
      `SELECT item, input_sha256 AS inputSha256, output, scores FROM eval_items JOIN json_each(scores)
       WHERE evaluation = (SELECT n FROM evaluations WHERE id = ?) AND error IS NULL AND key = ? AND value ${better === "higher" ? "<" : ">"} ?
       ORDER BY n`,
    )
    .all(id, name, limit);
  return z.array(answeredSchema).parse(rows);
}

/** What the gate compares, by item. */
export function judgedItems(db: Database, id: string): Map<string, SuiteItem> {
  const rows = db
    .prepare(
      `SELECT item, input_sha256, cluster, scores, error FROM eval_items
       WHERE evaluation = (SELECT n FROM evaluations WHERE id = ?) ORDER BY n`,
    )
    .raw()
    .all(id) as [string, string, string | null, string, string | null][];
  return new Map(
    rows.map(([item, inputSha256, cluster, scores, error]) => [
      item,
      { inputSha256, cluster, scores: JSON.parse(scores) as SuiteItem["scores"], error },
    ]),
  );
}

/** By item, of those wanted; `items`: all of the evaluation, in its order. */
export function outputsOf(
  db: Database,
  id: string,
  { items, wanted }: { items: readonly string[]; wanted: readonly string[] },
): Map<string, string | null> {
  const among = new Set(wanted);
  const select = db
    .prepare("SELECT output FROM eval_items WHERE evaluation = (SELECT n FROM evaluations WHERE id = ?) AND n = ?")
    .pluck();
  const found = [...items.entries()].filter(([, item]) => among.has(item));
  return new Map(found.map(([n, item]) => [item, select.get(id, n) as string | null]));
}

export interface IndexedEvaluations {
  evaluations: number;
  /** What could not be taken over, one sentence each. */
  problems: string[];
}

/** Brings the index to what the folders hold: takes in those that are new, forgets those that are gone. `anew`: reads all of them. */
export function indexEvaluations(db: Database, projectDir: string, { anew }: { anew: boolean }): IndexedEvaluations {
  const ids = evaluationFolders(projectDir);
  const known = db.prepare("SELECT id FROM evaluations").pluck().all() as string[];
  for (const id of known) if (!ids.includes(id)) forget(db, id);
  const problems: string[] = [];
  let evaluations = 0;
  for (const id of ids) {
    try {
      if (anew || !known.includes(id)) storeEvaluation(db, readEvaluationRecord(projectDir, id));
      evaluations += 1;
    } catch (error) {
      if (!(error instanceof FtError)) throw error;
      problems.push(`evaluation ${id}: ${error.message}: ${error.why}`);
    }
  }
  return { evaluations, problems };
}
