// What Slurm's controller says of jobs, by their names: whether they wait, run or are over, and how a job is ended.
import { FtError } from "../../errors.js";
import { visibleLine } from "../../report/visible.js";
import type { Ending, Observation } from "../contract.js";
import type { Host } from "../hosts/contract.js";
import { unreachable } from "../hosts/this-machine.js";
import { within } from "../within.js";

export interface SlurmJob {
  /** Of a task of an array `7_2`: one of its tasks has the array's own number too, by which all of them are meant. */
  id: string;
  name: string;
  /** Slurm's own word: PENDING, RUNNING, COMPLETED, ... */
  state: string;
  /** "Resources", "TimeLimit"; "None". */
  reason: string;
  nodes: string;
}

export type Known = Pick<Observation, "liveness" | "reason" | "limit" | "ending">;

/** A busy controller takes its time; squeue gives up by itself after some 10 s. */
const answerMs = 60_000;

/** Runs a program of Slurm. Throws FtError launcher.unreachable, launcher.no-slurm (exit environment). */
export async function askSlurm(
  host: Host,
  argv: string[],
  input?: string,
): Promise<{ ok: boolean; text: string; words: string }> {
  const { exitCode, stdout, stderr } = await host.run(argv, {
    timeoutMs: answerMs,
    ...(input === undefined ? {} : { input }),
  });
  if (exitCode === 127) throw noSlurm(host, argv[0]!);
  const words = visibleLine(stderr.trim().split("\n").at(-1) ?? "").replace(/^\w+: (error: )?/, "");
  if (exitCode !== 0 && isControllerDown(stderr))
    throw unreachable(`Slurm's controller (asked on ${host.label})`, words);
  return { ok: exitCode === 0, text: Buffer.from(stdout).toString("utf8"), words };
}

function isControllerDown(stderr: string): boolean {
  return /unable to contact slurm controller|socket timed out|connection refused|zero bytes were transmitted|in backup mode|protocol authentication error|munge/i.test(
    stderr,
  );
}

/** This user's jobs that the controller still knows, newest first; those of one name when it is given. */
export async function jobsOf(host: Host, name?: string): Promise<SlurmJob[]> {
  const only = name === undefined ? [] : [`--name=${name}`];
  const argv = ["squeue", "--me", "-h", "-r", "-t", "all", ...only, "-o", "%i|%j|%T|%N|%r"];
  const { ok, text, words } = await askSlurm(host, argv);
  if (!ok) throw unreachable(`Slurm on ${host.label}`, words); // an empty list is no error to it
  const rows = text.split("\n").filter(Boolean);
  const jobs = rows.map((row): SlurmJob => {
    const [id = "", name = "", state = "", nodes = "", ...reason] = row.split("|");
    return { id, name, state, nodes, reason: reason.join("|") };
  });
  return jobs.sort((one, other) => numberOf(other) - numberOf(one));
}

function numberOf({ id }: SlurmJob): number {
  return Number.parseInt(id, 10);
}

const waiting = ["PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT", "SUSPENDED"];
/** CONFIGURING too: its nodes are given to it, and Slurm takes that word away up to 30 s after the script has begun. */
const working = ["CONFIGURING", "RUNNING", "COMPLETING", "SIGNALING", "STAGE_OUT", "RESIZING", "STOPPED"];

/** Of what squeue calls a state; what is neither waiting nor working is over. */
export function livenessOf({ id, state, reason, nodes }: SlurmJob): Known {
  const because = reason === "None" || reason === "" ? "" : ` (${reason})`;
  const where = nodes === "" ? "" : ` on ${nodes}`;
  if (working.includes(state)) return { liveness: "running" };
  if (!waiting.includes(state)) {
    const message = `Slurm job ${id}${where}: ${state}${because}`;
    const ending = { class: "killed" as const, message, hint: null, ...endings[state] };
    return { liveness: "ended", reason: message, ending, ...(state === "TIMEOUT" && { limit: "time" }) };
  }
  const never = neverStarts.includes(reason) ? ": it will never start so; cancel it and mend the target" : "";
  return { liveness: "queued", reason: `Slurm job ${id}: ${state}${because}${never}` };
}

/** Reasons to wait that no other job's end takes away. */
const neverStarts = ["PartitionTimeLimit", "PartitionNodeLimit", "BadConstraints", "InvalidAccount", "InvalidQOS"];

/** What a person does about a job that Slurm ended. */
const endings: Record<string, Partial<Ending>> = {
  OUT_OF_MEMORY: { class: "out-of-memory", hint: "it used more than the job's memory: raise the target's `memory`" },
  CANCELLED: { hint: "someone ended it on the cluster (`scancel`, or an administrator)" },
  PREEMPTED: { hint: "another job took its place before it saved a checkpoint, or the target says `requeue: false`" },
  NODE_FAIL: { hint: "its node went down, or lost the controller" },
};

/** Of a job that the controller has forgotten, where the cluster keeps accounts; null: it does not, or knows nothing. */
export async function fromAccounts(host: Host, name: string): Promise<Omit<Known, "liveness"> | null> {
  const argv = ["sacct", "-n", "-X", "-P", `--name=${name}`, "-S", "now-30days", "-o", "JobID,State,NodeList"];
  const { ok, text } = await askSlurm(host, argv).catch(() => ({ ok: false, text: "" }));
  const [id, words, nodes = ""] = text.trim().split("\n").at(-1)?.split("|") ?? [];
  if (!ok || !id || !words) return null;
  const [state = "", ...by] = words.split(" "); // "CANCELLED by 1000"
  return livenessOf({ id, name, state, nodes: nodes === "None assigned" ? "" : nodes, reason: by.join(" ") });
}

export function isOver(job: SlurmJob): boolean {
  return livenessOf(job).liveness === "ended";
}

/** Waits until none of that name waits or works any more; false when that takes longer. */
export function allOver(host: Host, name: string, limitMs: number): Promise<boolean> {
  return within(limitMs, 500, async () => (await jobsOf(host, name)).every(isOver));
}

function noSlurm(host: Host, program: string): FtError {
  return new FtError({
    code: "launcher.no-slurm",
    exit: "environment",
    message: `${host.label} has no ${program}`,
    why: "that is no login node of a Slurm cluster, or its programs are not on the PATH of a plain ssh command",
    next: "name the login node in the target's `login`, or mend the PATH there",
  });
}
