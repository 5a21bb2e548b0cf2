// How a machine is reached by ssh: what the ssh launcher, a cluster's login node and a remote Docker daemon share.
import { z } from "zod";

/** Words that ssh and scp would take for an option, or a shell for something else, are refused here once. */
const word = z
  .string()
  .regex(/^(?!.*(^|@)-)[^\s\p{Cc}'"`$;&|<>\\]+$/u, "no spaces, quotes or shell signs, and no '-' in front");

const keys = {
  host: word.describe("a host of ~/.ssh/config, a name, or user@name"),
  port: z.int().min(1).max(65_535).optional(),
  identity: z
    .string()
    .min(1)
    .optional()
    .describe("file of the private key; default: what ssh itself takes, or the agent"),
  jump: word.optional().describe("user@host:port to go through (ProxyJump)"),
  config: z.string().min(1).optional().describe("another file than ~/.ssh/config"),
};

/** `box` is short for `{ host: box }`; a host of ~/.ssh/config brings all the rest from there. */
export const connectionSchema = z.preprocess(
  (value) => (typeof value === "string" ? { host: value } : value),
  z.strictObject(keys),
);

/** As a run keeps it. `namedBy`: what led there, where that was not the target: "DOCKER_HOST". */
export const keptConnectionSchema = z.strictObject({ ...keys, namedBy: z.string().optional() });

export type Connection = z.output<typeof keptConnectionSchema>;
