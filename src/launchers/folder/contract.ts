// Launchers that run a job folder on a machine (a process, a container, a job of Slurm) share how the folder gets there and back; they differ in who runs it.
import type { z } from "zod";
import type { LauncherName, TargetOf } from "../../recipes/schema/targets.js";
import type { Job } from "../../runs/job.js";
import type { EventsPosition, Group, Leftover, Observation, Probe, Submission, Wanted } from "../contract.js";
import type { Host } from "../hosts/contract.js";
import type { Reach } from "../hosts/index.js";
import type { Caches } from "./room.js";

/** A job folder where it runs. On this machine `dir` is the home folder itself. */
export interface Place {
  host: Host;
  /** Absolute, on `host`. */
  dir: string;
  /** Python 3.9 or newer on `host`, for what ft itself does there. */
  python: string;
  /** The run's base as the folder's link `model` names it, absolute, on `host`; null: it is to be fetched there. */
  base: string | null;
  job: Job;
}

/** What to start: `trainer/run.py` with these arguments, in the job folder. */
export interface Start {
  attempt: number;
  /** Of trainer/run.py, the attempt's number among them. */
  args: string[];
  /** Python of the engine's environment on `host`; null: the image's, or one that run.py prepares. */
  python: string | null;
  /** For the process; no secrets. */
  env: Record<string, string>;
  /** On `host`, 0600, outside the job folder; the runner gives it to run.py as `--secrets <file>`, by the path that it has for the process. Null: none. */
  secretsFile: string | null;
  /** Where the runner keeps secrets itself (`keepsSecrets`); else empty. */
  secrets: Record<string, string>;
  onProgress: Submission["onProgress"];
  signal?: AbortSignal | undefined;
}

/**
 * Who runs the folder of a place. `Id` is what finds it again: a process, a container's name, a job's number; it is stored.
 *
 * target: its own settings out of a job.
 * connection: where its machine is; null: this machine.
 * dir: setting of the folder for jobs on a machine that is not this one.
 * uses: see the launcher's.
 * caches: of a machine that is not this one.
 * find, start, liveness, stop, probe, leftovers, end: as the launcher's (src/launchers/contract.ts), for a folder that is in its place; the folder
 *   itself is none of `leftovers`, and `end` leaves it where it is.
 * startTogether: see the launcher's submitTogether; all starts are on one machine. Left out where the platform has no such thing.
 * liveness: `read` is how many bytes of the run's events are at home; a `queued` from before they were written no longer holds.
 * tidy: takes away what the platform keeps of an attempt that is over, when all of it is at home (a container); nothing is lost with it.
 * stop: asks (the marker `cancel` lies in the folder then), waits, ends; returns when the platform's state says that it is over.
 */
export interface Runner<Name extends LauncherName, Id> {
  name: Name;
  /** The platform has a place of its own for secrets: ft writes no file then. */
  keepsSecrets?: boolean;
  idSchema: z.ZodType<Id>;
  connection(target: TargetOf<Name>): Reach | null | Promise<Reach | null>;
  dir(target: TargetOf<Name>): string;
  uses(target: TargetOf<Name>): { environment: boolean; base: boolean };
  caches(target: TargetOf<Name>): Caches;
  /** Arguments for trainer/run.py besides `--attempt`, `--resume` and `--secrets`. */
  runArgs(target: TargetOf<Name>, place: Place): string[];
  find(place: Place, attempt: number | undefined): Promise<{ id: Id; attempt: number } | null>;
  start(place: Place, target: TargetOf<Name>, start: Start): Promise<Id>;
  startTogether?(
    starts: readonly { place: Place; start: Start }[],
    target: TargetOf<Name>,
    group: Group,
  ): Promise<Id[]>;
  liveness(
    place: Place,
    id: Id,
    attempt: number,
    read: number,
  ): Promise<Omit<Observation, "bytes" | keyof EventsPosition>>;
  stop(place: Place, id: Id, graceMs: number): Promise<void>;
  tidy?(place: Place, id: Id): Promise<void>;
  probe(host: Host, target: TargetOf<Name>, wanted?: Wanted): Promise<Probe>;
  leftovers(host: Host, target: TargetOf<Name>): Promise<Leftover[]>;
  end(host: Host, target: TargetOf<Name>, leftover: Leftover): Promise<void>;
}
