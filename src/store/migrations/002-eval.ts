// Evaluations, per example, and the registry of adapters.

/** Both can be rebuilt: evaluations from the runs' items.jsonl, adapters from the ft-lineage.json beside the weights. */
export const evalTables = `
CREATE TABLE evaluations (
  id INTEGER PRIMARY KEY,
  run TEXT NOT NULL,
  variant TEXT NOT NULL CHECK (variant IN ('base', 'adapter')),
  created_at INTEGER NOT NULL,
  settings TEXT NOT NULL,
  complete INTEGER NOT NULL,
  UNIQUE (run, variant)
) STRICT;

CREATE TABLE eval_items (
  evaluation INTEGER NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
  item TEXT NOT NULL,
  n INTEGER NOT NULL,
  file TEXT NOT NULL,
  line INTEGER NOT NULL,
  nll REAL,
  tokens INTEGER NOT NULL,
  exact_match INTEGER,
  json_valid INTEGER,
  output TEXT,
  prompt_tokens INTEGER,
  output_tokens INTEGER,
  latency_ms REAL,
  PRIMARY KEY (evaluation, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE adapters (
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  run TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  method TEXT NOT NULL,
  base_id TEXT NOT NULL,
  base_revision TEXT NOT NULL,
  template_sha256 TEXT,
  data_sha256 TEXT NOT NULL,
  engine TEXT NOT NULL,
  engine_version TEXT NOT NULL,
  git_commit TEXT,
  git_dirty INTEGER,
  path TEXT NOT NULL,
  files TEXT NOT NULL,
  comparison TEXT,
  PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;
`;
