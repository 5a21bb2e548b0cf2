// The host that a connection leads to.
import type { Connection } from "../../recipes/schema/targets/connection.js";
import type { Host } from "./contract.js";
import { sshHost } from "./ssh.js";
import { thisMachine } from "./this-machine.js";

const known = new Map<string, Host>();

/** Null: this machine. One connection is shared by all that ask for it. */
export function hostOf(connection: Connection | null): Host {
  if (connection === null) return thisMachine;
  const key = JSON.stringify(connection);
  const host = known.get(key) ?? sshHost(connection);
  known.set(key, host);
  return host;
}
