// What a launcher is to ft. Scheduling, retries and provisioning beyond one machine stay the platform's.
import type { Check } from "../engines/diagnose.js";
import type { Device } from "../engines/machine.js";
import type { Price } from "../plan/prices.js";
import type { OnProgress } from "../progress.js";
import type { Target } from "../recipes/schema/targets.js";
import type { FailureClass } from "../runs/events.js";
import type { Job } from "../runs/job.js";

/** In the home folder while an ft submits it. */
export const submitLock = "submit.lock";

/** A job folder on this machine plus how to start it. */
export interface Submission {
  job: Job;
  /** Absolute path of the job folder at home. */
  dir: string;
  /** Counts from 1; resume submits the next one. */
  attempt: number;
  /** Resume from the last complete checkpoint. */
  resume: boolean;
  /** Python of the engine's environment on this machine; null: the run does not use one of this machine. */
  python: string | null;
  /** The person's whole environment, secrets too: for a process of this machine. Never written anywhere, never sent away. */
  env: Record<string, string>;
  /** The secrets that the target's `secrets` name, by variable. They reach the run as a 0600 file outside the job folder, and no other way. */
  secrets: Record<string, string>;
  /** What takes its time (copying, an image) says how far it is. */
  onProgress: OnProgress;
  signal?: AbortSignal | undefined;
}

/** Attempts that are submitted together. */
export interface Group {
  /** The same for the same group, also from a later ft; letters, digits and '-'. */
  name: string;
  /** So many run at a time: the platform sees to it, while no ft is there too. */
  atOnce: number;
}

/**
 * What the launcher knows about an attempt. `queued`: the platform holds it back, or starts it again. `ended`: it is over, whatever came of
 * it. `gone`: it was there and no longer is, without a word (`kill -9`), or nobody knows of it. `unknown`: could not ask.
 */
export type Liveness = "queued" | "running" | "ended" | "gone" | "unknown";

/** How far events.jsonl has been read. `inode` tells one file from another at the same path; 0 before anything was read. */
export interface EventsPosition {
  inode: number;
  offset: number;
}

/** What a platform knows of the end of an attempt. It counts where the trainer itself left no word. */
export interface Ending {
  class: FailureClass;
  message: string;
  /** What it comes from or what to do; null: the run's log may say more. */
  hint: string | null;
}

/** `bytes`, whole lines or not, start at (inode, offset): the asked position, or the start of the file when it is another one. */
export interface Observation extends EventsPosition {
  bytes: Uint8Array;
  /** Taken before the bytes were read, so that nothing is written between an `ended` or `gone` and its last bytes. */
  liveness: Liveness;
  /** Why it is `queued` or `unknown`, or how it `ended`, in the platform's words. */
  reason?: string | undefined;
  ending?: Ending | undefined;
  /** The platform's own time limit ended it: the target's key that sets it. */
  limit?: string | undefined;
}

/** Something of ft's that is on a target: a container, a process, a job of the scheduler, a run's folder. */
export interface Leftover {
  run: string;
  attempt: number;
  /** For a person: "container ft-20260101-120000-test-1 (running)". */
  what: string;
  isAlive: boolean;
  /** The same for the same thing, by whichever target it is found: two of them may be one machine. */
  identity: string;
  /** For `end`: the launcher's own; null: the run's folder. */
  handle: unknown;
}

/** What a run would look for on its machine. */
export interface Wanted {
  engine: { name: string; version: string };
  /** Of the Hub, as it is called there; null: it comes from here. */
  base: string | null;
}

/** What a target is made of, asked without starting a run. */
export interface Probe {
  /** What a run would train on there. */
  device: Device;
  /** One line a thing, as `ft doctor` shows them. */
  checks: Check[];
}

/**
 * The crash protocol is the callers' (pipeline/submit.ts, pipeline/reconcile.ts): the state `preparing` is stored before `submit`, the handle
 * after it; what stands between is found by `find`. Every function throws FtError launcher.unreachable (exit environment) when the target
 * does not answer, but `observe`, which says `unknown`. Every function may be called again after a crash of ft at any moment.
 *
 * find: the handle of an attempt that was submitted by a process that died before it could store the handle; null: there is none.
 *   Without an attempt: that of the latest one.
 * submit: returns as soon as the attempt is the platform's; repeating it for the same run and attempt, also at the same moment from
 *   another process, finds the one that is there instead of starting a second. Throws launcher.not-listed where the platform took it but
 *   does not show it yet.
 * submitTogether: `submit` for several attempts on one target as one submission of the platform. The caller holds each one's submit lock. When
 *   it throws some may have been started: `find` says which. Left out where the platform has no such thing.
 * observe: one look from any byte offset of the home folder's events.jsonl, which it brings up to date first (and stdout.log, as far as
 *   that is sensible). Re-entrant, keeps nothing in memory. The caller polls.
 * cancel: asks for a checkpoint (SIGTERM), waits graceMs, then ends everything of the attempt; returns once the platform's own state says
 *   that it is over. Cancelling what is gone succeeds. Throws FtError launcher.not-stopped.
 * collect: brings home what the run made (out/, checksums verified); a no-op where the folder is at home. May be repeated, goes on where it was.
 * uses: what of this machine a run there works with; what it does not is not made or fetched here.
 * probe: what is there, and of what a run wants. A check that is `missing` says that no run can work there.
 * prices: what the platform asks for one of the target's GPUs, of machines with so many; they stand in place of ft's own list. Left out
 *   where no one is paid by the hour.
 * leftovers: all of ft's that is on the target, whoever's ft it was, but folders. folders: run folders there, apart from it, as they may take
 *   longer to list; left out where none lie. `end` ends one thing as `cancel` with no grace, and removes its traces; a folder with all that is in
 *   it, unless its trainer lives.
 */
export interface Launcher<Handle> {
  name: string;
  /** From what was stored. */
  parseHandle(stored: unknown): Handle;
  find(dir: string, attempt?: number): Promise<Handle | null>;
  submit(submission: Submission): Promise<Handle>;
  submitTogether?(submissions: readonly Submission[], group: Group): Promise<Handle[]>;
  observe(handle: Handle, from: EventsPosition): Promise<Observation>;
  cancel(handle: Handle, graceMs: number): Promise<void>;
  collect(handle: Handle, signal?: AbortSignal): Promise<void>;
  uses(target: Target): { environment: boolean; base: boolean };
  probe(target: Target, wanted?: Wanted): Promise<Probe>;
  prices?(target: Target, gpus: number): Promise<Price[]>;
  leftovers(target: Target): Promise<Leftover[]>;
  folders?(target: Target): Promise<Leftover[]>;
  end(target: Target, leftover: Leftover): Promise<void>;
}
