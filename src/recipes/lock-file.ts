// ft.lock.json beside the recipe: for each recipe file of the folder, everything it resolved to. Made to be committed, diffed and merged.
import { randomUUID } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { isDiskFull } from "../ensure-dir.js";
import { FtError } from "../errors.js";
import { withFileLock } from "../file-lock.js";
import { ftDir } from "../paths.js";

export const lockFileName = "ft.lock.json";

const lockEntrySchema = z.object({
  /** Which ft wrote it. */
  ft: z.string(),
  /** sha256 over all that decides the result and that a lock can pin: what follows, without `asked`. Hex. */
  key: z.string(),
  /** `id`: hub id, or the folder or file as the recipe says it. `revision`: commit, or a hash of the folder's or file's content. */
  base: z.object({ asked: z.string(), id: z.string(), revision: z.string() }),
  /** `sha256` null: the model's own, which `base.revision` decides. */
  template: z.object({ origin: z.string(), sha256: z.string().nullable() }),
  /** By path: rows, and the sha256 over the canonical rows in order. */
  data: z.record(z.string(), z.object({ rows: z.int(), sha256: z.string() })),
  /** Datasets of the Hub among them: repository at a branch or tag -> commit. */
  hub: z.record(z.string(), z.string()).default({}),
  /** Other files of the person's that the run reads (reward functions): path -> sha256. */
  files: z.record(z.string(), z.string()),
  /** `requirements`: the beginning of the sha256 of its requirements.lock. */
  engine: z.object({ name: z.string(), version: z.string(), requirements: z.string() }),
  /** The resolved recipe but for what ft chose: dotted key -> value. */
  recipe: z.record(z.string(), z.json()),
  /** What ft chose for open keys. It holds, for a later ft too, while all it was chosen from is the same. */
  chosen: z.record(z.string(), z.json()),
  /** The facts of the training rows that choices depend on. */
  chosenFrom: z.object({ rows: z.int(), longestChars: z.int() }),
});

export type LockEntry = z.output<typeof lockEntrySchema>;

const lockFileSchema = z.object({ version: z.literal(1), recipes: z.record(z.string(), lockEntrySchema) });

export function lockFileOf(recipeFile: string): string {
  return join(dirname(recipeFile), lockFileName);
}

/** The recipe's entry, null when there is none. Throws FtError lock.unreadable, lock.newer (exit recipe). */
export async function readLock(recipeFile: string): Promise<LockEntry | null> {
  return (await readLockFile(lockFileOf(recipeFile)))[basename(recipeFile)] ?? null;
}

/** Puts the recipe's entry in, in one step; other recipes' entries stay. Returns false when the file says so already. */
export async function writeLock(recipeFile: string, entry: LockEntry): Promise<boolean> {
  const file = lockFileOf(recipeFile);
  return withFileLock(join(ftDir(dirname(recipeFile)), `${lockFileName}.lock`), async () => {
    const recipes = await readLockFile(file);
    const text = lockText({ ...recipes, [basename(recipeFile)]: entry });
    if (text === (await readFile(file, "utf8").catch(() => null))) return false;
    const draft = join(dirname(file), `.${lockFileName}.${randomUUID()}`);
    try {
      await writeFile(draft, text);
      await rename(draft, file);
    } catch (cause) {
      await rm(draft, { force: true });
      throw unwritable(file, cause);
    }
    return true;
  });
}

function lockText(recipes: Record<string, LockEntry>): string {
  return `${JSON.stringify(sorted({ version: 1, recipes }), null, 2)}\n`;
}

/** JSON by which equal values are equal texts: every map's keys in order. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

async function readLockFile(file: string): Promise<Record<string, LockEntry>> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw unreadable(file, error.message, error);
  });
  if (text === null) return {};
  try {
    const value: unknown = JSON.parse(text);
    const { version } = z.object({ version: z.number() }).parse(value);
    if (version > 1) throw newer(file);
    return lockFileSchema.parse(value).recipes;
  } catch (error) {
    if (error instanceof FtError) throw error;
    throw unreadable(file, whatIsWrong(text, error as Error), error);
  }
}

function whatIsWrong(text: string, error: Error): string {
  if (/^<{7} /m.test(text)) return "it has merge conflict markers";
  return error instanceof z.ZodError
    ? `${error.issues[0]!.path.join(".")}: ${error.issues[0]!.message}`
    : error.message.split("\n")[0]!;
}

function unreadable(file: string, why: string, cause: unknown): FtError {
  return new FtError({
    code: "lock.unreadable",
    exit: "recipe",
    message: `${lockFileName} cannot be read`,
    where: { file },
    why,
    next: "mend it (of a merge, take either side), or delete it; then `ft lock` brings it up to date",
    cause,
  });
}

function newer(file: string): FtError {
  return new FtError({
    code: "lock.newer",
    exit: "recipe",
    message: `${lockFileName} was written by a newer ft`,
    where: { file },
    next: "update ft",
  });
}

function unwritable(file: string, cause: unknown): FtError {
  return new FtError({
    code: isDiskFull(cause) ? "env.disk-full" : "env.unwritable",
    exit: "environment",
    message: `${lockFileName} cannot be written`,
    where: { file },
    why: (cause as Error).message,
    next: isDiskFull(cause) ? "free some space, then repeat" : "make the recipe's folder writable",
    cause,
  });
}
