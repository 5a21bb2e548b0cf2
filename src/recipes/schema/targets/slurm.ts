// Target `slurm`: a cluster whose login node is this machine, or one that ssh reaches; its nodes see the run folder at the same path.
import { z } from "zod";
import { connectionSchema } from "./connection.js";
import { farFolder, farSettings } from "./far.js";
import { secondsOf, slurmTime } from "./slurm-time.js";

/** What stands in an #SBATCH line: nothing in it that ends or quotes one. */
const name = z.string().regex(/^[\w.+@:/-]+$/, "letters, digits and . _ + @ : / - only");
/** Names, or an expression over them: `a100|h100`, `n[1-4],n9`. */
const expression = z.string().regex(/^[\w.+@:/,()[\]&|*!=-]+$/, "no spaces, quotes or $ in it");
const line = z.string().regex(/^[^"'\\`$\r\n\0]+$/, "no quotes, backslashes, $ or line ends in it");
/** Between the parts of a mount stands a colon, between mounts a comma. */
const mount = z
  .string()
  .regex(
    /^\/[^:,"'\\`$\r\n\0]*(:\/[^:,"'\\`$\r\n\0]*)?(:r[ow])?$/,
    "write /path, /path:/in/the/container or /path:/in/the/container:ro",
  );

/** Another value would break how ft finds, stops or follows its jobs, or write secrets into Slurm's spool. */
const ownOptions =
  /^--(job-name|dependency|chdir|output|error|open-mode|export|export-file|signal|requeue|no-requeue|parsable|wrap|wait|array|nodes|test-only)(=|$)/;

const containerSchema = z.strictObject({
  kind: z
    .enum(["apptainer", "enroot", "pyxis"])
    .describe("what starts it: `apptainer exec`, `enroot start`, or srun's own --container-image (pyxis)"),
  image: line.describe("apptainer: a .sif file or docker://name; enroot: a .sqsh file; pyxis: what it takes"),
  mounts: z.array(mount).default([]).describe("besides the job folder and the base: /path[:/in/the/container[:ro]]"),
  python: line.default("python").describe("the Python in the image that has the engine"),
});

export type SlurmContainer = z.output<typeof containerSchema>;

const settingsSchema = z.strictObject({
  launcher: z.literal("slurm"),
  login: connectionSchema
    .optional()
    .describe("the login node, as `at` of an ssh target; default: this machine, whose project folder the nodes see"),
  dir: farFolder,
  python: z.string().min(1).default("python3").describe("runs the supervisor on the nodes (3.9 or newer)"),
  engine_python: z
    .string()
    .min(1)
    .optional()
    .describe("Python with the engine that is there already; default: ft makes the environment from its lock"),
  partition: expression.optional(),
  account: name.optional(),
  qos: name.optional(),
  nodes: z.int().positive().default(1).describe("over which the recipe's GPUs are spread evenly"),
  gres: expression.optional().describe("of each node, in place of the recipe's number of GPUs: `gpu:a100:2`"),
  cpus: z.int().positive().optional().describe("of each node"),
  memory: z
    .string()
    .regex(/^\d+[KMGT]?$/i, "a number with K, M, G or T")
    .optional()
    .describe("of each node: `64G`"),
  time: z
    .string()
    .regex(slurmTime, "as Slurm writes it: minutes, h:mm:ss, d-hh")
    .optional()
    .describe(
      "limit of one start: `12:00:00` are hours (`12:00` would be 12 minutes, as Slurm reads it); with requeue a longer run goes on in another",
    ),
  constraint: expression.optional(),
  exclude: expression.optional(),
  reservation: name.optional(),
  requeue: z
    .boolean()
    .default(true)
    .describe("preempted or near its time limit, a run saves a checkpoint, goes back into the queue and resumes"),
  signal_seconds: z.int().min(1).max(65_535).default(300).describe("before the time limit, to save the checkpoint in"),
  modules: z.array(name).default([]).describe("`module load` of each, before the trainer starts"),
  container: containerSchema.optional(),
  extra: z
    .array(line.regex(/^--[a-z]/, "a long option: --mail-type=END"))
    .default([])
    .refine((options) => !options.some((option) => ownOptions.test(option)), "ft sets one of these options itself")
    .describe("further options of sbatch"),
  ...farSettings,
});

export const slurmTargetSchema = settingsSchema.refine(
  ({ time = "0", signal_seconds }) => secondsOf(time) > signal_seconds,
  {
    path: ["time"],
    error: "must be longer than signal_seconds (default 300): else every start is told to stop as it begins",
  },
);
