// GGUF files as base models: converted once to safetensors in ft's cache, named by the GGUF's sha256, checked on every use.
import { existsSync } from "node:fs";
import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { ensureDir } from "../ensure-dir.js";
import { FtError } from "../errors.js";
import { withFileLock } from "../file-lock.js";
import { diskFull, freeBytes, requireFreeSpace } from "../free-space.js";
import { type Env, ftCacheDir, packageRoot } from "../paths.js";
import type { OnProgress } from "../progress.js";
import { cachedSha256, hashFile } from "./hash-cache.js";

export interface ConvertOptions {
  env: Env;
  /** Python of an engine's environment (torch, transformers, gguf); asked for only when there is something to convert. */
  python: () => Promise<string>;
  onProgress: OnProgress;
  signal?: AbortSignal | undefined;
}

/** ft-model.json, written last: without it a converted folder does not count. */
const manifestSchema = z.object({
  version: z.literal(2),
  ggufSha256: z.string(),
  ggufName: z.string(),
  files: z.array(z.object({ name: z.string(), size: z.number(), sha256: z.string() })),
});
const manifestName = "ft-model.json";

function convertedDir(env: Env, ggufSha256: string): string {
  return join(ftCacheDir(env), "models", ggufSha256);
}

/** The folder of the converted model when it is there and intact, else null. Hashes are taken again only for files that changed. */
export async function findConverted(env: Env, ggufSha256: string): Promise<string | null> {
  const dir = convertedDir(env, ggufSha256);
  const manifest = await readManifest(dir);
  if (!manifest) return null;
  for (const { name, size, sha256 } of manifest.files) {
    const file = join(dir, name);
    const found = await stat(file).catch(() => null);
    if (found?.size !== size || (await cachedSha256(file, { env })) !== sha256) return null;
  }
  return dir;
}

/** Converts unless that was done before. Throws FtError model.gguf when transformers can't read the file. */
export async function convertGguf(file: string, ggufSha256: string, options: ConvertOptions): Promise<string> {
  const { env, onProgress, signal } = options;
  const dir = convertedDir(env, ggufSha256);
  return withFileLock(
    `${dir}.lock`,
    async () => {
      const existing = await findConverted(env, ggufSha256);
      if (existing) return existing;
      const { size } = await stat(file);
      // 16 bits a weight from a file of at least 4: four times its size at most.
      await requireFreeSpace(dir, size * 4, `convert ${basename(file)}`);
      const python = await options.python();
      const temporary = `${dir}.making`;
      await rm(temporary, { recursive: true, force: true });
      ensureDir(temporary);
      try {
        onProgress({ label: `converting ${basename(file)} to safetensors (once)` });
        await runConverter(python, file, temporary, env, signal);
        await writeManifest(temporary, file, ggufSha256, signal);
        await rm(dir, { recursive: true, force: true });
        await rename(temporary, dir);
      } finally {
        await rm(temporary, { recursive: true, force: true });
      }
      return dir;
    },
    {
      signal,
      onWait: (pid) => onProgress({ label: `waiting for another ft (process ${pid}) that converts the model` }),
    },
  );
}

async function runConverter(
  python: string,
  file: string,
  out: string,
  env: Env,
  signal: AbortSignal | undefined,
): Promise<void> {
  const script = join(packageRoot, "trainer/ft_trainer/convert_gguf.py");
  const { execa } = await import("execa");
  const result = await execa(python, [script, file, out], {
    env: { ...env, PYTHONDONTWRITEBYTECODE: "1" },
    extendEnv: false,
    reject: false,
    ...(signal ? { cancelSignal: signal } : {}),
    forceKillAfterDelay: 5_000,
  });
  signal?.throwIfAborted();
  if (!result.failed) return;
  if (result.stderr.includes("No space left on device")) {
    const { size } = await stat(file);
    throw diskFull(out, size * 4, await freeBytes(out), `convert ${basename(file)}`);
  }
  throw new FtError({
    code: "model.gguf",
    exit: "recipe",
    message: `can't convert ${file} to a trainable model`,
    why: result.stderr.trim().split("\n").at(-1) ?? "the converter failed",
    next: "give another GGUF file, or the model's original repository as model.base",
  });
}

async function writeManifest(
  dir: string,
  file: string,
  ggufSha256: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const files = [];
  for (const name of (await readdir(dir)).sort()) {
    const { size } = await stat(join(dir, name));
    files.push({ name, size, sha256: await hashFile(join(dir, name), signal) });
  }
  const manifest: z.input<typeof manifestSchema> = { version: 2, ggufSha256, ggufName: basename(file), files };
  await writeFile(join(dir, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
}

async function readManifest(dir: string): Promise<z.output<typeof manifestSchema> | null> {
  const file = join(dir, manifestName);
  if (!existsSync(file)) return null;
  try {
    return manifestSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return null;
  }
}
