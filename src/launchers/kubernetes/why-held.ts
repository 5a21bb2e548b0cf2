// Why no pod of an attempt runs, where its own objects do not say it: the queue's word, and the cluster's warnings.
import { z } from "zod";
import type { KubernetesTarget } from "../../recipes/schema/targets/kubernetes.js";
import { visibleLine } from "../../report/visible.js";
import { kubectl } from "./kubectl.js";
import { type ClusterObject, isSuspended, listSchema, told } from "./state.js";

/** Null: nobody says more. What may not be looked at is not. */
export async function whyHeld(target: KubernetesTarget, job: ClusterObject, known?: string): Promise<string | null> {
  if (isSuspended(job)) return queueWords(target, job);
  // These words say that a container is being made; why that takes so long (a volume, a Secret) is a warning.
  if (known && !/^(ContainerCreating|PodInitializing)\b/.test(known)) return null;
  return lastWarning(target, job.metadata.name);
}

/** Kueue's Workload of the job: "couldn't assign flavors to pod set main", "LocalQueue gpus doesn't exist". */
async function queueWords(target: KubernetesTarget, { metadata }: ClusterObject): Promise<string | null> {
  const selector = `kueue.x-k8s.io/job-uid=${metadata.uid}`;
  const asked = ["get", "workloads.kueue.x-k8s.io", "--selector", selector, "--output", "json"];
  const found = await kubectl(target, asked).catch(whyRefused);
  if (typeof found === "string")
    return /doesn't have a resource type/.test(found)
      ? "suspended, and the cluster has no Kueue that could admit it: leave out the target's `queue`"
      : null;
  const conditions = listSchema.parse(parse(found.stdout)).items.flatMap(({ status }) => status.conditions ?? []);
  const waits = conditions.find(({ type, status }) => type === "QuotaReserved" && status === "False");
  return waits?.message ? visibleLine(`suspended by queue ${target.queue}: ${waits.message}`.slice(0, 500)) : null;
}

const eventsSchema = z.object({
  items: z.array(
    z.object({
      involvedObject: z.object({ name: z.string().default("") }),
      reason: z.string().optional(),
      message: z.string().optional(),
      lastTimestamp: z.string().nullish(),
      eventTime: z.string().nullish(),
    }),
  ),
});

/** The newest one of an object of that name, or of what it made ("FailedCreate: ... exceeded quota", "FailedMount"). */
export async function lastWarning(target: KubernetesTarget, name: string): Promise<string | null> {
  const asked = ["get", "events", "--field-selector", "type=Warning", "--output", "json"];
  const found = await kubectl(target, asked).catch(whyRefused);
  if (typeof found === "string") return null;
  const { items } = eventsSchema.parse(parse(found.stdout));
  const mine = items
    .filter(({ involvedObject }) => involvedObject.name.startsWith(name))
    .map((event) => ({ ...event, at: event.lastTimestamp ?? event.eventTime ?? "" }))
    .sort((one, other) => one.at.localeCompare(other.at));
  const last = mine.at(-1);
  return last ? told(last).reason : null;
}

function whyRefused(error: { code?: string; why?: string }): string {
  if (error.code !== "launcher.refused") throw error;
  return error.why ?? "";
}

function parse(stdout: Uint8Array): unknown {
  return JSON.parse(Buffer.from(stdout).toString("utf8"));
}
