// An engine's lock in the repository: exact packages with hashes, for every platform it serves.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FtError } from "../../errors.js";
import { packageRoot } from "../../paths.js";

const envsDir = join(packageRoot, "trainer/envs");

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
  const file = join(envsDir, engine, "requirements.lock");
  const text = readFileSync(file, "utf8");
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return { engine, version: pinned(text, engine), hash, text, file };
}

/** Engines that have a lock. */
export function lockedEngines(): string[] {
  const entries = readdirSync(envsDir, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Throws FtError env.unknown-engine (exit usage) for an engine without a lock. */
export function requireEngine(engine: string): string {
  const engines = lockedEngines();
  if (engines.includes(engine)) return engine;
  throw new FtError({
    code: "env.unknown-engine",
    exit: "usage",
    message: `no engine is called ${engine}`,
    next: `choose one of: ${engines.join(", ")}`,
  });
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
