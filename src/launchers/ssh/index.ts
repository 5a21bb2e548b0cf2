// The ssh launcher: the job's supervisor as a process on any machine with sshd and python3, which outlives the link and ft.
import { posix } from "node:path";
import { z } from "zod";
import { FtError } from "../../errors.js";
import type { Leftover, Liveness } from "../contract.js";
import type { Place, Runner } from "../folder/contract.js";
import { callFarEnd } from "../folder/far-end.js";
import { folderLauncher } from "../folder/launcher.js";
import type { Host } from "../hosts/contract.js";
import { probeHost } from "../hosts/probe.js";
import { within } from "../within.js";

const supervisorSchema = z.object({ pid: z.int().positive(), startTime: z.string(), attempt: z.int() });
const idSchema = supervisorSchema.omit({ attempt: true });
type Supervisor = z.output<typeof idSchema>;

const lookSchema = z.object({ supervisor: supervisorSchema.nullable(), alive: z.boolean(), there: z.boolean() });
const runsSchema = z.object({
  runs: z.array(
    z.object({ run: z.string(), supervisor: supervisorSchema.nullable(), alive: z.boolean(), identity: z.string() }),
  ),
});
const stopSchema = z.object({ alive: z.boolean() });

/** How long a supervisor may take to show itself: a busy machine starts Python slowly, ms. */
const startTimeoutMs = 120_000;
/** After a kill, ms. */
const killedWithinMs = 10_000;

const sshRunner: Runner<"ssh", Supervisor> = {
  name: "ssh",
  idSchema,
  connection: ({ at }) => at,
  dir: ({ dir }) => dir,
  uses: ({ base }) => ({ environment: false, base: base === "copy" }),
  caches: ({ engine_python, env }) => ({ environment: !engine_python, env }),
  runArgs: ({ engine_python }, { dir, job: { gpus } }) => [
    ...(engine_python ? ["--python", engine_python] : ["--prepare"]),
    // Beside runs/: shared by all runs on that machine.
    ...(gpus > 0 ? ["--gpus", String(gpus), "--leases", posix.join(dir, "../../leases")] : []),
  ],

  async find(place, attempt) {
    const { supervisor } = await look(place);
    if (!supervisor || (attempt !== undefined && supervisor.attempt !== attempt)) return null;
    const { pid, startTime } = supervisor;
    return { id: { pid, startTime }, attempt: supervisor.attempt };
  },

  async start(place, { python }, { attempt, args, env, secretsFile }) {
    const run = ["trainer/run.py", ...args, ...(secretsFile ? ["--secrets", secretsFile] : [])];
    const { answer } = await callFarEnd({
      ...place,
      ...{ command: "start", args: [place.dir], answer: supervisorSchema, timeoutMs: startTimeoutMs },
      input: JSON.stringify({ python, args: run, env, attempt }),
    });
    return { pid: answer.pid, startTime: answer.startTime };
  },

  /** A supervisor that is not there and left no `end` is gone; whether it left one is in its events, so the caller decides. */
  async liveness(place, id): Promise<{ liveness: Liveness }> {
    const { supervisor, alive } = await look(place);
    return {
      liveness: alive && supervisor?.pid === id.pid && supervisor.startTime === id.startTime ? "running" : "gone",
    };
  },

  async stop(place, { pid, startTime }, graceMs) {
    const send = async (name: "TERM" | "KILL" | "CONT") => {
      const args = [place.dir, pid, startTime, name];
      return (await callFarEnd({ ...place, command: "stop", args, answer: stopSchema })).answer.alive;
    };
    const gone = (limitMs: number) => within(limitMs, 200, async () => !(await send("CONT")));
    await send("TERM");
    const ended = await gone(graceMs);
    await send("KILL"); // also after a good end: what the trainer left behind in its group
    if (!ended && !(await gone(killedWithinMs))) throw notStopped(place.host, pid);
  },

  probe: (host, target, wanted) => probeHost(host, target, { caches: sshRunner.caches(target), wanted }),

  async leftovers(host, { python, dir }): Promise<Leftover[]> {
    const { answer } = await callFarEnd({ host, python, command: "runs", args: [dir], answer: runsSchema });
    return answer.runs.flatMap(({ run, supervisor, alive, identity }) => {
      if (supervisor === null || !alive) return [];
      const what = `process ${supervisor.pid} on ${host.label}`;
      return [
        {
          run,
          attempt: supervisor.attempt,
          what,
          isAlive: true,
          identity: `process in ${identity}`,
          handle: supervisor,
        },
      ];
    });
  },

  async end(host, { python, dir }, { run, handle }) {
    const call = { host, python, answer: z.object({ path: z.string() }), command: "where", args: [dir, "runs", run] };
    const folder = (await callFarEnd(call)).answer.path;
    const { pid, startTime } = supervisorSchema.parse(handle);
    await sshRunner.stop({ host, python, dir: folder, base: null } as Place, { pid, startTime }, 0);
  },
};

export const sshLauncher = folderLauncher(sshRunner);

async function look(place: Place): Promise<z.output<typeof lookSchema>> {
  return (await callFarEnd({ ...place, command: "look", args: [place.dir, 0, 0, 0, 0], answer: lookSchema })).answer;
}

function notStopped(host: Host, pid: number): FtError {
  return new FtError({
    code: "launcher.not-stopped",
    exit: "environment",
    message: `the trainer (process ${pid} on ${host.label}) does not end, not even on SIGKILL`,
    why: "it is stuck in the kernel, often in a driver or on a network disk",
    next: "look at it there with `ps`; the run is found again when it ends",
  });
}
