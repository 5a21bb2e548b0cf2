// Opens a data file and refuses, by name and with a next step, what cannot hold rows: missing, folder, empty, binary, unreadable.
import type { FileHandle } from "node:fs/promises";
import { open, stat } from "node:fs/promises";
import { FtError } from "../../errors.js";

export interface DataFile {
  handle: FileHandle;
  /** Bytes. */
  size: number;
  /** The first bytes (64 KiB at most), UTF-8 byte order mark left in. */
  head: Buffer;
}

const headBytes = 65_536;

/**
 * @param path where the file is
 * @param name how the person called it; errors name it so
 * @throws FtError data.missing, data.folder, data.unreadable, data.empty, data.binary (exit data)
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
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    const head = buffer.subarray(0, bytesRead);
    if (bytesRead === 0) throw emptyError(name);
    const binary = binaryKind(head);
    if (binary) throw binaryError(name, binary);
    return { handle, size: info.size, head };
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

function openError(error: NodeJS.ErrnoException, name: string): FtError {
  const where = { file: name };
  if (error.code === "ENOENT" || error.code === "ENOTDIR") {
    const next = "check the path; in a recipe it is relative to the recipe's folder";
    return new FtError({
      code: "data.missing",
      exit: "data",
      message: `the data file ${name} does not exist`,
      where,
      next,
    });
  }
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

function folderError(name: string): FtError {
  return new FtError({
    code: "data.folder",
    exit: "data",
    message: `${name} is a folder, not a data file`,
    where: { file: name },
    next: "name the .jsonl or .json file inside it",
  });
}

function binaryError(name: string, kind: BinaryKind): FtError {
  return new FtError({
    code: "data.binary",
    exit: "data",
    message: `the data file ${name} is binary (${kind.what})`,
    where: { file: name },
    why: "ft reads rows from .jsonl and .json text files",
    next: kind.next,
  });
}

interface BinaryKind {
  what: string;
  next: string;
}

const magics: { bytes: number[]; kind: BinaryKind }[] = [
  { bytes: [0x1f, 0x8b], kind: { what: "gzip", next: "unpack it: gunzip <file>" } },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], kind: { what: "zstd", next: "unpack it: unzstd <file>" } },
  { bytes: [0x50, 0x4b, 0x03, 0x04], kind: { what: "zip", next: "unpack it and name the .jsonl or .json file" } },
  { bytes: [0x50, 0x41, 0x52, 0x31], kind: { what: "Parquet", next: "convert it to .jsonl" } },
  { bytes: [0x41, 0x52, 0x52, 0x4f, 0x57, 0x31], kind: { what: "Arrow", next: "convert it to .jsonl" } },
  { bytes: [0xff, 0xfe], kind: { what: "UTF-16 text", next: "save it as UTF-8" } },
  { bytes: [0xfe, 0xff], kind: { what: "UTF-16 text", next: "save it as UTF-8" } },
];

function binaryKind(head: Buffer): BinaryKind | null {
  for (const { bytes, kind } of magics) if (bytes.every((byte, index) => head[index] === byte)) return kind;
  return head.includes(0) ? { what: "it holds NUL bytes", next: "convert it to .jsonl" } : null;
}
