// What a cluster has for a run, asked without starting one: permissions, the claim, the kinds that are needed, and a Job that the server only judges.
import { z } from "zod";
import { cpuOnly, type Device } from "../../engines/machine.js";
import type { KubernetesTarget } from "../../recipes/schema/targets/kubernetes.js";
import type { Probe } from "../contract.js";
import { kubectl, labelOf, refusal } from "./kubectl.js";
import { renderManifest } from "./render-manifests.js";
import { renderPodTemplate } from "./render-pod.js";

type Check = Probe["checks"][number];

export async function probeCluster(target: KubernetesTarget): Promise<Probe> {
  const server = await serverCheck(target); // throws when nobody answers
  const { queue } = target;
  const [device, ...checks] = await Promise.all([
    ...[deviceOf(target), claimCheck(target), jobCheck(target), podCheck(target)],
    ...(queue === undefined ? [] : [queueCheck(target, queue)]),
  ] as [Promise<Device>, ...Promise<Check>[]]);
  return { device, checks: [server, ...checks, gpuCheck(target, device)] };
}

async function serverCheck(target: KubernetesTarget): Promise<Check> {
  const { stdout } = await kubectl(target, ["get", "--raw", "/version"]);
  const { gitVersion } = z.object({ gitVersion: z.string() }).parse(JSON.parse(Buffer.from(stdout).toString("utf8")));
  return { name: "cluster", status: "ok", detail: `${gitVersion}, ${labelOf(target)}`, next: null };
}

async function claimCheck(target: KubernetesTarget): Promise<Check> {
  const { claim } = target;
  const asked = ["get", "persistentvolumeclaim", claim, "--output", "jsonpath={.status.phase} {.spec.accessModes}"];
  const result = await kubectl(target, asked, { expected: ["NotFound", "Forbidden"] });
  if (result.exitCode === 0) {
    const [phase = "", ...modes] = Buffer.from(result.stdout).toString("utf8").split(" ");
    const isShared = modes.join(" ").includes("ReadWriteMany");
    const detail = `${claim}: ${phase} ${modes.join(" ")}`.trim();
    const next =
      "the pod that trains and the one for its files share it: that needs ReadWriteMany, or a cluster of one node";
    return { name: "claim", status: isShared ? "ok" : "warn", detail, next: isShared ? null : next };
  }
  return {
    name: "claim",
    status: refusal(result) === "NotFound" ? "missing" : "warn",
    detail: `PersistentVolumeClaim ${claim} ${refusal(result) === "NotFound" ? "is not there" : "may not be looked at"}`,
    next: "make one in that namespace, or name another in the target's `claim`",
  };
}

const probed = { job: { id: "probe", limits: null, gpus: 0 }, attempt: 1, args: [], secret: null };

/** The server judges a whole Job (quotas, policies, webhooks, the JobSet kind), and makes nothing. */
async function jobCheck(target: KubernetesTarget): Promise<Check> {
  const manifest = renderManifest({ ...probed, target });
  const asked = ["create", "--dry-run=server", "--filename", "-", "--output", "name"];
  try {
    await kubectl(target, asked, { input: JSON.stringify(manifest) });
    return { name: "job", status: "ok", detail: `a ${manifest.kind} would be taken`, next: null };
  } catch (error) {
    const { code, why } = error as { code?: string; why?: string };
    if (code !== "launcher.refused") throw error;
    const next = "ask whoever runs the cluster; several nodes need the JobSet controller";
    return { name: "job", status: "missing", detail: `a ${manifest.kind} is refused: ${why}`, next };
  }
}

