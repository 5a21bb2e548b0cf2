// The pod that trains, as Job and JobSet share it: what it runs, mounts, asks for and may.
import type { KubernetesTarget } from "../../recipes/schema/targets/kubernetes.js";
import { resumeMe } from "../exit-codes.js";
import { claimMount, labelsOf, type PodInput, runFolder, tokenSecret } from "./names.js";

const secretMount = "/run/secrets/ft";

/** The container whose exit code decides. */
export const containerName = "trainer";

/** Saved and gone before the kubelet kills: what the engine may need for a checkpoint, when the budget does not say. */
const defaultGraceSeconds = 300;

export function renderPodTemplate(input: PodInput): object {
  const { job, attempt, target } = input;
  return {
    metadata: { labels: labelsOf(job.id, attempt) },
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: job.limits?.graceSeconds ?? defaultGraceSeconds,
      enableServiceLinks: false,
      ...placement(target),
      ...identity(target),
      containers: [container(input)],
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
    ...(user !== undefined && { securityContext: { runAsUser: user, runAsGroup: user, fsGroup: user } }),
  };
}

function container(input: PodInput): object {
  const { job, attempt, resume, gpus, target } = input;
  const cache = `${claimMount}/cache`;
  const env = {
    FT_CACHE: cache,
    HF_HOME: `${cache}/huggingface`,
    ...(tokenSecret(input) && { HF_TOKEN_PATH: `${secretMount}/HF_TOKEN` }),
  };
  return {
    name: containerName,
    image: target.image,
    workingDir: runFolder(job.id),
    command: ["python3", "trainer/run.py"],
    args: [
      ...["--attempt", String(attempt), ...(resume ? ["--resume"] : [])],
      ...["--platform-restarts", "--prepare", "--echo-events"],
    ],
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
    resources: resources(target, gpus),
    securityContext: { allowPrivilegeEscalation: false },
    volumeMounts: [
      { name: "ft", mountPath: claimMount },
      { name: "shm", mountPath: "/dev/shm" },
      ...(tokenSecret(input) ? [{ name: "secrets", mountPath: secretMount, readOnly: true }] : []),
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

function volumes(input: PodInput): object[] {
  const secret = tokenSecret(input);
  return [
    { name: "ft", persistentVolumeClaim: { claimName: input.target.claim } },
    { name: "shm", emptyDir: { medium: "Memory", sizeLimit: `${input.target.shm_gb}G` } },
    ...(secret ? [{ name: "secrets", secret: { secretName: secret, defaultMode: secretMode(input.target) } }] : []),
  ];
}

/** The file is root's, and of the pod's group where a user is set (fsGroup); else whoever the image runs as must be able to read it. */
function secretMode({ user }: KubernetesTarget): number {
  return user === undefined ? 0o444 : 0o440;
}

/**
 * What a pod's end means. A disruption (preemption, drain, a lost node) and "resume me" make another pod, which goes on from the last
 * checkpoint in the claim; any other failure is the job's: `onOther`.
 */
export function podFailurePolicy(again: "Ignore" | "FailJob", other: "FailJob" | "Count"): object {
  return {
    rules: [
      { action: again, onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
      { action: again, onExitCodes: { containerName, operator: "In", values: [resumeMe] } },
      ...(other === "FailJob"
        ? [{ action: other, onExitCodes: { containerName, operator: "NotIn", values: [0, resumeMe] } }]
        : []),
    ],
  };
}
