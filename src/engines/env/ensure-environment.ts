// The engine's Python environment, made once from its lock: ready and checked, or not there at all.
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureDir } from "../../ensure-dir.js";
import { FtError } from "../../errors.js";
import { withFileLock } from "../../file-lock.js";
import { requireFreeSpace } from "../../free-space.js";
import type { Env } from "../../paths.js";
import type { OnProgress } from "../../progress.js";
import { type Device, detectDevice } from "../machine.js";
import { checkEnvironment } from "./check-environment.js";
import { type EngineLock, type PinnedEngine, readEngineLock } from "./engine-lock.js";
import { leastEnvironmentBytes } from "./environment-bytes.js";
import { createVenv, installPackages } from "./install.js";
import { type EnvironmentMarker, environmentsDir, markerName, readMarker } from "./marker.js";
import { findUv } from "./uv.js";

export interface EnsureOptions {
  env: Env;
  onProgress: OnProgress;
  signal?: AbortSignal | undefined;
  /** What the environment is for; found out when not given. */
  device?: Device | undefined;
}

export interface EngineEnvironment {
  /** Folder's name: <engine>-<version>-<accelerator>-<lock hash>. */
  name: string;
  /** Absolute path of its Python. */
  python: string;
  dir: string;
  accelerator: Device["kind"];
  lockHash: string;
  /** The engine's version. */
  version: string;
  /** Something the person should know once, when it was just made: "torch for CUDA on a machine without a GPU: ...". */
  notice: string | null;
}

const servedPlatforms = ["linux-x64", "linux-arm64", "darwin-arm64"];

/**
 * The environment of `engine` for this machine; makes it when it is not there. Repeatable, safe beside other ft processes,
 * and cleaned up when interrupted. Throws FtError (exit environment): env.platform, env.no-python, env.no-uv, env.disk-full, env.install.
 */
export async function ensureEnvironment(engine: PinnedEngine, options: EnsureOptions): Promise<EngineEnvironment> {
  const { env, onProgress, signal } = options;
  const lock = readEngineLock(engine);
  const device = options.device ?? (await detectDevice(env));
  const name = environmentName(lock, device.kind);
  const dir = join(environmentsDir(env), name);
  const ready = await readyEnvironment(dir);
  if (ready) return { ...describe(name, dir, ready), notice: null };
  requireServedPlatform(engine.name);

  return withFileLock(
    `${dir}.lock`,
    async () => {
      const marker = (await readyEnvironment(dir)) ?? (await make(dir, lock, device, options));
      return describe(name, dir, marker);
    },
    { signal, onWait: (pid) => onProgress({ label: `waiting for another ft (process ${pid}) that makes ${name}` }) },
  );
}

/** The environment, where it is ready. Throws FtError env.missing (exit environment). */
export async function requireEnvironment(
  engine: PinnedEngine,
  { env, device }: Pick<EnsureOptions, "env"> & { device: Device },
): Promise<void> {
  const name = environmentName(readEngineLock(engine), device.kind);
  if (await readyEnvironment(join(environmentsDir(env), name))) return;
  throw new FtError({
    code: "env.missing",
    exit: "environment",
    message: `a probe trains for two steps, and the environment of ${engine.name} ${engine.version} is not there`,
    next: `make it first: ft env create ${engine.name}`,
  });
}

function environmentName(lock: EngineLock, accelerator: string): string {
  return `${lock.engine}-${lock.version}-${accelerator}-${lock.hash}`;
}

function environmentPython(dir: string): string {
  return join(dir, "bin", "python");
}

/** The marker of a finished environment whose Python still exists; null otherwise. */
async function readyEnvironment(dir: string): Promise<EnvironmentMarker | null> {
  return existsSync(environmentPython(dir)) ? readMarker(dir) : null;
}

function describe(name: string, dir: string, marker: EnvironmentMarker): EngineEnvironment {
  return {
    name,
    dir,
    python: environmentPython(dir),
    accelerator: marker.accelerator,
    lockHash: marker.lockHash,
    version: marker.engineVersion,
    notice: marker.notice,
  };
}

async function make(dir: string, lock: EngineLock, device: Device, options: EnsureOptions): Promise<EnvironmentMarker> {
  const { env, onProgress, signal } = options;
  await requireFreeSpace(dir, leastEnvironmentBytes, `make the ${lock.engine} environment`);
  const uv = await findUv(options);
  try {
    await rm(dir, { recursive: true, force: true });
    ensureDir(environmentsDir(env));
    const run = { uv, dir, lock, env, onProgress, signal };
    await createVenv(run);
    const installed = await installPackages(run, device);
    onProgress({ label: `checking ${lock.engine} ${lock.version}` });
    const found = await checkEnvironment(environmentPython(dir), lock, { env, signal });
    const marker: EnvironmentMarker = {
      version: 1,
      engine: lock.engine,
      engineVersion: lock.version,
      accelerator: device.kind,
      lockHash: lock.hash,
      python: found.python,
      torch: found.torch,
      node: null,
      notice: installed.notice ?? (found.torch === null ? null : acceleratorNotice(device, found.accelerated)),
      createdAt: Date.now(),
    };
    await writeFile(join(dir, markerName), `${JSON.stringify(marker, null, 2)}\n`);
    return marker;
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

function acceleratorNotice(device: Device, accelerated: boolean): string | null {
  if (device.kind === "cpu" || accelerated) return null;
  return `torch does not see the GPU (${device.names[0] ?? device.kind}, driver ${device.driver ?? "unknown"}); ft doctor says more`;
}

function requireServedPlatform(engine: string): void {
  const platform = `${process.platform}-${process.arch}`;
  if (servedPlatforms.includes(platform)) return;
  throw new FtError({
    code: "env.platform",
    exit: "environment",
    message: `the ${engine} engine has no packages for ${platform}`,
    next: `run on one of ${servedPlatforms.join(", ")} (torch has wheels only for these)`,
  });
}
