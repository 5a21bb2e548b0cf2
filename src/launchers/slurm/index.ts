// The slurm launcher: the job's supervisor as a batch job of a cluster, found by its name; Slurm queues it, starts it, and starts it again.
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { z } from "zod";
import { FtError } from "../../errors.js";
import { attemptName, parseAttemptName } from "../attempt-name.js";
import type { Leftover } from "../contract.js";
import type { Place, Runner } from "../folder/contract.js";
import { callFarEnd, nothing } from "../folder/far-end.js";
import { folderLauncher } from "../folder/launcher.js";
import type { Host } from "../hosts/contract.js";
import { within } from "../within.js";
import { lastLiveness, seenNow } from "./last-look.js";
import { probeSlurm } from "./probe.js";
import { askSlurm, isOver, jobsOf } from "./queue.js";
import { type BatchJob, batchFile, directives, renderBatch, type SlurmTarget, sbatchArgs } from "./render-batch.js";
import { stopJobs } from "./stop.js";

/** The job's name: Slurm's numbers begin anew on another day, and this can be said before the job is submitted. */
const idSchema = z.object({ name: z.string() });
type SlurmId = z.output<typeof idSchema>;

/** How long a job may take to show itself after a submission whose answer was lost, ms. */
const answerLostMs = 15_000;

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

  async start(place, target, { attempt, args, python, env, secretsFile }) {
    const { host, dir, job } = place;
    if (job.gpus % target.nodes !== 0) throw uneven(job.gpus, target.nodes);
    const batch = {
      name: attemptName(job.id, attempt),
      ...{ dir, env, gpus: job.gpus, python: python ?? target.python },
      args: [...args, ...(secretsFile ? ["--secrets", secretsFile] : [])],
      reads: [place.base, secretsFile && dirname(secretsFile)].filter((path) => path !== null),
    };
    await callFarEnd({ ...place, command: "begin", args: [dir], answer: nothing }); // takes the marker `cancel` away
    await writeScript(place, renderBatch(batch, target));
    await submitBatch(host, batch, target);
    return { name: batch.name };
  },

  liveness: ({ host }, { name }, _attempt, read) => lastLiveness(host, name, read),

  async stop(place, { name }, graceMs) {
    await callFarEnd({ ...place, command: "mark-cancelled", args: [place.dir], answer: nothing });
    await stopJobs(place.host, name, graceMs);
    seenNow(place.host, name);
  },

  probe: (host, target, wanted) => probeSlurm(host, target, { caches: slurmRunner.caches(target), wanted }),

  async leftovers(host): Promise<Leftover[]> {
    return (await jobsOf(host)).flatMap((job): Leftover[] => {
      const named = parseAttemptName(job.name);
      if (named === null || isOver(job)) return [];
      const what = `Slurm job ${job.id} on ${host.label} (${job.state.toLowerCase()})`;
      const identity = `Slurm job ${job.id} of ${job.name}`;
      return [{ ...named, what, isAlive: true, identity, handle: { name: job.name } }];
    });
  },

  end: (host, _target, { handle }) => stopJobs(host, idSchema.parse(handle).name, 0),
};

export const slurmLauncher = folderLauncher(slurmRunner);

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

/** Throws FtError launcher.refused (exit refused). A job whose submission went through although its answer was lost counts. */
async function submitBatch(host: Host, batch: BatchJob, target: SlurmTarget): Promise<void> {
  const { name } = batch;
  try {
    const { ok, words } = await askSlurm(host, ["sbatch", ...sbatchArgs(batch, target)]);
    if (!ok) throw refused(host, `${words} (asked for: ${directives(batch, target).join(" ")})`);
  } catch (error) {
    if ((error as { code?: string }).code !== "launcher.unreachable" || !(await appears(host, name))) throw error;
  }
  seenNow(host, name);
}

function appears(host: Host, name: string): Promise<boolean> {
  return within(answerLostMs, 1_000, async () => (await jobsOf(host, name).catch(() => [])).length > 0);
}

function uneven(gpus: number, nodes: number): FtError {
  return new FtError({
    code: "launcher.uneven-nodes",
    exit: "usage",
    message: `${gpus} GPUs cannot be spread evenly over ${nodes} nodes`,
    next: "change compute.gpus of the recipe or the target's nodes",
  });
}

function refused(host: Host, words: string): FtError {
  return new FtError({
    code: "launcher.refused",
    exit: "refused",
    message: `Slurm on ${host.label} does not take the job`,
    why: words,
    next: "mend what of it the target or the recipe's compute.gpus names; `ft doctor --on` asks Slurm without submitting",
  });
}
