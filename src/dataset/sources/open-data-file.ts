// Opens a data file, and the errors about files that cannot be read at all: missing, folder, empty, binary, cut off, unreadable.
import type { FileHandle } from "node:fs/promises";
import { open, stat } from "node:fs/promises";
import { FtError } from "../../errors.js";
import type { Refusal } from "./file-kind.js";

export interface DataFile {
  handle: FileHandle;
  /** Bytes. */
  size: number;
  /** How the person called it. */
  name: string;
}

/**
 * @param path where the file is
 * @param name how the person called it; errors name it so
 * @throws FtError data.missing, data.folder, data.unreadable, data.empty (exit data)
 */
export async function openDataFile(path: string, name: string): Promise<DataFile> {
  const kind = await stat(path).catch(() => null); // opening a pipe would wait for its writer
  if (kind && !kind.isFile() && !kind.isDirectory()) throw noFileError(name);
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    throw openError(error, name);
  });
  try {
    const info = await handle.stat();
    if (info.isDirectory()) throw folderError(name);
    if (info.size === 0) throw emptyError(name);
    return { handle, size: info.size, name };
  } catch (error) {
    await handle.close();
    throw (error as NodeJS.ErrnoException).code === "EISDIR" ? folderError(name) : error;
  }
}

function noFileError(name: string): FtError {
  return new FtError({
    code: "data.unreadable",
    exit: "data",
    message: `${name} is no file, but a pipe, socket or device`,
    where: { file: name },
    next: "write the rows into a file first: they are read more than once",
  });
}

/** For a file that was read to its end without a single row. */
export function emptyError(name: string): FtError {
  return new FtError({
    code: "data.empty",
    exit: "data",
    message: `the data file ${name} is empty`,
    where: { file: name },
    next: "put at least one row into it, one JSON object a line",
  });
}

/** For a file that ends before it should. `line`: the last one that is whole. */
export function truncatedError(name: string, { why, line }: { why: string; line?: number }): FtError {
  return new FtError({
    code: "data.truncated",
    exit: "data",
    message: `the data file ${name} is cut off`,
    where: { file: name, ...(line !== undefined && { line }) },
    why,
    next: "copy, download or write it again",
  });
}

/** For a file that is not what its first bytes say. */
export function corruptError(name: string, what: string, error: unknown): FtError {
  const message = (error instanceof Error ? error.message : String(error)).split("\n")[0]!.slice(0, 300);
  return new FtError({
    code: "data.corrupt",
    exit: "data",
    message: `the data file ${name} cannot be read as ${what}`,
    where: { file: name },
    why: message,
    next: "copy, download or write it again",
    cause: error,
  });
}

function openError(error: NodeJS.ErrnoException, name: string): FtError {
  const where = { file: name };
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return missingError(name);
  if (error.code === "EISDIR") return folderError(name);
  return new FtError({
    code: "data.unreadable",
    exit: "data",
    message: `the data file ${name} cannot be read`,
    where,
    why: error.message,
    next: error.code === "EACCES" || error.code === "EPERM" ? "check its permissions" : "mend it, or name another file",
    cause: error,
  });
}

/** `meant`: what is there under a like name. */
export function missingError(name: string, meant: string | null = null): FtError {
  return new FtError({
    code: "data.missing",
    exit: "data",
    message: `the data file ${name} does not exist`,
    where: { file: name },
    next: meant ? `did you mean ${meant}?` : "check the path; in a recipe it is relative to the recipe's folder",
  });
}

function folderError(name: string): FtError {
  return new FtError({
    code: "data.folder",
    exit: "data",
    message: `${name} is a folder, not a data file`,
    where: { file: name },
    next: "name the data file inside it",
  });
}

export function binaryError(name: string, refusal: Refusal): FtError {
  return new FtError({
    code: "data.binary",
    exit: "data",
    message: `the data file ${name} cannot be read: ${refusal.what}`,
    where: { file: name },
    why: "ft reads UTF-8 text (.jsonl, .json, .csv, .tsv, .txt, also as .gz and .zst), Parquet and Arrow",
    next: refusal.next,
  });
}
