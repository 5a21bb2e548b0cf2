// Keys that every target away from this machine has.
import { z } from "zod";

/** Where run folders, bases and leases lie on that machine. */
export const farFolder = z
  .string()
  .min(1)
  .default("~/ft-jobs")
  .describe("folder there for run folders, bases and GPU leases; ~/ is that machine's home");

const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "a variable's name has letters, digits and _");

export const farSettings = {
  base: z
    .enum(["fetch", "copy"])
    .default("fetch")
    .describe("a base of the Hub: fetched by that machine, or copied there from this one; folders are always copied"),
  env: z.record(variable, z.string()).default({}).describe("environment variables there; no secrets, they are stored"),
  secrets: z
    .array(variable)
    .default(["HF_TOKEN"])
    .describe("variables of this machine's environment that the run gets as a file only it can read"),
};
