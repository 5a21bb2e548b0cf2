// Names that move: champion, previous, candidate, anchor or any other on a version of a line. All of a line's are in one file with their history, replaced
// in one step, so that a promotion, which moves two of them, is done or not done.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { ensureDir } from "../ensure-dir.js";
import { FtError } from "../errors.js";
import { withFileLock } from "../file-lock.js";
import { ftDir } from "../paths.js";

const version = z.int().positive();

/** What the gate said; `ft ci` hands it to the promotion. Its checks are kept as they come. */
const verdictSchema = z.looseObject({
  verdict: z.enum(["promote", "keep", "hold"]),
  reasons: z.array(z.string()),
  /** Where the aliases stood that the candidate was compared with: of others it says nothing. Absent: an older ft asked. */
  against: z.object({ champion: version.nullable(), anchor: version.nullable() }).optional(),
});
export type GateVerdict = z.output<typeof verdictSchema>;

const moveSchema = z.object({
  /** Epoch ms. */
  at: z.number(),
  by: z.string(),
  alias: z.string(),
  /** Null: it did not exist, or is taken away. */
  from: version.nullable(),
  to: version.nullable(),
  why: z.string().nullable(),
  /** Null: no gate was asked. */
  verdict: verdictSchema.nullable(),
  /** Against the verdict, or to another base. */
  forced: z.boolean().default(false),
});
export type AliasMove = z.output<typeof moveSchema>;

const aliasFileSchema = z.object({
  schema: z.literal(1),
  aliases: z.record(z.string(), version),
  /** Oldest first. */
  history: z.array(moveSchema),
});
type AliasFile = z.output<typeof aliasFileSchema>;

export interface AliasChange {
  /** Where the aliases must stand for this to happen; null: nowhere. */
  expect: Record<string, number | null>;
  /** Null takes the alias away. */
  set: Record<string, number | null>;
  why: string | null;
  verdict: GateVerdict | null;
  forced?: boolean;
  by: string;
  /** Epoch ms. */
  now: number;
  /** Another process, its pid, moves an alias of the line, or removes a version. */
  onWait?: (pid: number) => void;
}

/** Letters first, so that `line@7` is always a version. */
const aliasPattern = /^[a-z][a-z0-9-]{0,30}$/;

export function isAliasName(text: string): boolean {
  return aliasPattern.test(text);
}

/** Alias -> version; none where none was ever set. Throws FtError alias.unreadable (environment). */
export function aliasesOf(projectDir: string, line: string): Record<string, number> {
  return readAliasFile(projectDir, line).aliases;
}

/** Every move of the line's aliases, oldest first. Throws as aliasesOf. */
export function aliasHistory(projectDir: string, line: string): AliasMove[] {
  return readAliasFile(projectDir, line).history;
}

/**
 * Moves aliases as one step, if they still stand where `expect` says (compare and set). Returns what moved; what stands there already moves not,
 * and leaves no trace, but for a verdict that is another one than the last. `check` is asked while nobody else can move or remove, and throws what forbids the change. Throws FtError alias.moved
 * (refused) when another process was faster.
 */
export function moveAliases(
  projectDir: string,
  line: string,
  { expect, set, why, verdict, forced = false, by, now, onWait }: AliasChange,
  check: () => void | Promise<void> = () => {},
): Promise<AliasMove[]> {
  const move = async (): Promise<AliasMove[]> => {
    await check();
    // From here on nothing is awaited: who loses the lock while it checks (another machine took it for a dead one's) finds what the other one wrote.
    const { aliases, history } = readAliasFile(projectDir, line);
    for (const [alias, expected] of Object.entries(expect)) {
      const found = aliases[alias] ?? null;
      if (found !== expected) throw moved({ line, alias, expected, found });
    }
    const moves: AliasMove[] = Object.entries(set)
      .map(([alias, to]) => ({ at: now, by, alias, from: aliases[alias] ?? null, to, why, verdict, forced }))
      .filter(({ from, to }) => from !== to || isNews(verdict, lastVerdict(history, to)));
    if (moves.length === 0) return [];
    const after: Record<string, number> = { ...aliases };
    for (const { alias, to } of moves) {
      if (to === null) delete after[alias];
      else after[alias] = to;
    }
    replaceDurably(aliasFile(projectDir, line), { schema: 1, aliases: after, history: [...history, ...moves] });
    return moves;
  };
  return withAliasLock(projectDir, line, move, onWait);
}

/** What the gate said of the version the last time; null: it was never asked. */
export function lastVerdict(history: readonly AliasMove[], version: number | null): GateVerdict | null {
  return history.findLast(({ to, verdict }) => to === version && verdict !== null)?.verdict ?? null;
}

function isNews(verdict: GateVerdict | null, before: GateVerdict | null): boolean {
  return verdict !== null && !isSameVerdict(verdict, before);
}

/** The same decision for the same reasons, against the same versions. */
export function isSameVerdict(verdict: GateVerdict, before: GateVerdict | null): boolean {
  const saidOf = ({ verdict, reasons, against }: GateVerdict) => [verdict, reasons, against];
  return before !== null && isDeepStrictEqual(saidOf(before), saidOf(verdict));
}

/** One at a time: who moves an alias of the line, or removes what no alias holds. */
export function withAliasLock<T>(
  projectDir: string,
  line: string,
  work: () => Promise<T>,
  onWait?: (pid: number) => void,
): Promise<T> {
  return withFileLock(`${aliasFile(projectDir, line)}.lock`, work, { onWait });
}

/** Old content or new content, never half, also after a loss of power. */
function replaceDurably(file: string, content: AliasFile): void {
  const dir = dirname(file);
  ensureDir(dir);
  const draft = `${file}.draft`; // one name is enough: the lock is held
  writeFileSync(draft, `${JSON.stringify(aliasFileSchema.parse(content), null, 2)}\n`, { flush: true });
  renameSync(draft, file);
  const folder = openSync(dir, "r");
  try {
    fsyncSync(folder);
  } catch {
    // some file systems cannot: then the rename lasts as they make it last
  }
  closeSync(folder);
}

function readAliasFile(projectDir: string, line: string): AliasFile {
  const file = aliasFile(projectDir, line);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      return { schema: 1, aliases: Object.create(null), history: [] };
    throw error;
  }
  try {
    const { aliases, ...rest } = aliasFileSchema.parse(JSON.parse(text));
    return { ...rest, aliases: Object.assign(Object.create(null), aliases) }; // `constructor` is an alias like any other
  } catch (cause) {
    throw new FtError({
      code: "alias.unreadable",
      exit: "environment",
      message: `the aliases of ${line} cannot be read`,
      where: { file },
      why: cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message,
      next: "mend the file, or put back a copy of it: which version is champion stands nowhere else",
      cause,
    });
  }
}

function aliasesDir(projectDir: string): string {
  return join(ftDir(projectDir), "aliases");
}

function aliasFile(projectDir: string, line: string): string {
  return join(aliasesDir(projectDir), `${line}.json`);
}

function moved(what: { line: string; alias: string; expected: number | null; found: number | null }): FtError {
  const { line, alias, expected, found } = what;
  const at = (version: number | null): string => (version === null ? "on no version" : `${line}@${version}`);
  return new FtError({
    code: "alias.moved",
    exit: "refused",
    message: `${alias} of ${line} was moved by someone else meanwhile; nothing was changed`,
    why: `it was ${at(expected)}, now it is ${at(found)}`,
    next: `ft adapters show ${line} tells who moved it and why; then decide again`,
  });
}
