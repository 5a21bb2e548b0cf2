// One file of the Hub into the cache's blobs: continues an interrupted download, verifies the hash, then renames.
import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { ensureDir } from "../ensure-dir.js";
import { FtError } from "../errors.js";
import { hashFile } from "./hash-cache.js";

export interface BlobDownload {
  /** Path in the repository, for messages. */
  path: string;
  /** What the repository is: decides the error's code. */
  type: "model" | "dataset";
  url: string;
  size: number;
  /** sha256 of an LFS file's content, else git's sha1 of the blob. */
  hash: { algorithm: "sha256" | "sha1"; hex: string };
  /** Final file; `${target}.incomplete` grows beside it. */
  target: string;
  fetch: typeof fetch;
  headers: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** Bytes of this file that are there. */
  onBytes(done: number): void;
}

const triesWithoutProgress = 3;

/** Returns when `target` is complete and verified. Throws FtError model.corrupt (data.corrupt) when the Hub's bytes never match their hash. */
export async function downloadBlob(blob: BlobDownload): Promise<void> {
  const incomplete = `${blob.target}.incomplete`;
  ensureDir(dirname(blob.target));
  for (let round = 0; round < 2; round++) {
    await fill(blob, incomplete);
    if (await isIntact(blob, incomplete)) {
      await rename(incomplete, blob.target);
      return;
    }
    await rm(incomplete, { force: true });
  }
  throw new FtError({
    code: blob.type === "model" ? "model.corrupt" : "data.corrupt",
    exit: "refused",
    message: `${blob.path}: what the Hub sends does not match its hash`,
    next: "run again later; if it stays, a proxy or mirror between here and the Hub changes the file",
  });
}

/** Appends until the file has its size. A connection that breaks is taken up again where it broke. */
async function fill(blob: BlobDownload, incomplete: string): Promise<void> {
  let have = await sizeOf(incomplete);
  let failures = 0;
  while (have < blob.size) {
    try {
      await append(blob, incomplete, have);
    } catch (error) {
      blob.signal?.throwIfAborted();
      const now = await sizeOf(incomplete);
      failures = now > have ? 0 : failures + 1;
      if (error instanceof FtError || isLocal(error) || failures >= triesWithoutProgress) throw error;
    }
    const now = await sizeOf(incomplete);
    if (now === have && ++failures >= triesWithoutProgress)
      throw new Error(`${blob.path}: the Hub closes the connection`);
    have = now;
  }
}

async function append(blob: BlobDownload, incomplete: string, offset: number): Promise<void> {
  const range = offset > 0 ? { Range: `bytes=${offset}-` } : {};
  const response = await blob.fetch(blob.url, { headers: { ...blob.headers, ...range } });
  // A server that ignores the range sends the whole file again.
  const start = response.status === 206 ? offset : 0;
  let done = start;
  const chunks = response.body as unknown as AsyncIterable<Uint8Array>;
  await pipeline(
    chunks,
    async function* (source: AsyncIterable<Uint8Array>) {
      for await (const chunk of source) {
        done += chunk.byteLength;
        blob.onBytes(done);
        yield chunk;
      }
    },
    createWriteStream(incomplete, { flags: start > 0 ? "a" : "w" }),
    blob.signal ? { signal: blob.signal } : {},
  );
}

async function isIntact({ hash, size, signal }: BlobDownload, file: string): Promise<boolean> {
  if ((await sizeOf(file)) !== size) return false;
  const prefix = hash.algorithm === "sha1" ? `blob ${size}\0` : "";
  return (await hashFile(file, signal, { algorithm: hash.algorithm, prefix })) === hash.hex;
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Trying again does not help against this machine's own disk. */
function isLocal(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EACCES", "EROFS", "EIO"].includes((error as NodeJS.ErrnoException)?.code ?? "");
}
