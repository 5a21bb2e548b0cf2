// One writer at a time for a folder or file that several ft processes may make: an exclusive lock file with its owner's pid.
import { randomUUID } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { link, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureDir } from "./ensure-dir.js";

/** A living owner touches its lock this often; one that is silent for `silentMs` has died or lost its machine. */
const beatMs = 5_000;
const silentMs = 60_000;
const pollMs = 250;

export interface LockOptions {
  signal?: AbortSignal | undefined;
  /** Called once when another process holds the lock. What it throws ends the waiting. */
  onWait?: ((pid: number, owner: LockOwner) => void) | undefined;
}

export interface LockOwner {
  pid: number;
  host: string;
  /** Epoch ms; null: an older ft took it. */
  since: number | null;
}

/** Runs `work` while `file` is held; waits for another owner, and takes over from one that died. Throws the signal's reason when aborted. */
export async function withFileLock<T>(file: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  ensureDir(dirname(file));
  let waited = false;
  while (!acquire(file)) {
    options.signal?.throwIfAborted();
    const owner = await staleOrOwner(file);
    if (owner === "stale") continue;
    if (!waited && owner !== null) options.onWait?.(owner.pid, owner);
    waited = true;
    await sleep(pollMs, undefined, options.signal ? { signal: options.signal } : {});
  }
  const beat = setInterval(() => void touch(file), beatMs);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    await rm(file, { force: true });
  }
}

/** Synchronous, so that who is killed here hardly leaves a lock without owner, which others would wait for. */
function acquire(file: string): boolean {
  try {
    writeFileSync(file, JSON.stringify({ pid: process.pid, host: hostname(), since: Date.now() }), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** The owner, null when it can't be read just now, or "stale" after a dead owner's lock was removed. */
async function staleOrOwner(file: string): Promise<LockOwner | null | "stale"> {
  const [text, info] = await Promise.all([readFile(file, "utf8"), stat(file)]).catch(() => [null, null]);
  if (text === null || info === null) return null;
  const owner = parseOwner(text);
  const isDead = owner !== null && owner.host === hostname() && !isAlive(owner.pid);
  if (!isDead && Date.now() - info.mtimeMs < silentMs) return owner;
  // Two waiters may see the same dead lock: whoever moves a living one away by mistake puts it back.
  const aside = `${file}.${randomUUID()}`;
  await rename(file, aside).catch(() => undefined);
  const moved = await readFile(aside, "utf8").catch(() => text);
  if (moved !== text) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
  return "stale";
}

function parseOwner(text: string): LockOwner | null {
  try {
    const { pid, host, since } = JSON.parse(text) as { pid?: unknown; host?: unknown; since?: unknown };
    return typeof pid === "number" && typeof host === "string"
      ? { pid, host, since: typeof since === "number" ? since : null }
      : null;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function touch(file: string): Promise<void> {
  const now = new Date();
  await utimes(file, now, now).catch(() => undefined);
}

/** Whether a living owner holds it. */
export async function isLocked(file: string): Promise<boolean> {
  return (await staleOrOwner(file)) !== "stale" && existsSync(file);
}
