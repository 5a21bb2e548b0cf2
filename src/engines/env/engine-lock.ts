// An engine's lock in the repository: exact packages with hashes, for every platform it serves.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../paths.js";

export interface EngineLock {
  engine: string;
  /** Pinned version of the engine itself. */
  version: string;
  /** First 8 hex digits of the lock's sha256. */
  hash: string;
  /** Requirements with hashes, pip's format. */
  text: string;
  /** The lock's file. */
  file: string;
}

export function readEngineLock(engine: string): EngineLock {
  const file = join(packageRoot, "trainer/envs", engine, "requirements.lock");
  const text = readFileSync(file, "utf8");
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return { engine, version: pinned(text, engine), hash, text, file };
}

/** The pinned version of a package. */
export function pinned(lockText: string, name: string): string {
  const version = new RegExp(`^${name}==([^ \\\\]+)`, "m").exec(lockText)?.[1];
  if (!version) throw new Error(`the lock does not pin ${name}`);
  return version;
}

/** The lock without torch and the CUDA packages that PyPI's torch needs: for torch builds of another index. */
export function withoutTorch(lockText: string): string {
  return lockText
    .split(/\n(?=\S)/)
    .filter((block) => !/^(torch|triton|nvidia-[\w-]+|cuda-[\w-]+)==/.test(block))
    .join("\n");
}
