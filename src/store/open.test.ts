// Opening the store: new, older, newer, damaged, and several processes at once. Real files.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { emptyFolder } from "../../test/project.js";
import { packageRoot, storeFile } from "../paths.js";
import { runTables } from "./migrations/001-runs.js";
import { checkStore, openStore, setAside } from "./open.js";

/** A database as some other ft left it. */
function storeOf(version: number, sql = ""): string {
  const dir = emptyFolder();
  mkdirSync(dirname(storeFile(dir)), { recursive: true });
  const db = new Database(storeFile(dir));
  db.exec(sql);
  db.pragma(`user_version = ${version}`);
  db.close();
  return dir;
}

describe("openStore", () => {
  it("brings the tables of an older ft up to date and keeps their rows", () => {
    const dir = storeOf(
      1,
      `${runTables} INSERT INTO runs (id, name, state, engine, engine_version, launcher, base, created_at, attempt)
       VALUES ('r1', 'n', 'queued', 'trl', '1', 'local', 'b', 1, 1)`,
    );
    const store = openStore(dir);
    expect(store.prepare("SELECT id FROM runs").pluck().all()).toEqual(["r1"]);
    expect(store.prepare("SELECT count(*) FROM adapters").pluck().get()).toBe(0);
    expect(store.pragma("foreign_keys", { simple: true })).toBe(1);
    store.close();
  });

  it("refuses the tables of a newer ft and leaves them alone", () => {
    const dir = storeOf(99);
    expect(() => openStore(dir)).toThrow(expect.objectContaining({ code: "store.newer", exit: "environment" }));
    const db = new Database(storeFile(dir), { readonly: true });
    expect(db.pragma("user_version", { simple: true })).toBe(99);
    db.close();
  });

  it("says what to do about a file that is no database, which is kept when set aside", () => {
    const dir = storeOf(2);
    writeFileSync(storeFile(dir), "this is not a database, not at all, it is a text of some length".repeat(100));
    expect(() => openStore(dir)).toThrow(
      expect.objectContaining({ code: "store.corrupt", next: expect.stringContaining("ft runs reindex") }),
    );
    const aside = setAside(dir, 7);
    expect(readFileSync(aside, "utf8")).toMatch(/^this is not/);
    openStore(dir).close();
  });

  it("lets many processes open a new store at the same moment", async () => {
    const dir = emptyFolder();
    const code = `const { openStore } = await import(${JSON.stringify(join(packageRoot, "dist/store/open.js"))}); openStore(${JSON.stringify(dir)}).close();`;
    const all = await Promise.all(
      Array.from({ length: 6 }, () => execa(process.execPath, ["--input-type=module", "-e", code], { reject: false })),
    );
    expect(all.map(({ stderr }) => stderr)).toEqual(Array(6).fill(""));
  });
});

describe("checkStore", () => {
  it("finds damage that opening does not see", () => {
    const dir = emptyFolder();
    const store = openStore(dir);
    store.exec("CREATE TABLE filler (x TEXT); CREATE INDEX fillers ON filler (x)");
    for (let i = 0; i < 500; i++) store.prepare("INSERT INTO filler VALUES (?)").run(`row ${i} ${"x".repeat(50)}`);
    store.close();
    const bytes = readFileSync(storeFile(dir));
    bytes.fill(0x5a, bytes.length - 8192);
    writeFileSync(storeFile(dir), bytes);
    openStore(dir).close();
    expect(() => checkStore(dir)).toThrow(expect.objectContaining({ code: "store.corrupt" }));
  });
});
