// uv's part of an environment: the venv, then exactly the locked packages, with progress and plain words when it fails.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { FtError } from "../../errors.js";
import { diskFull, freeBytes } from "../../free-space.js";
import type { Env } from "../../paths.js";
import type { OnProgress } from "../../progress.js";
import type { Device } from "../machine.js";
import { type EngineLock, isPinned, lockedEngines, pinned, readEngineLock, withoutTorch } from "./engine-lock.js";
import { environmentBytes } from "./environment-bytes.js";
import { followUv } from "./uv-progress.js";

export interface UvRun {
  uv: string;
  dir: string;
  lock: EngineLock;
  env: Env;
  onProgress: OnProgress;
  signal?: AbortSignal | undefined;
}

export async function createVenv(run: UvRun): Promise<void> {
  run.onProgress({ label: "creating the Python environment" });
  const result = await uv(run, ["venv", "--no-project", "--python", `>=${run.lock.python},<3.15`, run.dir]);
  if (!result.failed) return;
  if (isDiskFull(result.stderr)) throw await fullDisk(run, "cpu");
  throw new FtError({
    code: "env.no-python",
    exit: "environment",
    message: `${run.lock.engine} ${run.lock.version} needs Python ${run.lock.python} to 3.14, and uv can't make an environment with one`,
    why: lastLines(result.stderr),
    next: `install Python ${run.lock.python} or newer (or give uv access to the network, so that it fetches one), then run again${olderVersion(run.lock)}`,
  });
}

/** An engine's older version may run on the Python that is here. */
function olderVersion({ engine, python }: EngineLock): string {
  const older = lockedEngines()
    .filter(({ name }) => name === engine)
    .map(readEngineLock);
  const found = older.find((lock) => Number(lock.python.split(".")[1]) < Number(python.split(".")[1]));
  return found ? `; engine.version ${found.version} runs on Python ${found.python}` : "";
}

/** Installs the lock. `notice` tells when the machine gets another torch build than the one that fits it best. */
export async function installPackages(run: UvRun, device: Device): Promise<{ notice: string | null }> {
  const backend = isPinned(run.lock.text, "torch") ? torchBackend(device) : null;
  const python = ["--python", join(run.dir, "bin", "python")];
  if (backend !== null && (await hasTorchIndex(run, backend, python))) {
    const rest = join(run.dir, "requirements-without-torch.txt");
    await writeFile(rest, withoutTorch(run.lock.text));
    await install(run, device, [...python, "--no-deps", "--require-hashes", "-r", rest]);
    await install(run, device, [...python, "--torch-backend", backend, `torch==${pinned(run.lock.text, "torch")}`]);
    return { notice: null };
  }
  await install(run, device, [...python, "--no-deps", "--require-hashes", "-r", run.lock.file]);
  return { notice: backend === null ? null : fallbackNotice(device) };
}

/** Null: the build in the lock fits (CUDA 13 with a driver for it, Apple). Else uv's name of the torch index that does. */
function torchBackend(device: Device): string | null {
  if (device.kind === "mps") return null;
  if (device.kind === "cuda") return Number.parseInt(device.driver ?? "580", 10) >= 580 ? null : "auto";
  return device.kind === "rocm" ? "auto" : "cpu";
}

function fallbackNotice({ kind, driver }: Device): string {
  const why = "the index of torch's other builds can't be reached";
  if (kind === "cpu") return `${why}: torch comes with CUDA packages that are not used here (about 4 GB more)`;
  return `${why}: installed the CUDA 13 build, which ${kind === "rocm" ? "does not use AMD GPUs" : `needs a newer driver than ${driver}`}`;
}

/** A quick look, so that a machine without that index loses seconds, not minutes. */
async function hasTorchIndex(run: UvRun, backend: string, python: string[]): Promise<boolean> {
  run.onProgress({ label: "looking for the torch build that fits this machine" });
  const args = ["pip", "install", "--dry-run", "--no-deps", "--torch-backend", backend, ...python];
  const result = await uv(run, [...args, `torch==${pinned(run.lock.text, "torch")}`], {
    env: { UV_HTTP_TIMEOUT: "5", UV_HTTP_RETRIES: "0" },
    timeout: 20_000,
  });
  return !result.failed;
}

async function install(run: UvRun, device: Device, args: string[]): Promise<void> {
  const result = await uv(run, ["pip", "install", ...args], { follow: true });
  if (!result.failed) return;
  if (isDiskFull(result.stderr)) throw await fullDisk(run, device.kind);
  throw new FtError({
    code: "env.install",
    exit: "environment",
    message: `can't install the ${run.lock.engine} ${run.lock.version} environment`,
    why: lastLines(result.stderr),
    next: `${isUntrusted(result.stderr) ? trustThisNetwork : "check the network or UV_DEFAULT_INDEX (a mirror)"}, then run ft env create again; nothing half-made is left`,
  });
}

/** A proxy that shows a certificate of its own: uv trusts Mozilla's list, not the machine's. */
function isUntrusted(stderr: string): boolean {
  return stderr.includes("invalid peer certificate");
}

const trustThisNetwork =
  "set UV_SYSTEM_CERTS=1, with which uv trusts what this machine trusts, or SSL_CERT_FILE to the file of your network's certificates";

async function uv(
  { uv: command, env, signal, onProgress }: UvRun,
  args: string[],
  {
    env: extra = {},
    timeout,
    follow = false,
  }: { env?: Record<string, string>; timeout?: number; follow?: boolean } = {},
): Promise<{ failed: boolean; stderr: string }> {
  const child = execa(command, args, {
    env: { ...env, ...extra, NO_COLOR: "1", UV_NO_PROGRESS: undefined },
    extendEnv: false,
    reject: false,
    stdin: "ignore",
    ...(signal ? { cancelSignal: signal } : {}),
    ...(timeout === undefined ? {} : { timeout }),
  });
  if (follow) await followUv(child.iterable({ from: "stderr" }), onProgress).catch(() => undefined);
  const result = await child;
  signal?.throwIfAborted();
  return { failed: result.failed, stderr: result.stderr };
}

function isDiskFull(stderr: string): boolean {
  return /No space left on device|os error 28|Disk quota exceeded/.test(stderr);
}

async function fullDisk({ dir, lock }: UvRun, kind: Device["kind"]): Promise<FtError> {
  return diskFull(
    dir,
    environmentBytes[kind],
    await freeBytes(dir).catch(() => null),
    `make the ${lock.engine} environment`,
  );
}

function lastLines(text: string): string {
  return text
    .trim()
    .split("\n")
    .map((line) => line.trim())
    .slice(-4)
    .join(" ");
}
