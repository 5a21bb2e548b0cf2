// Opens a project's store and brings it to the newest schema.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { storeFile } from "../paths.js";
import { migrations } from "./migrations.js";

/** Creates `.ft/ft.db` when it is not there. The caller closes it. */
export function openStore(projectDir: string): Database.Database {
  mkdirSync(dirname(storeFile(projectDir)), { recursive: true });
  const db = new Database(storeFile(projectDir));
  for (const pragma of ["busy_timeout = 5000", "journal_mode = WAL", "foreign_keys = ON"]) db.pragma(pragma);
  db.transaction(() => {
    const done = db.pragma("user_version", { simple: true }) as number;
    for (const sql of migrations.slice(done)) db.exec(sql);
    db.pragma(`user_version = ${Math.max(done, migrations.length)}`);
  }).immediate();
  return db;
}
