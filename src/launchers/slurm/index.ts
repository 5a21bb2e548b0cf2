// The slurm launcher: the job's supervisor as a batch job of a cluster, found by its name; Slurm queues it, starts it, and starts it again.
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { z } from "zod";
import { FtError } from "../../errors.js";
import { attemptName, parseAttemptName } from "../attempt-name.js";
import type { Leftover } from "../contract.js";
import type { Place, Runner, Start } from "../folder/contract.js";
import { callFarEnd, nothing } from "../folder/far-end.js";
import { folderLauncher } from "../folder/launcher.js";
import { runOfArray } from "./array-name.js";
import { lastLiveness, seenNow } from "./last-look.js";
import { probeSlurm } from "./probe.js";
import { isOver, jobsOf } from "./queue.js";
import { type BatchJob, batchFile, renderBatch, type SlurmTarget } from "./render-batch.js";
import { stopJobs } from "./stop.js";
import { submitArray, submitBatch } from "./submit.js";

/** The job's name: Slurm's numbers begin anew on another day, and this can be said before the job is submitted. */
const idSchema = z.object({ name: z.string() });
type SlurmId = z.output<typeof idSchema>;

const slurmRunner: Runner<"slurm", SlurmId> = {
  name: "slurm",
  idSchema,
  connection: ({ login }) => login ?? null,
  dir: ({ dir }) => dir,
  uses: (target) => ({
    environment: target.login === undefined && !target.container && !target.engine_python,
    base: target.login === undefined || target.base === "copy",
  }),
  caches: (target) => ({ environment: enginePython(target).includes("--prepare"), env: target.env }),
  runArgs: (target) => [...(target.requeue ? ["--platform-restarts"] : []), ...enginePython(target)],

  async find(place, attempt) {
    const jobs = (await jobsOf(place.host)).flatMap(({ name }) => {
      const job = parseAttemptName(name);
      return job?.run === place.job.id ? [{ ...job, name }] : [];
    });
    const named = jobs.find((job) => attempt === undefined || job.attempt === attempt);
    if (named) return { id: { name: named.name }, attempt: named.attempt };
    // Slurm forgets jobs some minutes after their end; what they did is in the folder.
    const supervised = await attemptIn(place);
    if (supervised === null || (attempt !== undefined && supervised < attempt)) return null;
    const submitted = jobs.find((job) => job.attempt <= supervised); // Slurm has started it again since: the number went up
    const number = submitted?.attempt ?? attempt ?? supervised;
    return { id: { name: attemptName(place.job.id, number) }, attempt: number };
  },

  async start(place, target, start) {
    const batch = await makeReady(place, target, start);
    await submitBatch(place.host, batch, target);
    return { name: batch.name };
  },

  async startTogether(starts, target, group) {
    const batches: BatchJob[] = [];
    for (const { place, start } of starts) batches.push(await makeReady(place, target, start));
    await submitArray(starts[0]!.place.host, batches, target, group);
    return batches.map(({ name }) => ({ name }));
  },

  liveness: ({ host }, { name }, _attempt, read) => lastLiveness(host, name, read),

  async stop(place, { name }, graceMs) {
    await callFarEnd({ ...place, command: "mark-cancelled", args: [place.dir], answer: nothing });
    await stopJobs(place.host, name, graceMs);
    seenNow(place.host, name);
  },

  probe: (host, target, wanted) => probeSlurm(host, target, { caches: slurmRunner.caches(target), wanted }),

  async leftovers(host): Promise<Leftover[]> {
    const open = (await jobsOf(host)).filter((job) => !isOver(job));
    const jobs = open.flatMap((job): Leftover[] => {
      const named = parseAttemptName(job.name);
      if (named === null) return [];
      const what = `Slurm job ${job.id} on ${host.label} (${job.state.toLowerCase()})`;
      const identity = `Slurm job ${job.id} of ${job.name}`;
      return [{ ...named, what, isAlive: true, identity, handle: { name: job.name } }];
    });
    const arrays = [...new Set(open.map(({ name }) => name))].flatMap((name): Leftover[] => {
      const run = runOfArray(name);
      if (run === null) return [];
      const tasks = open.filter((job) => job.name === name);
      const what = `Slurm array ${Number.parseInt(tasks[0]!.id, 10)} on ${host.label}: ${tasks.length} of its tasks have no run`;
      // They are no attempt's: every attempt of that run is newer.
      return [{ run, attempt: 0, what, isAlive: true, identity: `Slurm array ${name}`, handle: { name } }];
    });
    return [...jobs, ...arrays];
  },

  end: (host, _target, { handle }) => stopJobs(host, idSchema.parse(handle).name, 0),
};

export const slurmLauncher = folderLauncher(slurmRunner);

/** All but the submission: the folder is as a job's start wants it, its script in it. */
async function makeReady(
  place: Place,
  target: SlurmTarget,
  { attempt, args, python, env, secretsFile }: Start,
): Promise<BatchJob> {
  const { dir, job } = place;
  if (job.gpus % target.nodes !== 0) throw uneven(job.gpus, target.nodes);
  const batch = {
    name: attemptName(job.id, attempt),
    ...{ dir, env, gpus: job.gpus, python: python ?? target.python },
    args: [...args, ...(secretsFile ? ["--secrets", secretsFile] : [])],
    reads: [place.base, secretsFile && dirname(secretsFile)].filter((path) => path !== null),
  };
  await callFarEnd({ ...place, command: "begin", args: [dir], answer: nothing }); // takes the marker `cancel` away
  await writeScript(place, renderBatch(batch, target));
  return batch;
}

/** None where the environment is this machine's, or the container's. */
function enginePython({ login, container, engine_python }: SlurmTarget): string[] {
  if (container) return [];
  if (engine_python) return ["--python", engine_python];
  return login === undefined ? [] : ["--prepare"];
}

const lookSchema = z.object({ supervisor: z.object({ attempt: z.int() }).nullable() });

/** The attempt whose supervisor was the last to begin in the folder; null: none did. */
async function attemptIn(place: Place): Promise<number | null> {
  const call = { ...place, command: "look", args: [place.dir, 0, 0, 0, 0], answer: lookSchema };
  return (await callFarEnd(call)).answer.supervisor?.attempt ?? null;
}

async function writeScript({ host, python, dir }: Place, script: string): Promise<void> {
  const size = Buffer.byteLength(script);
  const sha256 = createHash("sha256").update(script).digest("hex");
  const head = { path: batchFile, offset: 0, bytes: size, size, sha256, mode: 0o644 };
  const input = `${JSON.stringify(head)}\n${script}`;
  await callFarEnd({ host, python, command: "receive", args: [dir], input, answer: z.object({}) });
}

function uneven(gpus: number, nodes: number): FtError {
  return new FtError({
    code: "launcher.uneven-nodes",
    exit: "usage",
    message: `${gpus} GPUs cannot be spread evenly over ${nodes} nodes`,
    next: "change compute.gpus of the recipe or the target's nodes",
  });
}
