// Folders that ft writes into: made when missing, and a plain error when they can't be.
import { accessSync, constants, existsSync, lstatSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { FtError } from "./errors.js";

/** Throws FtError env.unwritable or env.disk-full naming the folder, when it can't be made or written to. */
export function ensureDir(dir: string): void {
  try {
    make(dir);
  } catch (error) {
    throw unwritable(dir, error);
  }
  requireWritable(dir);
}

export function isDiskFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT";
}

/** Makes nothing. Throws FtError env.unwritable naming what stands in the way of writing into `dir`, which need not be there yet. */
export function requireWritable(dir: string): void {
  let there = dir;
  while (!isThere(there) && there !== dirname(there)) there = dirname(there);
  try {
    accessSync(there, constants.W_OK | constants.X_OK);
    if (!statSync(there).isDirectory()) throw Object.assign(new Error("it is a file"), { code: "ENOTDIR" });
  } catch (error) {
    throw unwritable(there, error);
  }
}

/** A link to nowhere is there; what lies below a file is not. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/** Folder by folder: where the system says ENOENT to a new folder (below /proc), Node's own `recursive` goes round for ever. */
function make(dir: string): void {
  if (existsSync(dir)) return;
  if (dir !== dirname(dir)) make(dirname(dir));
  try {
    mkdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST" || !existsSync(dir)) throw error; // another process was faster
  }
}

function unwritable(dir: string, cause: unknown): FtError {
  const { code } = cause as NodeJS.ErrnoException;
  const isFull = isDiskFull(cause);
  return new FtError({
    code: isFull ? "env.disk-full" : "env.unwritable",
    exit: "environment",
    message: `can't write to ${dir} (${code})`,
    where: { file: dir },
    why: reasonFor(code, dir, cause as Error),
    next: isFull
      ? "free some space, then repeat"
      : "mend it, or choose another place: FT_CACHE for ft's cache, HF_HOME for models of the Hub, another folder for a project",
    cause,
  });
}

function reasonFor(code: string | undefined, dir: string, { message }: Error): string {
  const isLink = lstatSync(dir, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  if (isLink && (code === "ENOENT" || code === "EEXIST")) return "it is a link to what is not there";
  if (code === "ENOTDIR") return "a file stands where a folder should be";
  return message;
}
