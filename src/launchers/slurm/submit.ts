// Gives jobs to Slurm: one attempt as a job of its own, several as the tasks of one array.
import { FtError } from "../../errors.js";
import type { Group } from "../contract.js";
import type { Host } from "../hosts/contract.js";
import { within } from "../within.js";
import { seenNow } from "./last-look.js";
import { askSlurm, jobsOf } from "./queue.js";
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
 * dies in between, the named tasks are runs, and the others end by themselves or with the next submission of the group.
 * Throws FtError launcher.refused (exit refused), with nothing left behind, and launcher.unreachable.
 */
export async function submitArray(
  host: Host,
  batches: readonly BatchJob[],
  target: SlurmTarget,
  { name, atOnce }: Group,
): Promise<void> {
  const array = `ft-${name}`;
  await stopJobs(host, array, 0);
  const first = batches[0]!;
  const args = arrayArgs(array, { tasks: batches.length, atOnce }, target);
  const { ok, text, words } = await askSlurm(host, ["sbatch", ...args], renderArray(first, target));
  if (!ok) throw refused(host, `${words} (asked for: ${[...args, ...directives(first, target)].join(" ")})`);
  const [id = ""] = text.trim().split(";"); // the cluster's name may follow
  for (const [index, batch] of batches.entries()) {
    const named = await askSlurm(host, ["scontrol", ...taskUpdate(`${id}_${index}`, batch)]);
    if (named.ok) {
      seenNow(host, batch.name);
      continue;
    }
    await askSlurm(host, ["scancel", id]);
    throw refused(host, `${named.words || named.text.trim()} (task ${index} of array ${id})`);
  }
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
