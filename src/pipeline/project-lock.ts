// ft.lock.json beside the recipe: every resolved version and hash behind it, to be committed, so that a run can be repeated anywhere.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import type { DatasetFacts } from "../dataset/canonical.js";
import { readEngineLock } from "../engines/env/engine-lock.js";
import { FtError, type Problem } from "../errors.js";
import type { ModelFacts } from "../models/facts.js";
import type { LoadedRecipe } from "../recipes/load.js";
import type { Recipe } from "../recipes/schema.js";

const entrySchema = z.strictObject({
  /** sha256 over the resolved recipe, hex: its defaults are those that ft chose then. */
  recipe: z.string(),
  base: z.strictObject({ asked: z.string(), id: z.string(), revision: z.string() }),
  template: z.strictObject({ origin: z.string(), sha256: z.string() }).nullable(),
  /** sha256 over the canonical rows. */
  data: z.strictObject({ train: z.string(), eval: z.string().nullable() }),
  /** `lock`: first digits of the sha256 of the engine's requirements. */
  engine: z.strictObject({ name: z.string(), version: z.string(), lock: z.string() }),
});

const lockSchema = z.strictObject({
  version: z.literal(1),
  /** By the recipe's file name: recipes of one folder share the file. */
  recipes: z.record(z.string(), entrySchema),
});

export type LockEntry = z.output<typeof entrySchema>;

export const lockName = "ft.lock.json";

/** What would be locked now. The model must be on this machine. */
export function lockEntry(recipe: Recipe, model: ModelFacts, dataset: DatasetFacts): LockEntry {
  return {
    recipe: sha256(canonicalJson(recipe)),
    base: { asked: model.asked, id: baseId(model), revision: model.revision! },
    template: model.template && { origin: model.template.origin, sha256: model.template.sha256 },
    data: { train: dataset.train.sha256, eval: dataset.eval?.sha256 ?? null },
    engine: {
      name: recipe.engine.name,
      version: recipe.engine.version,
      lock: readEngineLock(recipe.engine).hash,
    },
  };
}

/** Null: this recipe is not locked. @throws FtError lock.invalid (recipe) */
export function readLockEntry({ dir, file }: Pick<LoadedRecipe, "dir" | "file">): LockEntry | null {
  return readLock(dir)?.recipes[basename(file)] ?? null;
}

/** Replaces the recipe's entry in one step; the others stay. Keys are sorted, so that merges are small. */
export function writeLockEntry({ dir, file }: Pick<LoadedRecipe, "dir" | "file">, entry: LockEntry): void {
  const recipes = { ...readLock(dir)?.recipes, [basename(file)]: entry };
  const sorted = Object.fromEntries(Object.entries(recipes).sort(([a], [b]) => (a < b ? -1 : 1)));
  const path = join(dir, lockName);
  const draft = `${path}.${process.pid}.new`;
  try {
    writeFileSync(draft, `${JSON.stringify({ version: 1, recipes: sorted }, null, 2)}\n`);
    renameSync(draft, path);
  } catch (cause) {
    throw new FtError({
      code: "env.unwritable",
      exit: "environment",
      message: `${lockName} cannot be written`,
      where: { file: path },
      why: (cause as Error).message,
      next: "make the folder writable",
      cause,
    });
  }
}

/** What differs, each with what was locked and what is there now. */
export function lockDrift(locked: LockEntry, now: LockEntry): Problem[] {
  const problems: Problem[] = [];
  const differ = (what: string, before: string | null | undefined, after: string | null | undefined, fix: string) => {
    if (before !== after) problems.push({ message: `${what}: locked ${short(before)}, now ${short(after)}`, fix });
  };
  differ("recipe", locked.recipe, now.recipe, "the recipe's keys, or the defaults that its data leads to, changed");
  differ("model.base", locked.base.asked, now.base.asked, "another base is named");
  differ(
    "base revision",
    `${locked.base.id}@${locked.base.revision}`,
    `${now.base.id}@${now.base.revision}`,
    "its files changed",
  );
  differ("template", locked.template?.sha256, now.template?.sha256, "the chat template's text changed");
  differ("training rows", locked.data.train, now.data.train, "rows were added, removed or changed");
  differ("held-out rows", locked.data.eval, now.data.eval, "rows were added, removed or changed");
  const engine = ({ name, version, lock }: LockEntry["engine"]) => `${name} ${version} (${lock})`;
  differ("engine", engine(locked.engine), engine(now.engine), "another engine, version, or set of its packages");
  return problems;
}

/** Throws FtError lock.missing, lock.drift (exit recipe). */
export function refuseDrift(loaded: Pick<LoadedRecipe, "dir" | "file">, now: LockEntry): void {
  const locked = requireLockEntry(loaded);
  const problems = lockDrift(locked, now);
  if (problems.length === 0) return;
  throw new FtError({
    code: "lock.drift",
    exit: "recipe",
    message: `${lockName} does not hold what would be trained now`,
    where: { file: join(loaded.dir, lockName) },
    problems,
    next: "if the change is meant: ft lock (or ft run without --frozen), and commit the lock",
  });
}

/** Throws FtError lock.missing (exit recipe). */
export function requireLockEntry(loaded: Pick<LoadedRecipe, "dir" | "file">): LockEntry {
  const locked = readLockEntry(loaded);
  if (locked) return locked;
  throw new FtError({
    code: "lock.missing",
    exit: "recipe",
    message: `${basename(loaded.file)} is not locked`,
    where: { file: join(loaded.dir, lockName) },
    next: "ft lock writes the lock; commit it",
  });
}

/** JSON with sorted keys: the order in which a person wrote them does not matter. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A local base is known by its contents: where its folder lies differs from machine to machine. */
function baseId({ source, id, asked }: ModelFacts): string {
  return source === "folder" || source === "gguf" ? asked : id;
}

function readLock(dir: string): z.output<typeof lockSchema> | null {
  const path = join(dir, lockName);
  if (!existsSync(path)) return null;
  try {
    return lockSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    throw new FtError({
      code: "lock.invalid",
      exit: "recipe",
      message: `${lockName} cannot be read`,
      where: { file: path },
      why: cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message,
      next: "take it from git again, or delete it and run ft lock",
      cause,
    });
  }
}

function short(value: string | null | undefined): string {
  return value === null || value === undefined
    ? "none"
    : value.replace(/\b[0-9a-f]{40,64}\b/g, (hex) => hex.slice(0, 12));
}
