// The Kubernetes launcher: an attempt is a Job (a JobSet, on several nodes) over a run folder on a claim, which a small pod reads and writes for ft.
import { z } from "zod";
import { FtError } from "../../errors.js";
import type { KubernetesTarget } from "../../recipes/schema/targets/kubernetes.js";
import type { Job } from "../../runs/job.js";
import { readJob } from "../../runs/job-file.js";
import { attemptName } from "../attempt-name.js";
import type { Leftover } from "../contract.js";
import type { Runner } from "../folder/contract.js";
import { folderLauncher } from "../folder/launcher.js";
import type { RunResult } from "../hosts/contract.js";
import { within } from "../within.js";
import { awaitFilesPod } from "./files-pod.js";
import { currentContext, kubectl, labelOf } from "./kubectl.js";
import { ownLabel, type PodInput, selectorOf } from "./names.js";
import { probeCluster } from "./probe.js";
import { renderManifest, secretManifest } from "./render-manifests.js";
import { type ClusterObject, failedState, isOver, listSchema, objectSchema, stateOf } from "./state.js";
import { whyHeld } from "./why-held.js";

/** `context`: the one that a target without one meant when the run began; the person may have turned to another cluster since. */
const idSchema = z.object({ name: z.string(), run: z.string(), context: z.string().optional() });
type Id = z.output<typeof idSchema>;

const pollMs = 1000;
/** After a forced deletion, ms. */
const killedWithinMs = 60_000;

/** For folderLauncher, and for tests without a cluster that runs pods. */
export const kubernetesRunner: Runner<"kubernetes", Id> = {
  name: "kubernetes",
  idSchema,
  keepsSecrets: true,
  connection: pinned,
  dir: ({ dir }) => dir,
  uses: ({ base }) => ({ environment: false, base: base === "copy" }),
  caches: ({ dir, env }) => ({ environment: false, env: { HF_HOME: `${dir}/cache/huggingface`, ...env } }),
  runArgs: () => ["--platform-restarts", "--prepare"],

  async find({ job }, attempt) {
    const target = await pinned(job.target.settings as KubernetesTarget);
    const numbers = (await jobsOf(target, selectorOf(job.id, attempt))).map(attemptOf);
    if (numbers.length === 0) return null;
    const latest = Math.max(...numbers);
    return { id: idOf(target, job.id, latest), attempt: latest };
  },

  /** Made unless it is there: the name alone makes two submissions one. */
  async start({ job }, settings, { attempt, args, secrets }) {
    const target = await pinned(settings);
    const name = attemptName(job.id, attempt);
    const isOwn = target.secret === undefined && Object.keys(secrets).length > 0;
    const input: PodInput = { job, attempt, args, target, secret: target.secret ?? (isOwn ? name : null) };
    const create = ["create", "--filename", "-", "--output", "json"];
    const present = { expected: ["AlreadyExists"] };
    // The Secret first: a Job without it would hold a node's GPUs and wait for it until its deadline.
    if (isOwn) await kubectl(target, create, { input: JSON.stringify(secretManifest(input, secrets)), ...present });
    const made = await kubectl(target, create, { input: JSON.stringify(renderManifest(input)), ...present }).catch(
      async (error: { code?: string }) => {
        // No Job will take it along.
        if (isOwn && error.code === "launcher.refused") await deleteSecrets(target, [name]);
        throw error;
      },
    );
    if (isOwn) {
      const { apiVersion, kind, metadata } = made.exitCode === 0 ? objectIn(made) : await getJob(target, name);
      const owner = {
        apiVersion: apiVersion!,
        kind,
        name,
        uid: metadata.uid,
        controller: false,
        blockOwnerDeletion: false,
      };
      const patch = JSON.stringify({ metadata: { ownerReferences: [owner] } }); // it goes with the Job
      await kubectl(target, ["patch", "secret", name, "--type", "merge", "--patch", patch]);
    }
    return idOf(target, job.id, attempt);
  },

  async liveness({ job: { target: given } }, id, attempt) {
    const target = meant(given.settings as KubernetesTarget, id);
    const { jobs, pods } = await look(target, selectorOf(id.run, attempt));
    const [job] = jobs;
    const state = stateOf(job ?? null, pods);
    if (job && state.liveness === "queued")
      return { ...state, reason: (await whyHeld(target, job, state.reason)) ?? state.reason };
    if (job?.kind === "JobSet" && state.ending) return (await failedNode(target, job, pods)) ?? state;
    return state;
  },

  /** The mark says that it is no preemption; then the Job goes, and its pods are asked to end. */
  async stop(place, id, graceMs) {
    const { name, run } = id;
    const target = meant(place.job.target.settings as KubernetesTarget, id);
    const selector = selectorOf(run, Number(name.slice(name.lastIndexOf("-") + 1)));
    const before = await look(target, selector);
    if (isOver(before.jobs[0] ?? null, before.pods)) return;
    if (stateOf(before.jobs[0] ?? null, before.pods).liveness === "running")
      await place.host.run(["touch", `${place.dir}/cancel`]).catch(exceptSilence); // it ends all the same
    await endAll(target, { selector, names: [name], graceMs });
  },

  probe: async (_host, target) => probeCluster(target),

  async leftovers(_host, target): Promise<Leftover[]> {
    const jobs = await jobsOf(
      target,
      Object.entries(ownLabel)
        .map((pair) => pair.join("="))
        .join(","),
    );
    return jobs
      .filter(({ metadata }) => metadata.labels["ft.run"] !== undefined)
      .map((job) => {
        const isAlive = stateOf(job, []).liveness === "queued";
        const { name, uid, labels } = job.metadata;
        const what = `${job.kind} ${name} in ${labelOf(target)} (${isAlive ? "not over" : "over"})`;
        return { run: labels["ft.run"]!, attempt: attemptOf(job), what, isAlive, identity: uid, handle: name };
      });
  },

  async end(_host, target, { run, attempt, handle }) {
    await endAll(target, { selector: selectorOf(run, attempt), names: [z.string().parse(handle)], graceMs: 0 });
  },
};

