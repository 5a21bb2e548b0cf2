// uv makes the engines' environments: the one on PATH when it is new enough, else a pinned one that pip puts into ft's cache.
import { existsSync } from "node:fs";
import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { ensureDir } from "../../ensure-dir.js";
import { FtError } from "../../errors.js";
import { withFileLock } from "../../file-lock.js";
import { type Env, ftCacheDir, packageRoot } from "../../paths.js";
import type { OnProgress } from "../../progress.js";
import { findPython } from "./python.js";

/** The first with every option that ft uses (--torch-backend among them). */
const oldestUv = [0, 8];
/** pip requirements with hashes for every platform; names the pinned version. */
const uvRequirements = join(packageRoot, "trainer/envs/uv-requirements.txt");

export interface FindUvOptions {
  env: Env;
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
}

/** Absolute path or command of a uv that works; bootstraps one when there is none. Throws FtError env.no-python, env.no-uv. */
export async function findUv({ env, onProgress, signal }: FindUvOptions): Promise<string> {
  const existing = await existingUv(env);
  if (existing) return existing.command;
  const { ok: python, tooOld } = await findPython(env);
  if (!python) throw noPython(tooOld?.version ?? null);

  const version = await pinnedVersion();
  const dir = uvDir(env, version);
  await withFileLock(
    `${dir}.lock`,
    async () => {
      if (existsSync(uvBinary(dir))) return;
      onProgress?.({ label: `installing uv ${version} into ${dir}` });
      const temporary = `${dir}.making`;
      await rm(temporary, { recursive: true, force: true });
      ensureDir(temporary);
      try {
        await pipInstall(python.command, join(temporary, "uv"), join(temporary, "venv"), env, signal);
        await rename(join(temporary, "uv"), dir);
      } finally {
        await rm(temporary, { recursive: true, force: true });
      }
    },
    { signal },
  );
  return uvBinary(dir);
}

/** A usable uv on PATH, or the one ft installed before; null when neither is there. Never installs. */
export async function existingUv(env: Env): Promise<{ command: string; version: string } | null> {
  for (const command of ["uv", uvBinary(uvDir(env, await pinnedVersion()))]) {
    const result = await execa(command, ["--version"], {
      env: { ...env },
      extendEnv: false,
      reject: false,
      timeout: 10_000,
    });
    const version = result.failed ? undefined : /^uv (\d+\.\d+\.\d+)/.exec(result.stdout)?.[1];
    if (version !== undefined && isNewEnough(version)) return { command, version };
  }
  return null;
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > oldestUv[0]! || (major === oldestUv[0] && minor >= oldestUv[1]!);
}

async function pinnedVersion(): Promise<string> {
  const version = /^uv==(\S+)/m.exec(await readFile(uvRequirements, "utf8"))?.[1];
  if (!version) throw new Error(`${uvRequirements} names no uv version`);
  return version;
}

function uvDir(env: Env, version: string): string {
  return join(ftCacheDir(env), "uv", version);
}

function uvBinary(dir: string): string {
  return join(dir, "bin", "uv");
}

/** The system's own pip, or one in a throw-away venv: Debian ships Python without pip, others without venv. */
async function pipInstall(
  python: string,
  target: string,
  venv: string,
  env: Env,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options = {
    env: { ...env },
    extendEnv: false,
    reject: false,
    ...(signal ? { cancelSignal: signal } : {}),
  } as const;
  const install = [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--no-deps",
    "--only-binary",
    ":all:",
    "--require-hashes",
    "--target",
    target,
    "-r",
    uvRequirements,
  ];
  const bySystem = await execa(python, install, options);
  signal?.throwIfAborted();
  if (!bySystem.failed) return;
  const made = await execa(python, ["-m", "venv", venv], options);
  signal?.throwIfAborted();
  const byVenv = made.failed ? made : await execa(join(venv, "bin", "python"), install, options);
  signal?.throwIfAborted();
  if (!byVenv.failed) return;
  throw new FtError({
    code: "env.no-uv",
    exit: "environment",
    message: "can't install uv, which makes the engine's Python environment",
    why: lastLine(made.failed ? made.stdout || made.stderr : byVenv.stderr) || lastLine(bySystem.stderr),
    next: "install uv (docs.astral.sh/uv) or your system's python3-venv package, then run again",
  });
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

function noPython(tooOld: string | null): FtError {
  return new FtError({
    code: "env.no-python",
    exit: "environment",
    message: tooOld === null ? "no Python is on PATH" : `Python ${tooOld} is too old`,
    why: "the engine runs in Python; ft needs Python 3.10 or newer, or uv, to make its environment",
    next: "install Python 3.10 or newer (python.org, apt install python3 python3-venv, brew install python) or uv, then run again",
  });
}
