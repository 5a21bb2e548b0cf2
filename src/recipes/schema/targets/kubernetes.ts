// A target of launcher `kubernetes`: a cluster, and what a pod of it needs to train.
import { z } from "zod";
import { farSettings } from "./far.js";

/** A name as Kubernetes takes it (RFC 1123 subdomain). */
const objectName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, "use lower-case letters, digits, '-' and '.'");

const tolerationSchema = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(["Exists", "Equal"]).optional(),
  value: z.string().optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
});

export const kubernetesTargetSchema = z.strictObject({
  launcher: z.literal("kubernetes"),
  context: z.string().min(1).optional().describe("context of the kubeconfig; default the current one"),
  namespace: objectName.default("default"),
  image: z
    .string()
    .min(1)
    .describe("container image: one of `ft image build`, or any with python3, tar and the GPU's libraries"),
  python: z.string().min(1).default("python3").describe("runs the supervisor in that image (3.9 or newer)"),
  dir: z
    .string()
    .regex(/^\/[\w./-]*\w$/, "an absolute path")
    .default("/ft")
    .describe("where the claim is mounted: run folders, bases and caches lie below"),
  claim: objectName.describe(
    "PersistentVolumeClaim that keeps run folders and caches; ReadWriteMany for several nodes",
  ),
  image_pull_secret: objectName.optional(),
  secret: objectName
    .optional()
    .describe(
      "Secret of the cluster whose keys the run gets, HF_TOKEN say; default: ft makes one of your own `secrets`",
    ),
  service_account: objectName.optional(),
  gpu_resource: z.string().min(1).default("nvidia.com/gpu").describe("what the cluster calls a GPU"),
  node_selector: z.record(z.string(), z.string()).default({}),
  tolerations: z.array(tolerationSchema).default([]),
  priority_class: objectName.optional(),
  cpus: z.number().positive().optional().describe("cores requested for a node's pod"),
  memory_gb: z.number().positive().optional().describe("memory requested for a node's pod, GB, and its limit"),
  shm_gb: z.number().positive().default(8).describe("shared memory (/dev/shm), GB; counts as the pod's memory"),
  user: z.int().nonnegative().optional().describe("user and group id of the pod; default the image's"),
  queue: objectName.optional().describe("local queue of Kueue: the job waits suspended until it is admitted"),
  nodes: z.int().positive().default(1).describe("pods that train together (a JobSet); compute.gpus is over all"),
  max_hours: z
    .number()
    .positive()
    .default(72)
    .describe("the cluster ends the job then, when compute.budget says nothing less"),
  ...farSettings,
});

export type KubernetesTarget = z.output<typeof kubernetesTargetSchema>;
