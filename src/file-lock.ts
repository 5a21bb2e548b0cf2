// One writer at a time for a folder or file that several ft processes may make: an exclusive lock file with its owner's pid.
import { randomUUID } from "node:crypto";
import { existsSync, linkSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureDir } from "./ensure-dir.js";
import { isAlive, startTime } from "./start-time.js";

/** An owner touches its lock this often; one that is silent for `silentMs` has lost it, unless it is seen to live on this machine. */
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
  /** Of the process, as start-time.ts tells it; null: it could not be told, or an older ft took the lock. */
  startTime: string | null;
}

/**
 * Runs `work` while `file` is held; waits for another owner, and takes over from one that died. A process of this machine that lives keeps it, also
 * stopped or too busy to touch it. Throws the signal's reason when aborted.
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  ensureDir(dirname(file));
  const mine = await acquire(file, options);
  const beat = setInterval(() => touch(file, mine), beatMs);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if (says(file, mine)) rmSync(file, { force: true });
  }
}

/** What the file says while it is held. */
async function acquire(file: string, { signal, onWait }: LockOptions): Promise<string> {
  const me = { pid: process.pid, host: hostname(), startTime: await ownStartTime() };
  let isTold = false;
  for (;;) {
    const mine = JSON.stringify({ ...me, since: Date.now() });
    if (write(file, mine)) return mine;
    signal?.throwIfAborted();
    const owner = await staleOrOwner(file);
    if (owner === "stale") continue;
    if (!isTold && owner !== null) onWait?.(owner.pid, owner);
    isTold ||= owner !== null;
    await sleep(pollMs, undefined, signal ? { signal } : {});
  }
}

let ownStart: Promise<string | null> | undefined;

/** Asked once, as elsewhere than on Linux another program tells it. */
function ownStartTime(): Promise<string | null> {
  ownStart ??= startTime(process.pid);
  return ownStart;
}

/** Synchronous, so that who is killed here hardly leaves a lock without owner, which others would wait for. */
function write(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Whether it still is the lock that this text was written into. */
function says(file: string, text: string): boolean {
  try {
    return readFileSync(file, "utf8") === text;
  } catch {
    return false;
  }
}

/** The owner, null when it can't be read just now, or "stale" after a dead owner's lock was removed. */
async function staleOrOwner(file: string): Promise<LockOwner | null | "stale"> {
  const [text, info] = await Promise.all([readFile(file, "utf8"), stat(file)]).catch(() => [null, null]);
  if (text === null || info === null) return null;
  const owner = parseOwner(text);
  const isHere = owner?.host === hostname();
  const isGone = isHere && !hasProcess(owner.pid);
  if (!isGone && (Date.now() - info.mtimeMs < silentMs || (isHere && (await isStill(owner))))) return owner;
  if (says(file, text)) moveAway(file, text);
  return "stale";
}

/** Two waiters may see the same dead lock: whoever moves a living one away by mistake puts it back. */
function moveAway(file: string, text: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
    if (!says(aside, text)) linkSync(aside, file);
  } catch {
    // another one was faster
  }
  rmSync(aside, { force: true });
}

function parseOwner(text: string): LockOwner | null {
  try {
    const { pid, host, since, startTime } = JSON.parse(text) as Record<keyof LockOwner, unknown>;
    if (typeof pid !== "number" || typeof host !== "string") return null;
    return {
      ...{ pid, host, since: typeof since === "number" ? since : null },
      startTime: typeof startTime === "string" ? startTime : null,
    };
  } catch {
    return null;
  }
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function isStill({ pid, startTime }: LockOwner): Promise<boolean> {
  return startTime !== null && (await isAlive({ pid, startTime }));
}

function touch(file: string, mine: string): void {
  const now = new Date();
  try {
    if (says(file, mine)) utimesSync(file, now, now);
  } catch {
    // it is gone, or can't be touched: then others find it silent
  }
}

/** Whether a living owner holds it. */
export async function isLocked(file: string): Promise<boolean> {
  return (await staleOrOwner(file)) !== "stale" && existsSync(file);
}
