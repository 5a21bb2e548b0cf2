// An attempt as Kubernetes objects, a pure function: a Job, or a JobSet when several nodes train together.
import { attemptName } from "../attempt-name.js";
import { hardDeadlineSeconds } from "../hard-deadline.js";
import { labelsOf, type PodInput } from "./names.js";
import { containerName, podFailurePolicy, renderPodTemplate } from "./render-pod.js";

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels: Record<string, string> };
  spec: object;
}

/** The object that runs the attempt. The Secret is apart (secretManifest), as it is made of a value. */
export function renderManifest(input: PodInput): Manifest {
  return input.target.nodes > 1 ? renderJobSet(input) : renderJob(input);
}

/** How often an attempt may be disrupted and begin again: what is evicted again and again would else be so until its deadline. */
const maxRestarts = 50;

/** A finished job stays this long for an ft that was away; its files are on the claim. */
const keepSeconds = 7 * 24 * 3600;

function metadata({ job, attempt, target }: PodInput): Manifest["metadata"] {
  const queue = target.queue ? { "kueue.x-k8s.io/queue-name": target.queue } : {};
  return { name: attemptName(job.id, attempt), labels: { ...labelsOf(job.id, attempt), ...queue } };
}

/** Kueue starts what it admits; until then a job of a queue is suspended, and no deadline runs. */
function suspended({ target }: PodInput): object {
  return target.queue ? { suspend: true } : {};
}

function renderJob(input: PodInput): Manifest {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: metadata(input),
    spec: {
      ...suspended(input),
      backoffLimit: maxRestarts,
      // Two pods never write one run folder: the next one waits until the last is gone.
      podReplacementPolicy: "Failed",
      podFailurePolicy: podFailurePolicy("Count"),
      activeDeadlineSeconds: hardDeadlineSeconds(input.job, input.target.max_hours),
      ttlSecondsAfterFinished: keepSeconds,
      template: renderPodTemplate(input),
    },
  };
}

const rendezvousPort = "29500";

/**
 * One indexed Job of as many pods as nodes. A pod that is disrupted, or that says "resume me", fails its Job by the policy, and the whole set
 * starts again from the checkpoint; any other failure ends the set.
 */
function renderJobSet(input: PodInput): Manifest {
  const { nodes, max_hours } = input.target;
  const name = attemptName(input.job.id, input.attempt);
  const job = {
    backoffLimit: 0,
    completionMode: "Indexed",
    parallelism: nodes,
    completions: nodes,
    podReplacementPolicy: "Failed",
    podFailurePolicy: podFailurePolicy("FailJob"),
    activeDeadlineSeconds: hardDeadlineSeconds(input.job, max_hours),
    template: withRendezvous(renderPodTemplate(input), { name, nodes }),
  };
  return {
    apiVersion: "jobset.x-k8s.io/v1alpha2",
    kind: "JobSet",
    metadata: metadata(input),
    spec: {
      ...suspended(input),
      ttlSecondsAfterFinished: keepSeconds,
      failurePolicy: {
        maxRestarts,
        rules: [
          { name: "again", action: "RestartJobSet", onJobFailureReasons: ["PodFailurePolicy"] },
          { name: "failed", action: "FailJobSet", onJobFailureReasons: ["BackoffLimitExceeded", "DeadlineExceeded"] },
        ],
      },
      replicatedJobs: [{ name: nodeJob, replicas: 1, template: { spec: job } }],
    },
  };
}

const nodeJob = "node";

/** Where the nodes meet: the first pod has a name of its own in the set's headless service. */
function withRendezvous(template: object, { name, nodes }: { name: string; nodes: number }): object {
  const { metadata, spec } = template as PodTemplate;
  const rank = { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" } };
  const env = [
    { name: "MASTER_ADDR", value: `${name}-${nodeJob}-0-0.${name}` },
    { name: "MASTER_PORT", value: rendezvousPort },
    { name: "FT_NODES", value: String(nodes) },
    { name: "FT_NODE_RANK", valueFrom: rank },
  ];
  const containers = spec.containers.map((container) =>
    container.name === containerName ? { ...container, env: [...container.env, ...env] } : container,
  );
  return { metadata, spec: { ...spec, containers } };
}

interface PodTemplate {
  metadata: object;
  spec: { containers: { name: string; env: object[] }[] };
}

/** The Secret of an attempt; once its Job or JobSet is there, that is made its owner, with which it goes. Goes to kubectl by stdin alone. */
export function secretManifest(input: PodInput, secrets: Record<string, string>): object {
  const { name, labels } = metadata({ ...input, target: { ...input.target, queue: undefined } });
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, labels },
    type: "Opaque",
    immutable: true,
    stringData: secrets,
  };
}
