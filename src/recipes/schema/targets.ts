// Where a run can be executed: one schema a launcher, used by `compute.on` of a recipe, by targets.yaml, and by job.json.
import { z } from "zod";
import { dockerTargetSchema } from "./targets/docker.js";
import { hfJobsTargetSchema } from "./targets/hf-jobs.js";
import { kubernetesTargetSchema } from "./targets/kubernetes.js";
import { skypilotTargetSchema } from "./targets/skypilot.js";
import { slurmTargetSchema } from "./targets/slurm.js";
import { sshTargetSchema } from "./targets/ssh.js";

const localTargetSchema = z.strictObject({
  launcher: z.literal("local"),
  share_gpus: z
    .boolean()
    .optional()
    .describe("true: runs that all say so may hold one GPU together; default: a run waits until its GPUs are its own"),
});

/** One line a launcher. */
export const targetSchema = z.discriminatedUnion("launcher", [
  localTargetSchema,
  dockerTargetSchema,
  sshTargetSchema,
  slurmTargetSchema,
  kubernetesTargetSchema,
  skypilotTargetSchema,
  hfJobsTargetSchema,
]);

export type Target = z.output<typeof targetSchema>;
export type LauncherName = Target["launcher"];
/** The settings of one launcher's targets. */
export type TargetOf<Name extends LauncherName> = Extract<Target, { launcher: Name }>;

/** ~/.config/ft/targets.yaml: `targets: { gpu-box: { launcher: ssh, at: gpu-box } }`. */
export const targetsFileSchema = z.strictObject({
  targets: z.record(
    z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/i, "use letters, digits, '.', '_' and '-'"),
    targetSchema,
  ),
});
