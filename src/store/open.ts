// Opens a project's store, .ft/ft.db, and brings it to this version's tables. Migrations only go forward and are never edited.
import { existsSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { ensureDir } from "../ensure-dir.js";
import { FtError } from "../errors.js";
import { storeFile } from "../paths.js";
import { runTables } from "./migrations/001-runs.js";
import { evalTables } from "./migrations/002-eval.js";
import { measurementTables } from "./migrations/003-measurements.js";
import { targetColumn } from "./migrations/004-targets.js";
import { collectedColumns } from "./migrations/005-collected.js";
import { evaluationTables } from "./migrations/006-evaluations.js";
import { evaluationColumns } from "./migrations/007-evaluation-columns.js";

export type Store = Database.Database;

/** The n-th entry takes the database from user_version n to n + 1. */
const migrations = [
  ...[runTables, evalTables, measurementTables, targetColumn, collectedColumns, evaluationTables],
  evaluationColumns,
];

/** WAL, foreign keys, 5 s of patience with other writers. Throws FtError `store.newer` or `store.corrupt` (environment). */
export function openStore(projectDir: string): Store {
  const file = storeFile(projectDir);
  ensureDir(dirname(file));
  let db: Store | undefined;
  try {
    db = new Database(file, { timeout: 5000 });
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = NORMAL");
    db.pragma("foreign_keys = ON");
    migrate(db, file);
    return db;
  } catch (error) {
    db?.close();
    throw isCorrupt(error) ? corrupt(file, error) : error;
  }
}

/** Reads the whole database once. Throws FtError `store.corrupt` for damage that opening does not see. */
export function checkStore(projectDir: string): void {
  const db = openStore(projectDir);
  try {
    const [found] = db.pragma("quick_check(1)") as { quick_check: string }[];
    if (found?.quick_check !== "ok") throw corrupt(storeFile(projectDir), found?.quick_check);
  } catch (error) {
    throw isCorrupt(error) ? corrupt(storeFile(projectDir), error) : error;
  } finally {
    db.close();
  }
}

/** Puts a database that cannot be read out of the way (`ft runs reindex` then makes a new one). Returns its new name. */
export function setAside(projectDir: string, at: number): string {
  const file = storeFile(projectDir);
  const aside = `${file}.broken-${at}`;
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(`${file}${suffix}`)) renameSync(`${file}${suffix}`, `${aside}${suffix}`);
  }
  return aside;
}

function migrate(db: Store, file: string): void {
  if (version(db) === migrations.length) return;
  db.transaction(() => {
    const from = version(db);
    if (from > migrations.length) throw newer(file);
    for (const sql of migrations.slice(from)) db.exec(sql);
    db.pragma(`user_version = ${migrations.length}`);
  }).immediate();
}

function version(db: Store): number {
  return db.pragma("user_version", { simple: true }) as number;
}

function isCorrupt(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^SQLITE_(CORRUPT|NOTADB)/.test(code);
}

function corrupt(file: string, cause: unknown): FtError {
  return new FtError({
    code: "store.corrupt",
    exit: "environment",
    message: "the store cannot be read as a database",
    where: { file },
    next: "`ft runs reindex` sets it aside and rebuilds it from the run folders; nothing is lost",
    cause,
  });
}

function newer(file: string): FtError {
  return new FtError({
    code: "store.newer",
    exit: "environment",
    message: "the store was made by a newer ft",
    where: { file },
    next: "update ft",
  });
}
