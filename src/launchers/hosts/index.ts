// The host that a connection leads to.
import { z } from "zod";
import { keptConnectionSchema } from "../../recipes/schema/targets/connection.js";
import { kubernetesTargetSchema } from "../../recipes/schema/targets/kubernetes.js";
import { filesPod } from "../kubernetes/files-pod.js";
import type { Host } from "./contract.js";
import { sshHost } from "./ssh.js";
import { thisMachine } from "./this-machine.js";

/** How a folder for jobs is reached: a machine by ssh, or a cluster's claim by a pod. */
export const reachSchema = z.union([kubernetesTargetSchema, keptConnectionSchema]);
export type Reach = z.output<typeof reachSchema>;

const known = new Map<string, Host>();

/** Null: this machine. One connection is shared by all that ask for it. */
export function hostOf(reach: Reach | null): Host {
  if (reach === null) return thisMachine;
  const key = JSON.stringify(reach);
  const host = known.get(key) ?? ("launcher" in reach ? filesPod(reach) : sshHost(reach));
  known.set(key, host);
  return host;
}