/** A Job is taken whatever its pods are like: what a namespace's policy, quota or limits forbid is told of a pod alone, and only when it is made. */
async function podCheck(target: KubernetesTarget): Promise<Check> {
  const { metadata, spec } = renderPodTemplate({ ...probed, target });
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "ft-probe", ...metadata }, spec };
  const asked = ["create", "--dry-run=server", "--filename", "-", "--output", "name"];
  try {
    await kubectl(target, asked, { input: JSON.stringify(pod) });
    return { name: "pod", status: "ok", detail: "its pod would be taken", next: null };
  } catch (error) {
    const { code, why = "" } = error as { code?: string; why?: string };
    if (code !== "launcher.refused") throw error;
    const isUnasked = /cannot create resource "pods"/.test(why);
    return {
      name: "pod",
      status: isUnasked ? "warn" : "missing",
      detail: isUnasked ? "whether its pod would be taken may not be asked" : `its pod is refused: ${why}`,
      next: isUnasked
        ? null
        : "for a policy set the target's `user` to a number above 0; for limits `cpus` and `memory_gb`",
    };
  }
}

/** Without the queue a job stays suspended for ever, and nothing says so. */
async function queueCheck(target: KubernetesTarget, queue: string): Promise<Check> {
  const asked = ["get", "localqueues.kueue.x-k8s.io", queue, "--output", "name"];
  try {
    const result = await kubectl(target, asked, { expected: ["NotFound", "Forbidden"] });
    if (result.exitCode === 0) return { name: "queue", status: "ok", detail: queue, next: null };
    const isMissing = refusal(result) === "NotFound";
    return {
      name: "queue",
      status: isMissing ? "missing" : "warn",
      detail: `LocalQueue ${queue} ${isMissing ? `is not in ${labelOf(target)}` : "may not be looked at"}`,
      next: "`kubectl get localqueues` lists them; the target's `queue` names one of that namespace",
    };
  } catch (error) {
    if ((error as { code?: string }).code !== "launcher.refused") throw error;
    const next = "ask whoever runs the cluster for Kueue, or leave out the target's `queue`";
    return { name: "queue", status: "missing", detail: "the cluster has no Kueue", next };
  }
}

const nodesSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
      status: z.object({ allocatable: z.record(z.string(), z.string()).default({}) }),
    }),
  ),
});

/** The GPUs of one node that the run could go to, as NVIDIA's feature discovery labels it. Who may not list nodes hears of a CPU. */
async function deviceOf(target: KubernetesTarget): Promise<Device> {
  const selector = Object.entries(target.node_selector).map(([name, value]) => `${name}=${value}`);
  const asked = [
    "get",
    "nodes",
    ...(selector.length > 0 ? ["--selector", selector.join(",")] : []),
    "--output",
    "json",
  ];
  const result = await kubectl(target, asked, { expected: ["Forbidden"] });
  if (result.exitCode !== 0) return cpuOnly("the cluster's nodes may not be listed, so its GPUs are not known");
  const { items } = nodesSchema.parse(JSON.parse(Buffer.from(result.stdout).toString("utf8")));
  const counts = items.map(({ status }) => Number(status.allocatable[target.gpu_resource] ?? 0));
  const count = Math.max(0, ...counts);
  if (count === 0) return cpuOnly();
  const { labels } = items[counts.indexOf(count)]!.metadata;
  const memoryMiB = Number(labels["nvidia.com/gpu.memory"] ?? 0);
  return {
    kind: "cuda",
    count,
    bf16: Number(labels["nvidia.com/gpu.compute.major"] ?? 8) >= 8,
    names: labels["nvidia.com/gpu.product"]
      ? Array(count).fill(labels["nvidia.com/gpu.product"].replaceAll("-", " "))
      : [],
    driver: null,
    memoryBytes: memoryMiB > 0 ? Array(count).fill(memoryMiB * 2 ** 20) : [],
    problem: null,
  };
}

function gpuCheck({ gpu_resource }: KubernetesTarget, { count, names, problem }: Device): Check {
  if (problem) return { name: "gpu", status: "warn", detail: problem, next: "ask for the right to list nodes" };
  const detail =
    count === 0 ? `no node offers ${gpu_resource}` : `up to ${count} x ${names[0] ?? gpu_resource} on a node`;
  return { name: "gpu", status: "ok", detail, next: null };
}
