// What Kubernetes' own objects say of an attempt, pure: a Job or JobSet and its pods -> liveness, and why.
import { z } from "zod";
import { visibleLine } from "../../report/visible.js";
import type { Ending, Observation } from "../contract.js";

const conditionSchema = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
});

const wordsSchema = z.object({ reason: z.string().optional(), message: z.string().optional() });

const containerSchema = z.object({
  state: z
    .object({
      waiting: wordsSchema.optional(),
      terminated: wordsSchema.extend({ exitCode: z.int() }).optional(),
    })
    .optional(),
});

/** A Job, JobSet or Pod; whatever else stands in it is not looked at. */
export const objectSchema = z.object({
  apiVersion: z.string().optional(),
  kind: z.string(),
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    deletionTimestamp: z.string().optional(),
  }),
  status: z
    .object({
      phase: z.string().optional(),
      reason: z.string().optional(),
      message: z.string().optional(),
      conditions: z.array(conditionSchema).optional(),
      initContainerStatuses: z.array(containerSchema).optional(),
      containerStatuses: z.array(containerSchema).optional(),
    })
    .default({}),
});

export type ClusterObject = z.output<typeof objectSchema>;
export const listSchema = z.object({ items: z.array(objectSchema) });

type State = Pick<Observation, "liveness" | "reason" | "limit" | "ending">;

/** `job`: the Job or JobSet; null: there is none. */
export function stateOf(job: ClusterObject | null, pods: ClusterObject[]): State {
  if (pods.some(isOnANode) && !(job && isFinished(job))) return { liveness: "running" };
  if (job === null)
    return { liveness: "gone", reason: deleted, ending: { class: "unknown", message: deleted, hint: null } };
  const over = conditionOf(job, "Complete", "Completed", "Failed");
  if (over?.type === "Failed") return failedState(over, pods);
  if (over) return { liveness: "ended" };
  if (isSuspended(job)) return { liveness: "queued", reason: "suspended: it waits until the queue admits it" };
  return { liveness: "queued", ...(pods.map(whyWaiting).find((why) => why !== null) ?? whyStopped(pods)) };
}

const deleted = "its job is not in the cluster any more: someone deleted it there";

/** `over`: the condition of the Job, or of a set's Job, that says so. */
export function failedState(over: Words, pods: ClusterObject[]): State {
  const { reason } = told(over);
  const ending = usedUp.includes(over.reason ?? "") ? disrupted(reason, pods) : endingOf(reason, pods);
  return {
    liveness: "ended",
    reason: ending.message,
    ending,
    ...(over.reason === "DeadlineExceeded" && { limit: "max_hours" }),
  };
}

/** A Job's and a set's word for one that was replaced as often as it may be. */
const usedUp = ["BackoffLimitExceeded", "ReachedMaxRestarts"];

/** The last pod says what took it away: "Evicted: The node was low on resource: memory". */
function disrupted(words: string, pods: ClusterObject[]): Ending {
  const why = whyStopped(pods)?.reason ?? pods.map(whyDisrupted).findLast((one) => one !== null);
  const message = `its pods were taken away again and again, and it is not started any more: ${why ? `${why} (${words})` : words}`;
  const hint =
    "a pod that asks for what it uses (the target's `memory_gb`, `cpus`) and has a `priority_class` is taken away last; resumed it goes on from its last checkpoint";
  return { class: "killed", message, hint };
}

function whyDisrupted({ status }: ClusterObject): string | null {
  const target = status.conditions?.find(({ type, status }) => type === "DisruptionTarget" && status === "True");
  return target ? told(target).reason : null;
}

interface Words {
  reason?: string | undefined;
  message?: string | undefined;
}

/** What the pods know beyond the Job's own words. */
function endingOf(words: string, pods: ClusterObject[]): Ending {
  const last = pods.flatMap(containersOf).findLast(({ exitCode }) => exitCode !== 0);
  const message = last?.message ? visibleLine(`${words}: ${last.message}`.slice(0, 500)) : words;
  if (last?.reason === "OOMKilled") {
    const hint = "lower train.micro_batch or data.max_length, or raise the target's `memory_gb`";
    return { class: "out-of-memory", message: `the kernel ended it, as its pod had no more memory: ${words}`, hint };
  }
  if (last && (neverRan.includes(last.reason ?? "") || [126, 127].includes(last.exitCode)))
    return { class: "dependency", message, hint: "the image cannot run it: mend the target's `image`, or `python`" };
  if (last?.exitCode === 137) return { class: "killed", message, hint: null };
  return { class: "unknown", message, hint: null };
}

/** The kubelet's words for a container whose program could not even be started. */
const neverRan = ["StartError", "ContainerCannotRun"];

/** Of containers that ended, oldest pod first. */
export function containersOf({ status }: ClusterObject) {
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return all.flatMap(({ state }) => state?.terminated ?? []);
}

export function isSuspended(job: ClusterObject): boolean {
  return conditionOf(job, "Suspended") !== undefined;
}

function isFinished(job: ClusterObject): boolean {
  return conditionOf(job, "Complete", "Completed", "Failed") !== undefined;
}

/** Over, as the platform's own state says: no pod of it is left to run. */
export function isOver(job: ClusterObject | null, pods: ClusterObject[]): boolean {
  return (
    !pods.some(({ status }) => status.phase !== "Succeeded" && status.phase !== "Failed") &&
    stateOf(job, []).liveness !== "queued"
  );
}

function conditionOf({ status }: ClusterObject, ...types: string[]) {
  return status.conditions?.find(({ type, status }) => types.includes(type) && status === "True");
}

function isOnANode({ status }: ClusterObject): boolean {
  return status.phase === "Running";
}

/** Of a pod that was put off its node, while the next one is not there yet: "Evicted: The node was low on resource". */
function whyStopped(pods: ClusterObject[]): { reason: string } | null {
  const last = pods.findLast(({ status }) => status.phase === "Failed" && status.reason !== undefined);
  return last ? told(last.status) : null;
}

/** In Kubernetes' words: "Unschedulable: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu". */
export function whyWaiting(pod: ClusterObject): { reason: string } | null {
  const unplaced = pod.status.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  if (unplaced) return told(unplaced);
  const containers = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])];
  const waiting = containers.map(({ state }) => state?.waiting).find((one) => one !== undefined);
  return waiting ? told(waiting) : null;
}

export function told({ reason, message }: Words): { reason: string } {
  return { reason: visibleLine([reason, message].filter(Boolean).join(": ").slice(0, 500)) };
}
