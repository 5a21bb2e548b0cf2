// The pod that trains, as Job and JobSet share it: what it runs, mounts, asks for and may.
import type { KubernetesTarget } from "../../recipes/schema/targets/kubernetes.js";
import { resumeMe } from "../exit-codes.js";
import { labelsOf, type PodInput, runFolder } from "./names.js";

/** The container whose exit code decides. */
export const containerName = "trainer";

const secretMount = "/run/ft-secret";
const privateMount = "/run/ft";

/** Saved and gone before the kubelet kills: what the engine may need for a checkpoint, when the budget does not say. */
const defaultGraceSeconds = 300;

export function renderPodTemplate(input: PodInput): { metadata: object; spec: object } {
  const { job, attempt, target, secret } = input;
  return {
    metadata: { labels: labelsOf(job.id, attempt) },
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: job.limits?.graceSeconds ?? defaultGraceSeconds,
      enableServiceLinks: false,
      ...placement(target),
      ...identity(target),
      ...(secret && { initContainers: [secretsContainer(target)] }),
      containers: [trainerContainer(input)],
      volumes: volumes(input),
    },
  };
}

/** Which node, and who may pull the image. */
export function placement(target: KubernetesTarget): object {
  const { node_selector, tolerations, priority_class, image_pull_secret } = target;
  return {
    ...(Object.keys(node_selector).length > 0 && { nodeSelector: node_selector }),
    ...(tolerations.length > 0 && { tolerations }),
    ...(priority_class && { priorityClassName: priority_class }),
    ...(image_pull_secret && { imagePullSecrets: [{ name: image_pull_secret }] }),
  };
}

/** The trainer talks to no API server; an account is for clouds that give storage access by it. */
export function identity({ service_account, user }: KubernetesTarget): object {
  return {
    ...(service_account ? { serviceAccountName: service_account } : { automountServiceAccountToken: false }),
    ...(user !== undefined && { securityContext: { ...asUser(user), ...(user > 0 && restricted) } }),
  };
}

function asUser(user: number): object {
  // A large claim is not walked through at each start.
  return { runAsUser: user, runAsGroup: user, fsGroup: user, fsGroupChangePolicy: "OnRootMismatch" };
}

/** With these and a user of its own a pod passes where namespaces ask for the Pod Security Standard "restricted". */
const restricted = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };

export function containerSecurity({ user }: KubernetesTarget): object {
  return { allowPrivilegeEscalation: false, ...(user && { capabilities: { drop: ["ALL"] } }) };
}

/** What the supervisor says stands where all else of the run stands, and outlives the pod; it stays the process that gets the signals. */
const intoLog = 'exec "$@" >>stdout.log 2>&1';

function trainerContainer(input: PodInput): object {
  const { job, args, target, secret } = input;
  const { dir, env, python, image } = target;
  const variables = { FT_CACHE: `${dir}/cache`, HF_HOME: `${dir}/cache/huggingface`, ...env };
  return {
    name: containerName,
    image,
    workingDir: runFolder(target, job.id),
    command: ["sh", "-c", intoLog, "sh", python, "trainer/run.py"],
    args: [...args, ...(secret ? ["--secrets", `${privateMount}/secrets.json`] : [])],
    env: Object.entries(variables).map(([name, value]) => ({ name, value })),
    resources: resources(target, Math.ceil(job.gpus / target.nodes)),
    securityContext: containerSecurity(target),
    volumeMounts: [
      { name: "claim", mountPath: dir },
      { name: "shm", mountPath: "/dev/shm" },
      ...(secret ? [{ name: "private", mountPath: privateMount }] : []),
    ],
  };
}

function resources({ cpus, memory_gb, gpu_resource }: KubernetesTarget, gpus: number): object {
  const memory = memory_gb === undefined ? {} : { memory: `${memory_gb}G` };
  const gpu = gpus > 0 ? { [gpu_resource]: String(gpus) } : {};
  return {
    requests: { ...(cpus !== undefined && { cpu: String(cpus) }), ...memory, ...gpu },
    limits: { ...memory, ...gpu },
  };
}

/** A Secret as files -> the one file that run.py takes, which belongs to the user that reads it, with mode 0600 and in memory alone. */
const gatherSecrets = `import json, os, sys
source, target = sys.argv[1:]
values = {name: open(os.path.join(source, name)).read() for name in os.listdir(source) if not name.startswith(".")}
with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
    json.dump(values, file)
`;

function secretsContainer(target: KubernetesTarget): object {
  const { image, python } = target;
  return {
    name: "secrets",
    image,
    command: [python, "-c", gatherSecrets, secretMount, `${privateMount}/secrets.json`],
    securityContext: containerSecurity(target),
    volumeMounts: [
      { name: "secret", mountPath: secretMount, readOnly: true },
      { name: "private", mountPath: privateMount },
    ],
  };
}

function volumes({ target, secret }: PodInput): object[] {
  return [
    { name: "claim", persistentVolumeClaim: { claimName: target.claim } },
    { name: "shm", emptyDir: { medium: "Memory", sizeLimit: `${target.shm_gb}G` } },
    ...(secret
      ? [
          { name: "secret", secret: { secretName: secret } },
          { name: "private", emptyDir: { medium: "Memory", sizeLimit: "1M" } },
        ]
      : []),
  ];
}

/**
 * What a pod's end means. A disruption (preemption, eviction, drain, a lost node) and "resume me" make another pod, which goes on from the last
 * checkpoint in the claim; any other failure, of an init container too, is the job's own. `again`: Count by the Job's `backoffLimit`, FailJob
 * where a set begins again.
 */
export function podFailurePolicy(again: "Count" | "FailJob"): object {
  return {
    rules: [
      { action: again, onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
      { action: again, onExitCodes: { containerName, operator: "In", values: [resumeMe] } },
      ...(again === "Count" ? [{ action: "FailJob", onExitCodes: { operator: "NotIn", values: [0, resumeMe] } }] : []),
    ],
  };
}
