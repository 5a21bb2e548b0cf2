// The local launcher: the job's supervisor (trainer/run.py) as a detached process of this machine, in a session of its own.
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { FtError } from "../../errors.js";
import { isAlive } from "../../start-time.js";
import { parseAttemptName } from "../attempt-name.js";
import type { EventsPosition, Launcher, Leftover, Liveness, Observation, Submission } from "../contract.js";
import { mountedSecretsHere } from "../docker/mounts.js";
import { secretsHere } from "../folder/secrets.js";
import { probeHost } from "../hosts/probe.js";
import { thisMachine } from "../hosts/this-machine.js";
import { readEvents } from "../read-events.js";
import { gpuArgs } from "./gpus.js";
import { signal, waitUntilGone } from "./process.js";

const handleSchema = z.object({
  dir: z.string(),
  attempt: z.int(),
  pid: z.int(),
  startTime: z.string(),
});
export type LocalHandle = z.output<typeof handleSchema>;

/** supervisor.json, written by trainer/run.py when it begins. */
const supervisorSchema = z.object({ pid: z.int(), startTime: z.string(), attempt: z.int() });

export const localLauncher: Launcher<LocalHandle> = {
  name: "local",
  parseHandle: (stored) => handleSchema.parse(stored),
  find,
  submit,
  observe,
  cancel,
  collect: async () => {},
  uses: () => ({ environment: true, base: true }),
  probe: async () => probeHost(thisMachine, { python: "python3", dir: process.cwd() }),
  leftovers: async () => secretsLeft(),
  end: async (_target, { handle }) => rmSync(z.string().parse(handle), { recursive: true, force: true }),
};

async function find(dir: string, attempt?: number): Promise<LocalHandle | null> {
  const supervisor = readSupervisor(dir);
  if (!supervisor || (attempt !== undefined && supervisor.attempt !== attempt)) return null;
  return { dir, attempt: supervisor.attempt, pid: supervisor.pid, startTime: supervisor.startTime };
}

async function submit(submission: Submission): Promise<LocalHandle> {
  const { job, dir, attempt, resume, env } = submission;
  const python = submission.python!; // as `uses` says
  const before = await find(dir, attempt);
  if (before && (await isAlive(before))) return before;
  const log = openSync(join(dir, "stdout.log"), "a");
  const args = ["trainer/run.py", "--attempt", String(attempt), ...(resume ? ["--resume"] : []), ...gpuArgs(job, env)];
  const child = spawn(python, args, { cwd: dir, env, detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  let death: string | null = null;
  child.once("error", (error) => (death = error.message));
  child.once("exit", (code, name) => (death = name ? `killed by ${name}` : `exit code ${code}`));
  const handle = await supervisorAppears(dir, attempt, { before, death: () => death });
  child.removeAllListeners();
  child.unref();
  return handle;
}

/** Exit code of a supervisor that finds another one at work (trainer/ft_trainer/exit_codes.py). */
const alreadyRunning = 75;
/** How long that other one, started by another process at the same moment, may take to write its file, ms. */
const otherGraceMs = 5_000;

/** Waits until supervisor.json is another one than `before`, which a dead supervisor of the same attempt may have left. */
async function supervisorAppears(
  dir: string,
  attempt: number,
  { before, death }: { before: LocalHandle | null; death(): string | null },
): Promise<LocalHandle> {
  for (let deadline = Number.POSITIVE_INFINITY; ; await sleep(20)) {
    const how = death(); // asked first: a quick supervisor writes its file and ends
    const handle = await find(dir, attempt);
    if (handle && (handle.pid !== before?.pid || handle.startTime !== before.startTime)) return handle;
    if (how === null) continue;
    const graceMs = how === `exit code ${alreadyRunning}` ? otherGraceMs : 0;
    deadline = Math.min(deadline, performance.now() + graceMs);
    if (performance.now() >= deadline) throw notStarted(dir, how);
  }
}

function notStarted(dir: string, how: string): FtError {
  return new FtError({
    code: "launcher.not-started",
    exit: "environment",
    message: `the trainer did not start (${how})`,
    where: { file: join(dir, "stdout.log") },
    why: logTail(dir) || "it printed nothing",
    next: "look at the log named above; `ft doctor` says what this machine lacks",
  });
}

async function observe(handle: LocalHandle, from: EventsPosition): Promise<Observation> {
  const liveness = await livenessOf(handle);
  return { ...readEvents(handle.dir, from), liveness };
}

/** A supervisor that is not there and left no `end` is gone; whether it left one is in the bytes, so the caller decides. */
async function livenessOf(handle: LocalHandle): Promise<Liveness> {
  return (await isAlive(handle)) ? "running" : "gone";
}

async function cancel(handle: LocalHandle, graceMs: number): Promise<void> {
  if (!(await isAlive(handle))) return;
  signal(handle.pid, "SIGTERM");
  const ended = await waitUntilGone(handle, graceMs);
  signal(-handle.pid, "SIGKILL"); // also after a good end: what the trainer left behind in its group
  if (ended || (await waitUntilGone(handle, 10_000))) return;
  throw new FtError({
    code: "launcher.not-stopped",
    exit: "environment",
    message: `the trainer (process ${handle.pid}) does not end, not even on SIGKILL`,
    why: "it is stuck in the kernel, often in a driver or on a network disk",
    next: "look at it with `ps`; the run is found again when it ends",
  });
}

/**
 * Secrets that nobody took away: of a container or a Slurm job of this machine that was killed, and that no ft looked at since. Processes of
 * other projects are those projects' business: what of this one is left, its own run folders say.
 */
function secretsLeft(): Leftover[] {
  return [secretsHere(), mountedSecretsHere()].flatMap((folder) =>
    (existsSync(folder) ? readdirSync(folder) : []).flatMap((name) => {
      const attempt = parseAttemptName(`ft-${name.replace(/\.json$/, "")}`);
      const path = join(folder, name);
      return attempt ? [{ ...attempt, what: `secrets in ${path}`, isAlive: false, identity: path, handle: path }] : [];
    }),
  );
}

function readSupervisor(dir: string): z.output<typeof supervisorSchema> | null {
  try {
    return supervisorSchema.parse(JSON.parse(readFileSync(join(dir, "supervisor.json"), "utf8")));
  } catch {
    return null;
  }
}

/** The last lines that the trainer printed; empty when it printed nothing. */
export function logTail(dir: string, lines = 5): string {
  const file = join(dir, "stdout.log");
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return "";
  const descriptor = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(Math.min(size, 64 << 10));
    readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer
      .toString("utf8")
      .split(/[\r\n]+/)
      .filter(Boolean)
      .slice(-lines)
      .join("\n");
  } finally {
    closeSync(descriptor);
  }
}
