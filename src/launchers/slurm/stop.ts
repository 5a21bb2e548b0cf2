// Ends the Slurm jobs of an attempt: asks for a checkpoint, waits, kills; it is over when the controller says so, whatever scancel exits with.
import { FtError } from "../../errors.js";
import type { Host } from "../hosts/contract.js";
import { allOver, askSlurm, isOver, jobsOf, type SlurmJob } from "./queue.js";

/** After a kill: a node that does not answer is given up by the controller after minutes, ms. */
const killedWithinMs = 90_000;

/** A script may have begun: it is asked first. */
const mayRun = ["RUNNING", "CONFIGURING"];

/** Every job of that name. Throws FtError launcher.not-stopped, launcher.unreachable. */
export async function stopJobs(host: Host, name: string, graceMs: number): Promise<void> {
  const open = (await jobsOf(host, name)).filter((job) => !isOver(job));
  if (open.length === 0) return;
  const running = open.filter(({ state }) => mayRun.includes(state));
  const held = open.filter(({ state }) => !mayRun.includes(state) && state !== "COMPLETING");
  await cancel(host, held); // it has nothing to save
  await cancel(host, running, "--batch", "--signal=TERM"); // the script passes it on
  if (await allOver(host, name, graceMs)) return;
  const left = (await jobsOf(host, name)).filter((job) => !isOver(job));
  await cancel(host, left, "--full", "--signal=KILL");
  await cancel(host, left);
  if (!(await allOver(host, name, killedWithinMs))) throw notStopped(host, (await jobsOf(host, name))[0]);
}

/** scancel exits 0 for jobs that are not there, and otherwise for ones that have just ended: the state is what counts. */
async function cancel(host: Host, jobs: SlurmJob[], ...options: string[]): Promise<void> {
  if (jobs.length > 0) await askSlurm(host, ["scancel", ...options, ...jobs.map(({ id }) => id)]);
}

function notStopped(host: Host, job: SlurmJob | undefined): FtError {
  return new FtError({
    code: "launcher.not-stopped",
    exit: "environment",
    message: `Slurm job ${job?.id} on ${host.label} does not end, not even on SIGKILL`,
    why: `its state is ${job?.state} on ${job?.nodes}: the node does not answer, or the trainer is stuck in a driver or on a network disk`,
    next: "tell the cluster's people; the run is found again when it ends",
  });
}
