// What Kubernetes' own objects say of an attempt, pure: a Job or JobSet and its pods -> liveness, and why.
import { z } from "zod";
import { visibleLine } from "../../report/visible.js";
import type { Observation } from "../contract.js";

const conditionSchema = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
});

const waitingSchema = z.object({
  state: z
    .object({
      waiting: z.object({ reason: z.string().optional(), message: z.string().optional() }).optional(),
      running: z.object({}).optional(),
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
      conditions: z.array(conditionSchema).optional(),
      initContainerStatuses: z.array(waitingSchema).optional(),
      containerStatuses: z.array(waitingSchema).optional(),
    })
    .default({}),
});

export type ClusterObject = z.output<typeof objectSchema>;
export const listSchema = z.object({ items: z.array(objectSchema) });

/** `job`: the Job or JobSet; null: there is none. */
export function stateOf(
  job: ClusterObject | null,
  pods: ClusterObject[],
): Pick<Observation, "liveness" | "reason" | "limit"> {
  if (job === null) return pods.some(isOnANode) ? { liveness: "running" } : { liveness: "gone" };
  const over = conditionOf(job, "Complete", "Completed", "Failed");
  if (over) {
    const isTime = over.reason === "DeadlineExceeded";
    return { liveness: "ended", ...(over.type === "Failed" && told(over)), ...(isTime && { limit: "max_hours" }) };
  }
  if (pods.some(isOnANode)) return { liveness: "running" };
  const suspended = conditionOf(job, "Suspended");
  if (suspended) return { liveness: "queued", reason: "suspended: it waits until the queue admits it" };
  return { liveness: "queued", ...pods.map(whyWaiting).find((why) => why !== null) };
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

/** In Kubernetes' words: "Unschedulable: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu". */
function whyWaiting(pod: ClusterObject): { reason: string } | null {
  const unplaced = pod.status.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  if (unplaced) return told(unplaced);
  const containers = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])];
  const waiting = containers.map(({ state }) => state?.waiting).find((one) => one !== undefined);
  return waiting ? told(waiting) : null;
}

function told({ reason, message }: { reason?: string | undefined; message?: string | undefined }): { reason: string } {
  return { reason: visibleLine([reason, message].filter(Boolean).join(": ").slice(0, 500)) };
}
