// sha256 of large files, computed once: remembered in ft's cache by path, size and modification time.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { ensureDir } from "../ensure-dir.js";
import { type Env, ftCacheDir } from "../paths.js";

/** sha256 of the file's content, hex. `path` must be absolute; symlinks are followed. */
export async function cachedSha256(
  path: string,
  { env, signal }: { env: Env; signal?: AbortSignal | undefined },
): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  const dir = join(ftCacheDir(env), "hashes");
  const file = join(dir, `${createHash("sha256").update(path).digest("hex")}.json`);
  const known = await readFile(file, "utf8").then(parseKnown, () => null);
  if (known && known.size === size && known.mtimeMs === mtimeMs) return known.sha256;
  const sha256 = await hashFile(path, signal);
  ensureDir(dir);
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, JSON.stringify({ path, size, mtimeMs, sha256 }));
  await rename(temporary, file);
  return sha256;
}

/** sha256 of the file's content as it is now, hex. `prefix` is hashed before it (git's blob header with `algorithm` sha1). */
export async function hashFile(
  path: string,
  signal?: AbortSignal,
  { algorithm = "sha256", prefix = "" }: { algorithm?: "sha256" | "sha1"; prefix?: string } = {},
): Promise<string> {
  const hash = createHash(algorithm).update(prefix);
  await pipeline(
    createReadStream(path, { highWaterMark: 1 << 20 }),
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) hash.update(chunk);
    },
    signal ? { signal } : {},
  );
  return hash.digest("hex");
}

function parseKnown(text: string): { size: number; mtimeMs: number; sha256: string } | null {
  try {
    return JSON.parse(text) as { size: number; mtimeMs: number; sha256: string };
  } catch {
    return null;
  }
}
