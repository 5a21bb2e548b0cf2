// What comparisons read of an evaluation, in one piece: a row an item is slow where there are 50,000.

/** JSON (ScoreColumns). Rebuilt from the folders in .ft/evals when they are next looked at, as all of the index. */
export const evaluationColumns = `
DELETE FROM evaluations;

CREATE TABLE eval_columns (
  evaluation INTEGER PRIMARY KEY REFERENCES evaluations (n) ON DELETE CASCADE,
  columns TEXT NOT NULL
) STRICT;
`;