const inFolder = folderLauncher(kubernetesRunner);

/** Files are reached by a pod that may take minutes to start: it is waited for as long as the person does, and not made to find nothing. */
export const kubernetesLauncher: typeof inFolder = {
  ...inFolder,
  async find(dir, attempt) {
    return (await isThere(readJob(dir), attempt)) ? inFolder.find(dir, attempt) : null;
  },
  async submit(submission) {
    const { job, attempt, onProgress, signal } = submission;
    if (!(await isThere(job, attempt))) {
      onProgress({ label: "waiting for the pod for the run's files" });
      await awaitFilesPod(await pinned(job.target.settings as KubernetesTarget), signal);
    }
    return inFolder.submit(submission);
  },
};

async function isThere({ id, target }: Job, attempt: number | undefined): Promise<boolean> {
  return (await jobsOf(await pinned(target.settings as KubernetesTarget), selectorOf(id, attempt))).length > 0;
}

/** With the context that kubectl would use now, so that all of a run goes to one cluster. */
async function pinned(target: KubernetesTarget): Promise<KubernetesTarget> {
  const context = target.context ?? (await currentContext());
  return context === undefined ? target : { ...target, context };
}

function meant(target: KubernetesTarget, { context }: Id): KubernetesTarget {
  return context === undefined ? target : { ...target, context };
}

function idOf({ context }: KubernetesTarget, run: string, attempt: number): Id {
  return { name: attemptName(run, attempt), run, ...(context !== undefined && { context }) };
}

