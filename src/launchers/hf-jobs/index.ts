// The launcher of Hugging Face Jobs: an attempt is a job of the Hub, its folder lies in a private repository, its events come by the job's log.
import { z } from "zod";
import { FtError } from "../../errors.js";
import type { HfJobsTarget } from "../../recipes/schema/targets/hf-jobs.js";
import { visibleLine } from "../../report/visible.js";
import { readJob } from "../../runs/job-file.js";
import type { EventsPosition, Launcher, Leftover, Observation, Submission } from "../contract.js";
import { isOutOfTime } from "../exit-codes.js";
import { submitInTurn } from "../in-turn.js";
import { hasAllEvents, takeLog } from "../log-events.js";
import { lookHome } from "../look-home.js";
import { bringResults } from "../take-results.js";
import { within } from "../within.js";
import { asked, type HubJob, isOver, logOf, openHub, stageOf } from "./hub.js";
import { planPrices, probeHardware } from "./probe.js";
import { renderJob, repoOf } from "./render-job.js";
import { bringFolder, fetchFiles, putFile, type RunRepository } from "./run-repository.js";

const handleSchema = z.object({ home: z.string(), attempt: z.int(), namespace: z.string(), job: z.string() });
type Handle = z.output<typeof handleSchema>;

const cancelledWithinMs = 5 * 60_000;
const pollMs = 2_000;

export const hfJobsLauncher: Launcher<Handle> = {
  name: "hf-jobs",
  parseHandle: (stored) => handleSchema.parse(stored),
  uses: (target) => ({ environment: false, base: "base" in target && target.base === "copy" }),
  probe: async (target) => probeHardware(target as HfJobsTarget),
  prices: async (target) => planPrices(target as HfJobsTarget),
  find,
  submit,
  observe,
  cancel,
  collect,
  leftovers: async (target) => leftovers(target as HfJobsTarget),
  end: async (target, { handle }) => endJob((target as HfJobsTarget).namespace, z.string().parse(handle)),
};

/** By its labels; of several (two machines submitted it) the one that is not over. */
async function find(home: string, attempt?: number): Promise<Handle | null> {
  const { id, target } = readJob(home);
  const { namespace } = target.settings as HfJobsTarget;
  const mine = (await jobsIn(namespace)).filter(({ labels }) => labels?.["ft-run"] === id);
  const wanted = attempt ?? Math.max(...mine.map(attemptOf));
  const found = mine.filter((job) => attemptOf(job) === wanted);
  const job = found.find((one) => !isOver(one)) ?? found[0];
  return job ? { home, attempt: wanted, namespace, job: job.id } : null;
}

async function submit(submission: Submission): Promise<Handle> {
  return submitInTurn(submission, async () => (await find(submission.dir, submission.attempt)) ?? start(submission));
}

async function start({ job, dir, attempt, resume, secrets, onProgress }: Submission): Promise<Handle> {
  const { runJob } = await import("@huggingface/hub");
  const target = job.target.settings as HfJobsTarget;
  const { namespace } = target;
  const hub = openHub();
  const name = repoOf(target);
  onProgress({ label: `copying the job to ${name} on the Hub` });
  const base = !(job.model.hub && target.base === "fetch");
  await bringFolder({ hub, name, run: job.id }, dir, { resume, base });
  const all = { ...secrets, HF_TOKEN: secrets.HF_TOKEN ?? hub.accessToken }; // the job reads and writes its repository
  const spec = renderJob({ job, attempt, resume, target, secrets: Object.keys(all).sort() });
  const hours = (spec.timeoutSeconds / 3600).toFixed(1);
  onProgress({ label: `starting a job on ${target.flavor}; the Hub ends it after ${hours} h` });
  // The package types flavors as those of its day.
  const asFlavor = { ...spec, flavor: spec.flavor as Parameters<typeof runJob>[0]["flavor"] };
  const made = await asked(runJob({ ...hub, namespace, ...asFlavor, secrets: all }));
  return { home: dir, attempt, namespace, job: made.id };
}

async function jobsIn(namespace: string): Promise<HubJob[]> {
  const { listJobs } = await import("@huggingface/hub");
  return asked(listJobs({ ...openHub(), namespace }));
}

/** Null: the Hub does not know of it. */
async function jobOf({ namespace, job }: Pick<Handle, "namespace" | "job">): Promise<HubJob | null> {
  const { getJob } = await import("@huggingface/hub");
  const found = getJob({ ...openHub(), namespace, jobId: job }).catch((error) => {
    if ((error as { statusCode?: number }).statusCode === 404) return null;
    throw error;
  });
  return asked(found);
}

