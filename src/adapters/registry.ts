// The registry of adapters: every trained adapter becomes a version of a named line, and a version never changes.
import { relative, resolve } from "node:path";
import type { Database } from "better-sqlite3";
import { z } from "zod";
import { FtError } from "../errors.js";
import { aliasesOf } from "./aliases.js";
import { comparisonRowSchema, fileSchema, hashAdapterFiles, type Lineage, writeLineage } from "./lineage.js";
import { readTombstone, type Tombstone } from "./tombstone.js";

/** A registered version: its lineage, where its folder is, and how it stands now. */
export interface RegisteredAdapter extends Lineage {
  /** Absolute. */
  dir: string;
  /** Names that are on this version now: champion, previous ... */
  aliases: string[];
  /** Its weights are gone (`ft adapters gc`); the lineage stays. */
  removed: Tombstone | null;
}

/** What the registrar knows about a finished run; version, files and the rest of the lineage are made here. */
export type AdapterToRegister = Omit<Lineage, "schema" | "version" | "files"> & {
  /** Absolute path of the folder with the weights. */
  dir: string;
};

/**
 * Registers a run's adapter as the next version of its line and writes the lineage beside the weights. The number is taken in an
 * IMMEDIATE transaction, so two processes never take the same; the file is written before the commit, so a crash leaves nothing
 * that registering again does not mend. A run that is registered already gives its version back, unchanged.
 */
export async function registerAdapter(
  db: Database,
  projectDir: string,
  { dir, ...known }: AdapterToRegister,
): Promise<RegisteredAdapter> {
  const before = adapterOfRun(db, projectDir, known.run);
  if (before) return before;
  const files = await hashAdapterFiles(dir);
  if (files.length === 0) throw emptyFolder(dir);
  return db
    .transaction(() => {
      const other = adapterOfRun(db, projectDir, known.run);
      if (other) return other;
      const lineage: Lineage = { schema: 1, ...known, version: nextVersion(db, known.name), files };
      insertAdapter(db, projectDir, dir, lineage);
      writeLineage(dir, lineage);
      return { ...lineage, dir, aliases: [], removed: null };
    })
    .immediate();
}

/** Inserts a version as it is; throws SQLite's constraint error when the version or the run is there already. */
export function insertAdapter(db: Database, projectDir: string, dir: string, lineage: Lineage): void {
  const { name, version, run, createdAt, method, base, templateSha256, dataSha256, engine, git, files } = lineage;
  db.prepare(
    `INSERT INTO adapters (name, version, run, created_at, method, base_id, base_revision, template_sha256, data_sha256,
       engine, engine_version, git_commit, git_dirty, path, files, comparison)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    ...[name, version, run, createdAt, method, base.id, base.revision, templateSha256, dataSha256],
    ...[engine.name, engine.version, git?.commit ?? null, git ? Number(git.dirty) : null],
    ...[relative(projectDir, dir), JSON.stringify(files), lineage.comparison && JSON.stringify(lineage.comparison)],
  );
}

/** By name, and within a line the newest version first. */
export function listAdapters(db: Database, projectDir: string): RegisteredAdapter[] {
  return select(db, projectDir, "ORDER BY name, version DESC");
}

/**
 * Which of these `name@3`, `name@champion` or `name` (the newest version whose weights are there) means. Throws FtError `adapter.unknown` (usage)
 * naming what there is. `adapters`: as listAdapters gives them.
 */
export function findAdapter(adapters: RegisteredAdapter[], reference: string): RegisteredAdapter {
  const [line, which] = reference.split("@");
  const versions = adapters.filter(({ name }) => name === line);
  const found =
    which === undefined
      ? (versions.find(({ removed }) => removed === null) ?? versions[0])
      : versions.find(({ version, aliases }) => which === String(version) || aliases.includes(which));
  if (!found) throw unknownAdapter(adapters, reference);
  return found;
}

/** Null when the run has none. */
export function adapterOfRun(db: Database, projectDir: string, run: string): RegisteredAdapter | null {
  return select(db, projectDir, "WHERE run = ?", run)[0] ?? null;
}

/** The number after the highest that the line ever had. */
export function nextVersion(db: Database, name: string): number {
  const row = db.prepare("SELECT coalesce(max(version), 0) + 1 AS next FROM adapters WHERE name = ?").get(name);
  return z.object({ next: z.int() }).parse(row).next;
}

const json = <T>(schema: z.ZodType<T>) => z.string().transform((text) => schema.parse(JSON.parse(text)));
const rowSchema = z.object({
  name: z.string(),
  version: z.int(),
  run: z.string(),
  created_at: z.number(),
  method: z.string(),
  base_id: z.string(),
  base_revision: z.string(),
  template_sha256: z.string().nullable(),
  data_sha256: z.string(),
  engine: z.string(),
  engine_version: z.string(),
  git_commit: z.string().nullable(),
  git_dirty: z.int().nullable(),
  path: z.string(),
  files: json(z.array(fileSchema)),
  comparison: json(z.array(comparisonRowSchema)).nullable(),
});

function select(db: Database, projectDir: string, where: string, ...values: (string | number)[]): RegisteredAdapter[] {
  const rows = db.prepare(`SELECT * FROM adapters ${where}`).all(...values);
  const aliases = new Map<string, [string, number][]>();
  return rows.map((stored) => {
    const row = rowSchema.parse(stored);
    const dir = resolve(projectDir, row.path);
    if (!aliases.has(row.name)) aliases.set(row.name, Object.entries(aliasesOf(projectDir, row.name)));
    return {
      schema: 1,
      name: row.name,
      version: row.version,
      run: row.run,
      createdAt: row.created_at,
      method: row.method,
      base: { id: row.base_id, revision: row.base_revision },
      templateSha256: row.template_sha256,
      dataSha256: row.data_sha256,
      engine: { name: row.engine, version: row.engine_version },
      git: row.git_commit === null ? null : { commit: row.git_commit, dirty: row.git_dirty === 1 },
      files: row.files,
      comparison: row.comparison,
      dir,
      aliases: aliases.get(row.name)!.flatMap(([alias, version]) => (version === row.version ? [alias] : [])),
      removed: readTombstone(dir),
    };
  });
}

function unknownAdapter(adapters: RegisteredAdapter[], reference: string): FtError {
  const line = adapters.filter(({ name }) => name === reference.split("@")[0]);
  const known = (line.length > 0 ? line : adapters).flatMap(({ name, version, aliases }) => [
    `${name}@${version}`,
    ...aliases.map((alias) => `${name}@${alias}`),
  ]);
  return new FtError({
    code: "adapter.unknown",
    exit: "usage",
    message: `no adapter ${reference} is registered here`,
    ...(known.length > 0 && { why: `there are: ${known.slice(0, 8).join(", ")}${known.length > 8 ? ", ..." : ""}` }),
    next: known.length > 0 ? "ft adapters ls lists them" : "train one: ft run",
  });
}

function emptyFolder(dir: string): FtError {
  return new FtError({
    code: "adapter.no-files",
    exit: "training",
    message: "the run left no adapter",
    where: { file: dir },
    next: "look at what the trainer printed: ft runs logs",
  });
}

/** Ids of the runs that have an adapter in the registry. */
export function registeredRuns(store: Database): string[] {
  return store.prepare("SELECT run FROM adapters").pluck().all() as string[];
}
