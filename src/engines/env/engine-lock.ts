// An engine's lock in the repository: exact packages with hashes, for every platform it serves.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FtError } from "../../errors.js";
import { packageRoot } from "../../paths.js";
import { engineNames, engineVersions } from "../../recipes/schema/compute.js";

const envsDir = join(packageRoot, "trainer/envs");

/** An engine at one of its pinned versions. */
export interface PinnedEngine {
  name: string;
  version: string;
}

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
  /** Oldest Python that it runs on: "3.11". */
  python: string;
}

export function readEngineLock({ name, version }: PinnedEngine): EngineLock {
  const dir = join(envsDir, `${name}-${version}`);
  const file = join(dir, "requirements.lock");
  const text = readFileSync(file, "utf8");
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  const project = readFileSync(join(dir, "pyproject.toml"), "utf8");
  const python = /^requires-python = ">=([\d.]+)"$/m.exec(project)?.[1];
  if (!python) throw new Error(`${dir}/pyproject.toml does not say which Python it requires`);
  return { engine: name, version, hash, text, file, python };
}

/** Programs that evaluate (eval.suites), each in an environment of its own, made from a lock like an engine's. */
export const lmEval: PinnedEngine = { name: "lm-eval", version: "0.4.13" };
export const inspect: PinnedEngine = { name: "inspect-ai", version: "0.3.285" };
/** npm makes it, not uv: ensure-promptfoo.ts. */
export const promptfoo: PinnedEngine = { name: "promptfoo", version: "0.123.1" };
export const suitePrograms: readonly PinnedEngine[] = [lmEval, inspect, promptfoo];

/** All engines that have a lock: by name, newest version first. */
export function lockedEngines(): PinnedEngine[] {
  return engineNames.flatMap((name) => engineVersions[name].map((version) => ({ name, version })));
}

/** @param asked "axolotl" (its default version) or "axolotl@0.19.0". Throws FtError env.unknown-engine (exit usage). */
export function requireEngine(asked: string, engines: readonly PinnedEngine[] = lockedEngines()): PinnedEngine {
  const found = engines.find(({ name, version }) => asked === name || asked === `${name}@${version}`);
  if (found) return found;
  throw new FtError({
    code: "env.unknown-engine",
    exit: "usage",
    message: `no engine is called ${asked}`,
    next: `choose one of: ${engines.map(({ name, version }) => `${name}@${version}`).join(", ")}`,
  });
}

/** The pinned version of a package. */
export function pinned(lockText: string, name: string): string {
  const version = new RegExp(`^${name}==([^ \\\\]+)`, "m").exec(lockText)?.[1];
  if (!version) throw new Error(`the lock does not pin ${name}`);
  return version;
}

export function isPinned(lockText: string, name: string): boolean {
  return new RegExp(`^${name}==`, "m").test(lockText);
}

/** The lock without torch and the CUDA packages that PyPI's torch needs: for torch builds of another index. */
export function withoutTorch(lockText: string): string {
  return lockText
    .split(/\n(?=\S)/)
    .filter((block) => !/^(torch|triton|nvidia-[\w-]+|cuda-[\w-]+)==/.test(block))
    .join("\n");
}
