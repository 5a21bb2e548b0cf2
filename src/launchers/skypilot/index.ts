// The SkyPilot launcher: an attempt is a managed job, which SkyPilot moves to another machine when its own is taken away. Events come by its log, results by a bucket.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { FtError } from "../../errors.js";
import type { SkypilotTarget } from "../../recipes/schema/targets/skypilot.js";
import { readJob } from "../../runs/job-file.js";
import { attemptName, parseAttemptName } from "../attempt-name.js";
import { baseAtHome } from "../base-link.js";
import {
  type EventsPosition,
  type Launcher,
  type Leftover,
  type Observation,
  type Submission,
  submitLock,
} from "../contract.js";
import { submitInTurn } from "../in-turn.js";
import { hasAllEvents, takeIntoEvents, takeLog } from "../log-events.js";
import { lookHome } from "../look-home.js";
import { bringResults } from "../take-results.js";
import { within } from "../within.js";
import { fetchFromBucket, putIntoBucket, readFromBucket } from "./bucket.js";
import { planPrices } from "./prices.js";
import { probeSky } from "./probe.js";
import { renderTask } from "./render-task.js";
import { queue, type SkyJob, sky } from "./sky.js";
import { isOver, pickJob, stateOf, stateWithoutController } from "./state.js";

const handleSchema = z.object({ home: z.string(), attempt: z.int(), job: z.int() });
type Handle = z.output<typeof handleSchema>;

/** Finding a machine may take long; the job is the platform's before that. */
const launchTimeoutMs = 30 * 60_000;
const cancelledWithinMs = 15 * 60_000;
const pollMs = 2_000;
/** `sky jobs logs` waits, whatever it is told, while a job's machine is on its way or lost. */
const logTimeoutMs = 60_000;
/** Lines of the log that a look takes: far more than a run prints between two looks. What is missed comes home with the results. */
const tailLines = 20_000;

export const skypilotLauncher: Launcher<Handle> = {
  name: "skypilot",
  parseHandle: (stored) => handleSchema.parse(stored),
  uses: (target) => ({ environment: false, base: "base" in target && target.base === "copy" }),
  probe: async (target) => probeSky(target as SkypilotTarget),
  prices: async (target, gpus) => planPrices(target as SkypilotTarget, gpus),
  find,
  submit,
  observe,
  cancel,
  collect,
  leftovers,
  end: async (_target, { handle }) => endJob(z.int().parse(handle)),
};

async function find(home: string, attempt?: number): Promise<Handle | null> {
  const { id } = readJob(home);
  const jobs = await knownJobs();
  const attempts = jobs.flatMap(({ job_name }) => {
    const parsed = parseAttemptName(job_name ?? "");
    return parsed?.run === id ? [parsed.attempt] : [];
  });
  const wanted = attempt ?? Math.max(...attempts);
  const found = pickJob(jobs, attemptName(id, wanted));
  return found && { home, attempt: wanted, job: found.job_id };
}

/** Two terminals take turns: the second one finds the job by its name. */
async function submit(submission: Submission): Promise<Handle> {
  return submitInTurn(submission, async () => (await find(submission.dir, submission.attempt)) ?? launch(submission));
}

async function launch({ job, dir, attempt, resume, secrets, onProgress, signal }: Submission): Promise<Handle> {
  const target = job.target.settings as SkypilotTarget;
  const names = Object.keys(secrets);
  const base = job.model.hub && target.base === "fetch" ? null : baseAtHome(dir);
  const task = renderTask({ job, dir, attempt, resume, target, secrets: names, base });
  const file = join(dir, "skypilot.yaml");
  writeFileSync(file, stringify(task, { lineWidth: 0 }));
  writeFileSync(join(dir, ".skyignore"), leftOut(resume));
  onProgress({ label: "handing the job to SkyPilot" });
  const name = attemptName(job.id, attempt);
  const args = ["jobs", "launch", "-y", "-d", "-n", name, ...names.flatMap((one) => ["--secret", one]), file];
  const refusal = await sky(args, { env: secrets, timeoutMs: launchTimeoutMs, signal }).then(
    () => null,
    (error: { code?: string }) => {
      if (error.code !== "launcher.refused") throw error;
      return error;
    },
  );
  const found = pickJob(await knownJobs(), name);
  if (found) return { home: dir, attempt, job: found.job_id };
  if (refusal) throw refusal;
  throw new FtError({
    code: "launcher.not-listed",
    exit: "environment",
    message: "SkyPilot took the job, but does not list it",
    next: `look at \`sky jobs queue\` for ${name}; \`ft runs show ${job.id}\` finds it when it is there`,
  });
}

