// Gives jobs to Slurm: one attempt as a job of its own, several as the tasks of one array.
import { FtError } from "../../errors.js";
import { parseAttemptName } from "../attempt-name.js";
import type { Group } from "../contract.js";
import type { Host } from "../hosts/contract.js";
import { within } from "../within.js";
import { arrayName, runOfArray } from "./array-name.js";
import { seenNow } from "./last-look.js";
import { askSlurm, isOver, jobsOf, livenessOf } from "./queue.js";
import {
  arrayArgs,
  type BatchJob,
  directives,
  renderArray,
  type SlurmTarget,
  sbatchArgs,
  taskUpdate,
} from "./render-batch.js";
import { stopJobs } from "./stop.js";

/** How long a job may take to show itself after a submission whose answer was lost, ms. */
const answerLostMs = 15_000;

/** So often an array is submitted for what of the one before it began without a run. */
const mostArrays = 3;

/** Throws FtError launcher.refused (exit refused). A job whose submission went through although its answer was lost counts. */
export async function submitBatch(host: Host, batch: BatchJob, target: SlurmTarget): Promise<void> {
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

/**
 * One array, whose tasks get the names of the attempts: then each is found, asked and ended as a job of its own is, and the array is only
 * how many of them run at a time. It is submitted with a start some minutes away, and a task may start as soon as it has its name. When ft
 * dies in between, the named tasks are runs, and the others end by themselves or with the next submission of their runs. When ft is held up
 * for longer (a computer that sleeps), so do the others, and their runs become another array.
 * Throws FtError launcher.refused (exit refused) and launcher.held-up, with nothing left behind, and launcher.unreachable.
 */
export async function submitArray(
  host: Host,
  batches: readonly BatchJob[],
  target: SlurmTarget,
  group: Group,
): Promise<void> {
  await endLeftArrays(host, batches);
  const arrays: string[] = [];
  try {
    let unnamed = batches;
    for (let times = 0; unnamed.length > 0; times++) {
      if (times === mostArrays) throw heldUp(host, unnamed.length);
      const name = arrayName(unnamed.at(-1)!.name, group.name);
      const array = await submitUnnamed(host, unnamed, target, { ...group, name });
      arrays.push(array);
      unnamed = await nameTasks(host, array, unnamed);
    }
  } catch (error) {
    if ((error as { code?: string }).code !== "launcher.unreachable" && arrays.length > 0)
      await askSlurm(host, ["scancel", ...arrays]);
    throw error;
  }
}

/** Those that an ft left when it died; of these runs, so of this project. */
async function endLeftArrays(host: Host, batches: readonly BatchJob[]): Promise<void> {
  const runs = new Set(batches.map(({ name }) => parseAttemptName(name)?.run));
  const open = (await jobsOf(host)).filter((job) => !isOver(job) && runs.has(runOfArray(job.name) ?? undefined));
  for (const name of new Set(open.map((job) => job.name))) await stopJobs(host, name, 0);
}

/** Its number. */
async function submitUnnamed(
  host: Host,
  batches: readonly BatchJob[],
  target: SlurmTarget,
  { name, atOnce }: Group,
): Promise<string> {
  const first = batches[0]!;
  const args = arrayArgs(name, { tasks: batches.length, atOnce }, target);
  const { ok, text, words } = await askSlurm(host, ["sbatch", ...args], renderArray(first, target));
  if (!ok) throw refused(host, `${words} (asked for: ${[...args, ...directives(first, target)].join(" ")})`);
  return text.trim().split(";")[0]!; // the cluster's name may follow
}

/** Returns those whose task began before it had a name: it did nothing but end, or is about to. */
async function nameTasks(host: Host, array: string, batches: readonly BatchJob[]): Promise<BatchJob[]> {
  const missed: BatchJob[] = [];
  for (const [index, batch] of batches.entries()) {
    const task = `${array}_${index}`;
    const named = await askSlurm(host, ["scontrol", ...taskUpdate(task, batch)]);
    if (named.ok) {
      seenNow(host, batch.name);
      continue;
    }
    const job = (await jobsOf(host)).find(({ id }) => id === task);
    if (job && livenessOf(job).liveness === "queued")
      throw refused(host, `${named.words || named.text.trim()} (task ${index} of array ${array})`);
    missed.push(batch);
    await askSlurm(host, ["scancel", task]); // one that runs has got the name all the same; of two a newer job counts
  }
  return missed;
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

function heldUp(host: Host, tasks: number): FtError {
  return new FtError({
    code: "launcher.held-up",
    exit: "environment",
    message: `Slurm on ${host.label} began ${tasks} of the tasks before ft had given them their runs`,
    why: `ft was held up for minutes, ${mostArrays} times (a computer that sleeps, a link that is slow), or that Slurm does not heed --begin`,
    next: "repeat the command, or leave out --array: then each trial is a job of its own",
  });
}
