// Evaluations in one shape: one subject (a base or an adapter version) on one suite, per item.

/** Rebuilt from the folders in .ft/evals. What stood here before came from the run folders, which still have it. */
export const evaluationTables = `
DROP TABLE eval_items;
DROP TABLE evaluations;

CREATE TABLE evaluations (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  suite TEXT NOT NULL,
  suite_sha256 TEXT NOT NULL,
  subject TEXT,
  version INTEGER,
  run TEXT,
  ended_at INTEGER NOT NULL,
  manifest TEXT NOT NULL
) STRICT;

CREATE TABLE eval_items (
  evaluation INTEGER NOT NULL REFERENCES evaluations (n) ON DELETE CASCADE,
  n INTEGER NOT NULL,
  item TEXT NOT NULL,
  input_sha256 TEXT NOT NULL,
  prompt_sha256 TEXT,
  slice TEXT NOT NULL,
  cluster TEXT,
  scores TEXT NOT NULL,
  error TEXT,
  prompt_tokens INTEGER,
  output_tokens INTEGER,
  latency_ms REAL,
  cost_usd REAL,
  output TEXT,
  PRIMARY KEY (evaluation, n)
) STRICT, WITHOUT ROWID;
`;
