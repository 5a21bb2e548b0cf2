// The target of a run, by the name that the person gave it.

export const targetColumn = `
ALTER TABLE runs ADD COLUMN target TEXT NOT NULL DEFAULT 'local';
`;
