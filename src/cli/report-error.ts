// Prints a failure at the edge, once: what, where, why, next. A stack trace only with --debug or for ft's own faults.
import { exitCodes, FtError, placeText } from "../errors.js";
import { visibleText } from "../report/visible.js";
import { type Io, writeJson } from "./io.js";

/** Returns the exit code that belongs to the error. */
export function reportError(
  error: unknown,
  io: Io,
  options: { json: boolean; debug: boolean; details: Record<string, unknown> },
): number {
  const known = error instanceof FtError ? error : (systemError(error) ?? unexpected(error));
  if (options.json) writeJson(io, { ok: false, error: errorJson(known), ...options.details });
  // What a file says is quoted in it: a column's name must not act on the terminal.
  io.err.write(`${visibleText(errorText(known))}\n`);
  if (options.debug && error instanceof Error) io.err.write(`${error.stack}\n`);
  return exitCodes[known.exit].code;
}

function errorText(error: FtError): string {
  const lines = [`error: ${error.message}`];
  if (error.where) lines.push(`  at ${placeText(error.where)}`);
  for (const problem of error.problems) {
    lines.push(`  - ${problem.where ? `${placeText(problem.where)}: ` : ""}${problem.message}`);
    if (problem.fix) lines.push(`      ${problem.fix}`);
  }
  if (error.why) lines.push(`  why: ${error.why}`);
  if (error.next) lines.push(`  next: ${error.next}`);
  return lines.join("\n");
}

function errorJson(error: FtError): Record<string, unknown> {
  return {
    code: error.code,
    exit: exitCodes[error.exit].code,
    message: error.message,
    where: error.where,
    why: error.why,
    next: error.next,
    problems: error.problems.length > 0 ? error.problems : undefined,
  };
}

/** What the operating system or SQLite refused: not a fault of ft, and the person can mend it. */
const systemFaults: Record<string, { code: string; message: string; next: string }> = {
  ENOSPC: {
    code: "env.disk-full",
    message: "no space left on the disk",
    next: "free some space (`ft doctor` shows how much there is), then repeat",
  },
  EDQUOT: { code: "env.disk-full", message: "the disk quota is used up", next: "free some space, then repeat" },
  EACCES: {
    code: "env.permission",
    message: "permission denied",
    next: "make it writable for you, or work in another folder",
  },
  EPERM: {
    code: "env.permission",
    message: "operation not permitted",
    next: "make it writable for you, or work in another folder",
  },
  EROFS: { code: "env.permission", message: "the file system is read-only", next: "work in another folder" },
  EMFILE: {
    code: "env.open-files",
    message: "too many open files",
    next: "raise the limit (`ulimit -n 4096`), then repeat",
  },
  SQLITE_FULL: {
    code: "env.disk-full",
    message: "no space left on the disk for .ft/ft.db",
    next: "free some space, then repeat",
  },
  SQLITE_READONLY: { code: "env.permission", message: ".ft/ft.db is not writable", next: "make .ft writable for you" },
  SQLITE_CORRUPT: {
    code: "store.corrupt",
    message: "the store, .ft/ft.db, is damaged",
    next: "`ft runs reindex` sets it aside and rebuilds it from the run folders; nothing is lost",
  },
  SQLITE_CANTOPEN: {
    code: "env.permission",
    message: ".ft/ft.db cannot be opened or created",
    next: "make .ft writable for you",
  },
};

function systemError(error: unknown): FtError | undefined {
  const { code, path } = error as { code?: unknown; path?: string };
  // SQLite's longer codes (SQLITE_CORRUPT_INDEX) say the same in more detail.
  const fault = typeof code === "string" ? systemFaults[code.replace(/^(SQLITE_[A-Z]+)_.*/, "$1")] : undefined;
  if (!fault) return undefined;
  return new FtError({ ...fault, exit: "environment", ...(path ? { where: { file: path } } : {}), cause: error });
}

function unexpected(error: unknown): FtError {
  return new FtError({
    code: "internal",
    exit: "internal",
    message: error instanceof Error ? error.message : String(error),
    why: "this is a fault of ft itself",
    next: "run the command again with --debug and report what it prints",
    cause: error,
  });
}
