// job.json, the manifest of a job folder: all a launcher needs to execute it, on any machine, without ft.
import { z } from "zod";
import { targetSchema } from "../recipes/schema/targets.js";

export const jobVersion = 1;

/** One program of the engine's environment, run in order by trainer/run.py: `python -m <module> <args...>` in the job folder. */
const stepSchema = z.object({
  name: z.enum(["train", "evaluate"]),
  module: z.string(),
  args: z.array(z.string()),
});

const namedTargetSchema = z.object({
  /** As the person calls it. */
  name: z.string(),
  settings: targetSchema,
});

export const jobSchema = z.object({
  version: z.literal(jobVersion),
  /** Run id, also the folder's name. */
  id: z.string(),
  /** Recipe name. */
  name: z.string(),
  createdAt: z.number(),
  engine: z.object({ name: z.string(), version: z.string() }),
  steps: z.array(stepSchema),
  /** Environment variables for the steps. Never secrets. */
  env: z.record(z.string(), z.string()),
  model: z.object({
    /** What the person asked for. */
    asked: z.string(),
    /** Written into adapter_config.json as base_model_name_or_path: hub id, or the alias of an embedded model, or the folder. */
    id: z.string(),
    /** Commit of a hub model, else sha256 of the weights' manifest. */
    revision: z.string(),
    /** The folder on this machine. In the job folder it is reached as `model/`, a link, so that configs stay the same everywhere. */
    path: z.string(),
    /** Where another machine fetches it from; null: it goes there with the job. */
    hub: z.object({ id: z.string(), revision: z.string() }).nullable().default(null),
  }),
  /** That train together; 0: on a CPU. */
  gpus: z.int().nonnegative().default(0),
  heartbeatSeconds: z.number().positive(),
  /**
   * compute.budget, as the supervisor holds the run to it: seconds over all attempts (dollars by the price at the start), bytes of this
   * folder, and how long a step may take to save its checkpoint then. Null: no limit.
   */
  limits: z
    .object({
      seconds: z.number().positive().nullable(),
      secondsFrom: z.string().nullable(),
      bytes: z.number().positive().nullable(),
      graceSeconds: z.number().nonnegative(),
    })
    .nullable()
    .default(null),
  /** Where it runs. */
  target: namedTargetSchema.default({ name: "local", settings: { launcher: "local" } }),
  /** Where attempts ran before it was resumed elsewhere: what they left there is found by this. */
  formerTargets: z.array(namedTargetSchema).optional(),
  /** Checkpoints go here; relative to the job folder. */
  checkpointDir: z.string(),
  /** The trained adapter (or full model) goes here; relative. */
  adapterDir: z.string(),
});

export type Job = z.output<typeof jobSchema>;
