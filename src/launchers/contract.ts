// What a launcher is to ft: six functions. Scheduling, retries and provisioning beyond one machine stay the platform's.
import type { Job } from "../runs/job.js";

/** A job folder on this machine plus how to start it. */
export interface Submission {
  job: Job;
  /** Absolute path of the job folder. */
  dir: string;
  /** Counts from 1; resume submits the next one. */
  attempt: number;
  /** Resume from the last complete checkpoint. */
  resume: boolean;
  /** Python of the engine's environment. */
  python: string;
  /** Secrets and settings for the process, never written anywhere. */
  env: Record<string, string>;
}

/** What the launcher knows about an attempt. `gone`: it was there and no longer is, without a word (`kill -9`). `unknown`: could not ask. */
export type Liveness = "running" | "ended" | "gone" | "unknown";

/** How far events.jsonl has been read. `inode` tells one file from another at the same path; 0 before anything was read. */
export interface EventsPosition {
  inode: number;
  offset: number;
}

/** `bytes`, whole lines or not, start at (inode, offset): the asked position, or the start of the file when it is another one. */
export interface Observation extends EventsPosition {
  bytes: Uint8Array;
  /** Taken before the bytes were read, so that nothing is written between an `ended` or `gone` and its last bytes. */
  liveness: Liveness;
}

/**
 * find: the handle of an attempt that was submitted by a process that died before it could store the handle; null: there is none.
 *   Without an attempt: that of the latest one.
 * submit: returns as soon as the trainer runs; repeating it for the same run and attempt finds the running one instead of starting a second.
 * observe: one look from any byte offset; re-entrant, keeps nothing in memory. The caller polls.
 * cancel: asks for a checkpoint (SIGTERM), waits graceMs, then kills everything of the attempt. Cancelling what is gone succeeds.
 * collect: brings out/ home; a no-op where the folder is local.
 */
export interface Launcher<Handle> {
  name: string;
  /** From what was stored. */
  parseHandle(stored: unknown): Handle;
  find(dir: string, attempt?: number): Promise<Handle | null>;
  submit(submission: Submission): Promise<Handle>;
  observe(handle: Handle, from: EventsPosition): Promise<Observation>;
  cancel(handle: Handle, graceMs: number): Promise<void>;
  collect(handle: Handle): Promise<void>;
}
