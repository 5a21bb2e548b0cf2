// What of a run elsewhere is at home: the attempt whose results were brought, and the one whose machine was given up.

export const collectedColumns = `
ALTER TABLE runs ADD COLUMN collected INTEGER;
ALTER TABLE runs ADD COLUMN given_up INTEGER;
`;