/** How the Job of a set failed: the set itself says only that it did. */
async function failedNode(target: KubernetesTarget, set: ClusterObject, pods: ClusterObject[]) {
  const selector = `jobset.sigs.k8s.io/jobset-name=${set.metadata.name}`;
  const found = await kubectl(target, ["get", "jobs.batch", "--selector", selector, "--output", "json"]);
  const conditions = listSchema.parse(JSON.parse(text(found))).items.flatMap(({ status }) => status.conditions ?? []);
  const failed = conditions.find(({ type, status }) => type === "Failed" && status === "True");
  return failed ? failedState(failed, pods) : null;
}

function kindOf({ nodes }: KubernetesTarget): string {
  return nodes > 1 ? "jobsets.jobset.x-k8s.io" : "jobs.batch";
}

async function jobsOf(target: KubernetesTarget, selector: string): Promise<ClusterObject[]> {
  const asked = ["get", kindOf(target), "--selector", selector, "--output", "json"];
  return listSchema.parse(JSON.parse(text(await kubectl(target, asked)))).items;
}

async function getJob(target: KubernetesTarget, name: string): Promise<ClusterObject> {
  return objectIn(await kubectl(target, ["get", kindOf(target), name, "--output", "json"]));
}

async function look(
  target: KubernetesTarget,
  selector: string,
): Promise<{ jobs: ClusterObject[]; pods: ClusterObject[] }> {
  const asked = ["get", `${kindOf(target)},pods`, "--selector", selector, "--output", "json"];
  const { items } = listSchema.parse(JSON.parse(text(await kubectl(target, asked))));
  // A JobSet's own Jobs carry the labels too; they are asked for by no one.
  return { jobs: items.filter(({ kind }) => kind !== "Pod"), pods: items.filter(({ kind }) => kind === "Pod") };
}

/** Deletes the Job, then its pods with the grace that is given, then without any. Throws FtError launcher.not-stopped. */
async function endAll(
  target: KubernetesTarget,
  { selector, names, graceMs }: { selector: string; names: string[]; graceMs: number },
): Promise<void> {
  const gone = { expected: ["NotFound"] };
  await kubectl(target, ["delete", kindOf(target), ...names, "--cascade=foreground", "--wait=false"], gone);
  // Where ft died before it said whose it is.
  await deleteSecrets(target, names);
  const pods = ["delete", "pods", "--selector", selector, "--wait=false"];
  const isGone = async (): Promise<boolean> => {
    const left = await look(target, selector);
    return left.jobs.length === 0 && left.pods.length === 0;
  };
  await kubectl(target, [...pods, `--grace-period=${Math.max(1, Math.ceil(graceMs / 1000))}`], gone);
  if (await within(graceMs + pollMs, pollMs, isGone)) return;
  await kubectl(target, [...pods, "--grace-period=0", "--force"], gone);
  if (!(await within(killedWithinMs, pollMs, isGone))) throw notStopped(target, names[0]!);
}

/** Who may not delete Secrets has none of ft's. */
async function deleteSecrets(target: KubernetesTarget, names: string[]): Promise<void> {
  const gone = { expected: ["NotFound"] };
  await kubectl(target, ["delete", "secrets", ...names, "--wait=false"], gone).catch(() => undefined);
}

function exceptSilence(error: { code?: string }): void {
  if (error.code !== "launcher.unreachable") throw error;
}

function attemptOf({ metadata }: ClusterObject): number {
  return Number(metadata.labels["ft.attempt"] ?? 0);
}

function objectIn(result: RunResult): ClusterObject {
  return objectSchema.parse(JSON.parse(text(result)));
}

function text({ stdout }: RunResult): string {
  return Buffer.from(stdout).toString("utf8");
}

function notStopped(target: KubernetesTarget, name: string): FtError {
  return new FtError({
    code: "launcher.not-stopped",
    exit: "environment",
    message: `${name} does not end in ${labelOf(target)}`,
    why: "its pods are still listed after a forced deletion; often their node is lost, or a finalizer holds them",
    next: `kubectl get pods --selector ft.run says which; the run is found again when they are gone`,
  });
}
