// Target `docker`: a container on this machine or on one that ssh reaches, by docker or podman.
import { z } from "zod";
import { connectionSchema } from "./connection.js";
import { farFolder, farSettings } from "./far.js";

/** What docker would take for an option, or for two arguments, is no name. */
const name = z.string().regex(/^[A-Za-z0-9][^\s,'"]*$/, "no spaces, quotes or commas, and a letter or digit in front");
const size = z.string().regex(/^[1-9]\d*[bkmg]$/i, 'a number with a unit: "16g"');

export const dockerTargetSchema = z.strictObject({
  launcher: z.literal("docker"),
  at: connectionSchema
    .optional()
    .describe("the machine whose containers; default: this one, or that of DOCKER_HOST or docker's context"),
  runtime: z.enum(["docker", "podman"]).default("docker"),
  image: name
    .optional()
    .describe("name, or name@sha256:...; any with a Python that has the engine; default: what `ft image build` makes"),
  prepare: z
    .boolean()
    .default(false)
    .describe("the image has a Python, but not the engine: made in the container, in a cache that containers share"),
  pull: z
    .enum(["always", "missing", "never"])
    .default("missing")
    .describe("when the image is fetched from its registry"),
  gpus: z
    .array(z.int().nonnegative())
    .min(1)
    .optional()
    .describe("GPUs that a run may take, by index; default: all; it takes compute.gpus of them that are free"),
  shm: z
    .union([z.literal("host"), size])
    .default("host")
    .describe('shared memory, which data loaders and NCCL need: the machine\'s, or a size of its own: "16g"'),
  memory: size.optional().describe('the most that the container may use: "64g"'),
  network: name.optional().describe("a network's name, or \"host\"; default: the engine's"),
  user: z
    .union([z.literal("me"), z.literal("image"), z.string().regex(/^\d+:\d+$/, 'ids: "1000:1000"')])
    .default("me")
    .describe("whose files those of the run are: the person's, the image's own user's, or ids"),
  hub_cache: z
    .string()
    .min(1)
    .default("~/.cache/huggingface")
    .describe("the Hub's cache on that machine, which containers share"),
  dir: farFolder,
  python: z.string().min(1).default("python3").describe("on the machine, for what ft does there (3.9 or newer)"),
  ...farSettings,
});