/** Without this file SkyPilot leaves out what git ignores, and that is all of .ft. The base comes otherwise. */
function leftOut(resume: boolean): string {
  const always = [
    "/model",
    "/cache",
    "/stdout.log",
    "/events.reserve",
    `/${submitLock}`,
    "/cancel",
    "/COMPLETE",
    "/.collect*",
  ];
  return `${[...always, ...(resume ? [] : ["/out", "/events.jsonl", "/spent.json", "/supervisor.json"])].join("\n")}\n`;
}

async function knownJobs(): Promise<SkyJob[]> {
  const jobs = await queue();
  return jobs === "idle" ? [] : jobs;
}

async function jobOf({ job }: Pick<Handle, "job">): Promise<SkyJob | null> {
  return (await knownJobs()).find(({ job_id }) => job_id === job) ?? null;
}

function observe(handle: Handle, from: EventsPosition): Promise<Observation> {
  return lookHome(handle.home, from, async () => {
    const jobs = await queue();
    const job = jobs === "idle" ? null : (jobs.find(({ job_id }) => job_id === handle.job) ?? null);
    const state = jobs === "idle" ? stateWithoutController(handle.job) : stateOf(job);
    // A log that cannot be had now hides nothing of how the job stands: its events come with the next look, or with the results.
    if (job && state.liveness !== "queued") await bringLog(handle).catch(exceptBug);
    if (state.liveness === "ended" || state.liveness === "gone") await fillGaps(handle);
    return state;
  });
}

function exceptBug(error: unknown): void {
  if (!(error instanceof FtError)) throw error;
}

/** The newest lines; the home log is what they are, without events. `sky jobs logs` exits as the job did, so its exit code says nothing. */
async function bringLog({ home, job }: Handle): Promise<void> {
  const args = ["jobs", "logs", "--no-follow", "--tail", String(tailLines), String(job)];
  await takeLog(home, (await sky(args, { anyExit: true, timeoutMs: logTimeoutMs })).stdout);
}

/** What the log did not have, of a run that is over: its last words, or a line that was torn. */
async function fillGaps({ home }: Handle): Promise<void> {
  if (hasAllEvents(home)) return;
  const { id, target } = readJob(home);
  const kept = await readFromBucket((target.settings as SkypilotTarget).bucket, `${id}/events.jsonl`);
  if (kept) await takeIntoEvents(join(home, "events.jsonl"), { collected: kept });
}

/** The mark in the bucket asks for a checkpoint; then SkyPilot ends what is left, and gives the machine back. */
async function cancel(handle: Handle, graceMs: number): Promise<void> {
  const job = await jobOf(handle);
  if (isOver(job)) return;
  const { id, target } = readJob(handle.home);
  if (graceMs > 0 && stateOf(job).liveness === "running") {
    const { bucket } = target.settings as SkypilotTarget;
    const isAsked = await putIntoBucket(bucket, `${id}/cancel-${handle.attempt}`, "").then(
      () => true,
      () => false, // without the cloud's program nothing can be asked: it goes on from the last checkpoint in the bucket
    );
    if (isAsked && (await overWithin(handle, graceMs))) return;
  }
  await endJob(handle.job);
}

async function endJob(job: number): Promise<void> {
  if (isOver(await jobOf({ job }))) return;
  await sky(["jobs", "cancel", "-y", String(job)]);
  if (await overWithin({ job }, cancelledWithinMs)) return;
  throw new FtError({
    code: "launcher.not-stopped",
    exit: "environment",
    message: `SkyPilot does not end job ${job}`,
    why: "its queue still lists it; the machine may still be billed",
    next: `sky jobs queue; sky jobs logs --controller ${job}; and look at the cloud's own console`,
  });
}

function overWithin(handle: Pick<Handle, "job">, limitMs: number): Promise<boolean> {
  return within(limitMs, pollMs, async () => isOver(await jobOf(handle)));
}

async function collect({ home }: Handle, signal?: AbortSignal): Promise<void> {
  const { id, target } = readJob(home);
  const { bucket } = target.settings as SkypilotTarget;
  await bringResults(home, (folder) => fetchFromBucket(bucket, id, folder, signal), signal);
}

async function leftovers(): Promise<Leftover[]> {
  return (await knownJobs()).flatMap((job) => {
    const parsed = parseAttemptName(job.job_name ?? "");
    if (!parsed || isOver(job)) return [];
    const what = `SkyPilot job ${job.job_id} (${job.status})`;
    return [{ ...parsed, what, isAlive: true, identity: `SkyPilot job ${job.job_id}`, handle: job.job_id }];
  });
}
