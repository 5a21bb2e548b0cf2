// What a run was estimated to take, and what it took.

/** Rebuilt from estimate.json and the events of each run folder. */
export const measurementTables = `
CREATE TABLE measurements (
  run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  machine TEXT NOT NULL,
  engine TEXT NOT NULL,
  longest_tokens INTEGER,
  saw_longest INTEGER NOT NULL,
  training_ms REAL,
  tokens_per_second REAL,
  said_training_ms REAL,
  said_tokens_per_second REAL,
  usd REAL,
  said_usd REAL,
  memory TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
