// Evaluations in the store, per example: SQL beside the shape of its rows. The run folder stays the truth.
import type { Database } from "better-sqlite3";
import { type Evaluation, type ItemScore, variants } from "./results.js";

/**
 * Stores both variants of a run's evaluation with every example's scores. Replaces what was stored for the run, in one
 * transaction, so that importing the same results again leaves the same rows.
 * `settings`: what the evaluator was told (config/evaluate.json), kept as JSON.
 */
export function storeEvaluation(db: Database, run: string, evaluation: Evaluation, settings: unknown): void {
  const remove = db.prepare("DELETE FROM evaluations WHERE run = ?");
  const addEvaluation = db.prepare(
    "INSERT INTO evaluations (run, variant, created_at, settings, complete) VALUES (?, ?, ?, ?, ?)",
  );
  const addItem = db.prepare(
    `INSERT INTO eval_items (evaluation, item, n, file, line, nll, tokens, exact_match, json_valid, output, prompt_tokens, output_tokens, latency_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  db.transaction(() => {
    remove.run(run);
    for (const variant of variants) {
      const complete = evaluation.items.every(({ item }) => evaluation.scores[variant].has(item));
      const added = addEvaluation.run(run, variant, evaluation.createdAt, JSON.stringify(settings), complete ? 1 : 0);
      for (const [n, { item, file, line }] of evaluation.items.entries()) {
        const score = evaluation.scores[variant].get(item);
        if (score) addItem.run(added.lastInsertRowid, item, n, file, line, ...columns(score));
      }
    }
  }).immediate();
}

function columns(score: ItemScore): (number | string | null)[] {
  const { nll, tokens, exactMatch, jsonValid, output, promptTokens, outputTokens, latencyMs } = score;
  return [nll, tokens, exactMatch, jsonValid, output, promptTokens, outputTokens, latencyMs];
}
