// A target of launcher `skypilot`: what SkyPilot may choose among, and where a run's checkpoints outlive its machine.
import { z } from "zod";
import { farSettings } from "./far.js";

const gpuName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, "a GPU as `sky gpus list` calls it: H100, L4, A100-80GB");

export const skypilotTargetSchema = z.strictObject({
  launcher: z.literal("skypilot"),
  infra: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .optional()
    .describe("where it may run: aws, gcp/us-central1, k8s/my-context, slurm; default: wherever it is cheapest"),
  gpu: z
    .union([gpuName, z.array(gpuName).min(1)])
    .optional()
    .describe("GPU, or several to choose among, as `sky gpus list` calls them; left out: a machine without"),
  instance_type: z.string().min(1).optional(),
  cpus: z
    .string()
    .regex(/^\d+\+?$/, "a number, or at least so many: 8+")
    .optional(),
  memory_gb: z
    .string()
    .regex(/^\d+\+?$/, "a number, or at least so many: 64+")
    .optional(),
  disk_gb: z.int().positive().default(256),
  spot: z.boolean().default(true).describe("spot machines: cheaper, and gone now and then; the run goes on elsewhere"),
  strategy: z
    .enum(["EAGER_NEXT_REGION", "FAILOVER"])
    .default("EAGER_NEXT_REGION")
    .describe("where it goes on after a preemption: another region at once, or the same one first"),
  restarts_on_errors: z
    .int()
    .nonnegative()
    .default(0)
    .describe("times a failed run is started again; a preemption does not count"),
  bucket: z
    .string()
    .regex(/^(s3|gs):\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[\w.-]+)*$/, "like s3://bucket or gs://bucket/folder")
    .describe("checkpoints and results go there; it stays when the machine goes"),
  image: z
    .string()
    .min(1)
    .optional()
    .describe("docker:<image>, or the cloud's own image id; default SkyPilot's, where uv makes the engine"),
  nodes: z.int().positive().default(1).describe("machines that train together; compute.gpus is over all"),
  max_hours: z
    .number()
    .positive()
    .default(72)
    .describe("hours after which a machine ends the run, when compute.budget says nothing less"),
  ...farSettings,
});

export type SkypilotTarget = z.output<typeof skypilotTargetSchema>;
