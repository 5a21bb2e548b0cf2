// A target of launcher `hf-jobs`: hardware of the Hugging Face Hub by the minute.
import { z } from "zod";
import { farSettings } from "./far.js";

const owner = z.string().regex(/^[\w.-]+$/, "a user or an organisation of the Hub");

export const hfJobsTargetSchema = z.strictObject({
  launcher: z.literal("hf-jobs"),
  namespace: owner.describe("user or organisation that pays, and owns the repository of the runs"),
  flavor: z
    .string()
    .min(1)
    .default("a10g-small")
    .describe("hardware, as the Hub calls it: l4x1, a100-large, cpu-basic"),
  image: z
    .string()
    .min(1)
    .default("ghcr.io/astral-sh/uv:python3.12-bookworm")
    .describe("container image with python3 and pip or uv; ft makes the engine's environment in it"),
  repo: z
    .string()
    .regex(/^[\w.-]+$/, "a name without owner")
    .default("ft-jobs")
    .describe("private dataset repository of that namespace that keeps the run folders; made when it is not there"),
  max_hours: z
    .number()
    .positive()
    .default(24)
    .describe("hours after which the Hub ends the job, when compute.budget says nothing less"),
  ...farSettings,
});

export type HfJobsTarget = z.output<typeof hfJobsTargetSchema>;
