// What a launcher is to ft: five functions. Scheduling, retries and provisioning beyond one machine stay the platform's.
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

export interface Observation {
  /** New bytes of events.jsonl from the asked offset on; whole lines or not. */
  bytes: Uint8Array;
  /** Where `bytes` ends. */
  offset: number;
  liveness: Liveness;
}

/**
 * submit: returns as soon as the trainer runs; repeating it for the same run and attempt finds the running one instead of starting a second.
 * observe: one look from any byte offset; re-entrant, keeps nothing in memory. The caller polls.
 * cancel: asks for a checkpoint (SIGTERM), waits graceMs, then kills everything of the attempt. Cancelling what is gone succeeds.
 * collect: brings out/ home; a no-op where the folder is local.
 * probe: what is there (for `ft doctor`).
 */
export interface Launcher<Handle> {
  name: string;
  submit(submission: Submission): Promise<Handle>;
  observe(handle: Handle, offset: number): Promise<Observation>;
  cancel(handle: Handle, graceMs: number): Promise<void>;
  collect(handle: Handle): Promise<void>;
  probe(): Promise<Record<string, string>>;
}
