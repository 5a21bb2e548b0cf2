// Target `ssh`: any machine with sshd and python3, in the recipe's `compute.on` or in targets.yaml.
import { z } from "zod";
import { connectionSchema } from "./connection.js";
import { farFolder, farSettings } from "./far.js";

export const sshTargetSchema = z.strictObject({
  launcher: z.literal("ssh"),
  at: connectionSchema.describe(
    "the machine: a host of ~/.ssh/config, user@name, or a map (host, port, identity, jump, config)",
  ),
  dir: farFolder,
  python: z.string().min(1).default("python3").describe("runs the supervisor there (3.9 or newer)"),
  engine_python: z
    .string()
    .min(1)
    .optional()
    .describe("Python with the engine that is there already; default: ft makes the environment there from its lock"),
  ...farSettings,
});