function observe(handle: Handle, from: EventsPosition): Promise<Observation> {
  return lookHome(handle.home, from, async () => {
    const job = await jobOf(handle);
    const state = stateOf(job);
    // A log that the Hub has not now, not yet or no more hides nothing of the job itself: the repository has the events too. Of a job that
    // waits for a machine the log is a stream without end or content.
    if (job && state.liveness !== "queued") await bringLog(handle).catch(exceptBug);
    if (state.liveness === "ended" || state.liveness === "gone") await fillGaps(handle);
    return state;
  });
}

function stateOf(job: HubJob | null): Pick<Observation, "liveness" | "reason" | "limit" | "ending"> {
  if (!job) {
    const reason = "the Hub does not know its job any more";
    return { liveness: "gone", reason, ending: { class: "unknown", message: reason, hint: null } };
  }
  const stage = stageOf(job);
  const reason = job.status.message ? visibleLine(`${stage}: ${job.status.message}`.slice(0, 500)) : stage;
  if (stage === "RUNNING") return { liveness: "running" };
  if (!isOver(job)) return { liveness: "queued", reason };
  if (stage === "COMPLETED") return { liveness: "ended" };
  const hint = stage === "ERROR" ? null : "someone ended it on the Hub";
  const ending = { class: stage === "ERROR" ? ("unknown" as const) : ("killed" as const), message: reason, hint };
  return { liveness: "ended", reason, ending, ...(isOutOfTime(reason) && { limit: "max_hours" }) };
}

function exceptBug(error: unknown): void {
  if (!(error instanceof FtError)) throw error;
}

async function bringLog({ home, namespace, job }: Handle): Promise<void> {
  await takeLog(home, new TextEncoder().encode(await asked(logOf(openHub(), namespace, job))));
}

function repositoryOf(home: string): RunRepository {
  const { id, target } = readJob(home);
  return { hub: openHub(), name: repoOf(target.settings as HfJobsTarget), run: id };
}

/** What the log did not have, of a run that is over. */
async function fillGaps({ home }: Handle): Promise<void> {
  if (!hasAllEvents(home)) await bringHome(home, (path) => path === "events.jsonl");
}

async function bringHome(home: string, takes: (path: string) => boolean, signal?: AbortSignal): Promise<void> {
  await bringResults(home, (folder) => fetchFiles(repositoryOf(home), folder, { takes, signal }), signal);
}

async function collect({ home }: Handle, signal?: AbortSignal): Promise<void> {
  const books = ["events.jsonl", "spent.json", "supervisor.json", "stdout.log"];
  await bringHome(home, (path) => path.startsWith("out/") || books.includes(path), signal);
}

/** The mark in the repository asks for a checkpoint; then the Hub ends what is left. */
async function cancel(handle: Handle, graceMs: number): Promise<void> {
  const job = await jobOf(handle);
  if (!job || isOver(job)) return;
  if (graceMs > 0 && stageOf(job) === "RUNNING") {
    const isAsked = await putFile(repositoryOf(handle.home), `cancel-${handle.attempt}`).then(
      () => true,
      () => false, // nothing can be asked: it goes on from the last checkpoint in the repository
    );
    if (isAsked && (await overWithin(handle, graceMs))) return;
  }
  await endJob(handle.namespace, handle.job);
}

async function endJob(namespace: string, jobId: string): Promise<void> {
  const { cancelJob } = await import("@huggingface/hub");
  const job = await jobOf({ namespace, job: jobId });
  if (!job || isOver(job)) return;
  await asked(cancelJob({ ...openHub(), namespace, jobId }));
  if (await overWithin({ namespace, job: jobId }, cancelledWithinMs)) return;
  throw new FtError({
    code: "launcher.not-stopped",
    exit: "environment",
    message: `the Hub does not end job ${jobId}`,
    why: "it still lists it as running, and may bill for it",
    next: `look at https://huggingface.co/jobs/${namespace}; its timeout ends it at last`,
  });
}

function overWithin(handle: Pick<Handle, "namespace" | "job">, limitMs: number): Promise<boolean> {
  return within(limitMs, pollMs, async () => {
    const job = await jobOf(handle);
    return !job || isOver(job);
  });
}

async function leftovers({ namespace }: HfJobsTarget): Promise<Leftover[]> {
  return (await jobsIn(namespace))
    .filter((job) => job.labels?.["ft-run"] && !isOver(job))
    .map((job) => ({
      run: job.labels!["ft-run"]!,
      attempt: attemptOf(job),
      what: `job ${job.id} of ${namespace} on the Hub (${stageOf(job)}, ${job.flavor})`,
      isAlive: true,
      identity: `job ${job.id} of the Hub`,
      handle: job.id,
    }));
}

function attemptOf({ labels }: HubJob): number {
  return Number(labels?.["ft-attempt"] ?? 0);
}
