// The store's schema, as forward-only steps. A step that was released never changes; new ones go to the end.
import { evalTables } from "./migrations/002-eval.js";

/** SQL of each step; PRAGMA user_version counts how many a database has had. */
export const migrations: readonly string[] = [evalTables];
