// Evaluations in the store, per item: SQL beside the shape of its rows. The folders in .ft/evals are the truth.
import type { Database } from "better-sqlite3";
import { z } from "zod";
import { FtError } from "../errors.js";
import type { SuiteItem } from "./gate/side.js";
import {
  type EvaluationManifest,
  type EvaluationRecord,
  evaluationFolders,
  type ItemRecord,
  parseManifest,
  readEvaluationRecord,
} from "./record.js";

/** Stores it in one transaction; one with the same id is replaced. */
export function storeEvaluation(db: Database, { manifest, items }: EvaluationRecord): void {
  const remove = db.prepare("DELETE FROM evaluations WHERE id = ?");
  const add = db.prepare(
    "INSERT INTO evaluations (id, suite, suite_sha256, subject, version, run, ended_at, manifest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const addItem = db.prepare(
    `INSERT INTO eval_items (evaluation, n, item, input_sha256, prompt_sha256, slice, cluster, scores, error, prompt_tokens, output_tokens,
       latency_ms, cost_usd, output) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const { id, suite, subject, run, endedAt } = manifest;
  db.transaction(() => {
    remove.run(id);
    const named = [subject.name, subject.version];
    const row = [id, suite.name, suite.sha256, ...named, run, endedAt, JSON.stringify(manifest)];
    const { lastInsertRowid } = add.run(...row);
    for (const [n, item] of items.entries()) addItem.run(lastInsertRowid, n, ...columns(item));
  }).immediate();
}

function columns(item: ItemRecord): (string | number | null)[] {
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

/** What a comparison takes of an item. */
export interface ScoredItem {
  item: string;
  slice: Record<string, string>;
  cluster: string | null;
  scores: Record<string, number | null>;
  error: string | null;
}

/** In the suite's order. */
export function scoredItems(db: Database, id: string): ScoredItem[] {
  const rows = db
    .prepare(
      `SELECT item, slice, cluster, scores, error FROM eval_items
       WHERE evaluation = (SELECT n FROM evaluations WHERE id = ?) ORDER BY n`,
    )
    .raw()
    .all(id) as [string, string, string | null, string, string | null][];
  const parsed = new Map<string, Record<string, never>>(); // most items share their slice, and many their scores
  const parse = (text: string) => {
    const known = parsed.get(text) ?? (JSON.parse(text) as Record<string, never>);
    if (parsed.size < 10_000) parsed.set(text, known);
    return known;
  };
  return rows.map(([item, slice, cluster, scores, error]) => ({
    ...{ item, slice: parse(slice), cluster, scores: parse(scores), error },
  }));
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

/** By item, of those asked for. */
export function outputsOf(db: Database, id: string, items: readonly string[]): Map<string, string | null> {
  const select = db.prepare(
    `SELECT item, output FROM eval_items WHERE evaluation = (SELECT n FROM evaluations WHERE id = ?)
     AND item IN (SELECT value FROM json_each(?))`,
  );
  const rows = select.raw().all(id, JSON.stringify(items)) as [string, string | null][];
  return new Map(rows);
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
  const remove = db.prepare("DELETE FROM evaluations WHERE id = ?");
  for (const id of known) if (!ids.includes(id)) remove.run(id);
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
