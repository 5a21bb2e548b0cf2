// Full disks are found before work starts, and named with the bytes that are missing.
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { FtError } from "./errors.js";

/** Free bytes for this user on the disk that holds `dir`, which need not exist yet. */
export async function freeBytes(dir: string): Promise<number> {
  let existing = dir;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  return bavail * bsize;
}

/** Throws FtError env.disk-full when `dir`'s disk has less than `bytes`. `purpose`: "download org/name". */
export async function requireFreeSpace(dir: string, bytes: number, purpose: string): Promise<void> {
  const free = await freeBytes(dir);
  if (free < bytes) throw diskFull(dir, bytes, free, purpose);
}

/** The one error for a full disk of this machine. `free` null: not known. */
export function diskFull(dir: string, needed: number, free: number | null, purpose: string): FtError {
  return new FtError({
    code: "env.disk-full",
    exit: "environment",
    message: `not enough disk space to ${purpose}: ${dir} needs ${diskSize(needed)}${free === null ? "" : `, ${diskSize(free)} are free`}`,
    next: "free some space, or move ft's cache to another disk with FT_CACHE (models: HF_HOME)",
  });
}

/** "1.53 GB", "20.4 MB", decimal. */
export function diskSize(bytes: number): string {
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;
  return `${(bytes / 1e9).toFixed(bytes < 1e10 ? 2 : 0)} GB`;
}
