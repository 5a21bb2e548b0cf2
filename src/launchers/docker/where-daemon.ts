// Which daemon a target means: the target says it itself, else its command line's own settings do, as for the person.
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { execaSync } from "execa";
import { z } from "zod";
import { FtError } from "../../errors.js";
import { type Connection, connectionSchema } from "../../recipes/schema/targets/connection.js";
import type { TargetOf } from "../../recipes/schema/targets.js";

export interface Where {
  /** Null: this machine. */
  connection: Connection | null;
  /** As the daemon is named on the machine where docker runs; null: as that machine has it. */
  address: string | null;
}

/** An address, and what names it: "DOCKER_HOST", "docker's context far". */
interface Named {
  by: string;
  address: string;
  isContext?: boolean;
}

/** Named, so that a run is found again whatever DOCKER_HOST and the context have become. */
export const defaultSocket = "unix:///var/run/docker.sock";

/** Throws FtError launcher.docker-host (environment). */
export function whereDaemon({ at, runtime }: TargetOf<"docker">): Where {
  if (at) return { connection: at, address: null };
  const named = namedAddress(runtime);
  if (named === null) return { connection: null, address: runtime === "docker" ? defaultSocket : null };
  const { address, isContext } = named;
  if (!address) return { connection: null, address: null }; // a context that docker does not know: it says so itself
  // docker takes what has no scheme for the address of a TCP socket.
  const text = /^[a-z]+:\//.test(address) ? address : `tcp://${address}`;
  switch (text.slice(0, text.indexOf(":"))) {
    case "unix":
    case "npipe":
      return { connection: null, address };
    case "ssh":
      return bySsh(named);
    case "tcp":
      if (!/^(localhost|127(\.\d+){3}|\[::1\])$/i.test(urlOf(named, text).hostname)) throw noWay(named, runtime);
      return { connection: null, address: isContext ? null : address }; // a context has certificates, which `--host` would leave out
    default:
      throw unreadable(named, "it begins with none of unix://, ssh:// and tcp://");
  }
}

function namedAddress(runtime: "docker" | "podman"): Named | null {
  const by = runtime === "docker" ? "DOCKER_HOST" : "CONTAINER_HOST";
  const address = process.env[by];
  if (address) return { by, address };
  return runtime === "docker" ? contextAddress() : null;
}

const endpoints = new Map<string, string>();

/** Null: the default context. Docker is asked once for each. */
function contextAddress(): Named | null {
  const folder = process.env.DOCKER_CONFIG || join(homedir(), ".docker");
  const name = process.env.DOCKER_CONTEXT || currentContext(folder);
  if (!name || name === "default") return null;
  const key = join(folder, name);
  const address = endpoints.get(key) ?? endpointOf(name);
  endpoints.set(key, address);
  return { by: `docker's context ${name}`, address, isContext: true };
}

const configSchema = z.object({ currentContext: z.string().optional() });

function currentContext(folder: string): string | undefined {
  try {
    return configSchema.parse(JSON.parse(readFileSync(join(folder, "config.json"), "utf8"))).currentContext;
  } catch {
    return undefined; // none, or one that docker cannot read either and goes on without
  }
}

/** Empty: docker does not know it, or is not here. */
function endpointOf(name: string): string {
  const args = ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}", "--", name];
  const { failed, stdout } = execaSync("docker", args, { reject: false, stdin: "ignore", timeout: 10_000 });
  return failed ? "" : stdout.trim();
}

/** A path is the socket's on that machine, which docker's command line there is told. */
function bySsh(named: Named): Where {
  const { hostname, port, username, password, pathname, search, hash } = urlOf(named, named.address);
  if (password) throw unreadable(named, "ssh takes no password from an address");
  if (!hostname) throw unreadable(named, "it names no host");
  if (search || hash) throw unreadable(named, "nothing stands after the path of an address");
  const [user, path] = [username, pathname].map((part) => decoded(named, part)) as [string, string];
  const host = hostname.replace(/^\[|\]$/g, "");
  const connection = connectionSchema.safeParse({
    host: user ? `${user}@${host}` : host,
    ...(port ? { port: Number(port) } : {}),
  });
  if (!connection.success) {
    const { path: at, message } = connection.error.issues[0]!;
    throw unreadable(named, `${at.join(".")}: ${message}`);
  }
  return {
    connection: { ...connection.data, namedBy: named.by },
    address: path === "" || path === "/" ? null : `unix://${path}`,
  };
}

function urlOf(named: Named, text: string): URL {
  if (!URL.canParse(text)) throw unreadable(named);
  return new URL(text);
}

function decoded(named: Named, part: string): string {
  try {
    const text = decodeURIComponent(part);
    if (!/\p{Cc}/u.test(text)) return text;
  } catch {
    // said below
  }
  throw unreadable(named, `${part} has a % that stands for no letter`);
}

/** Without its password: what is said here is kept in logs. */
function shown(address: string): string {
  return address.replace(/(?<=:\/\/[^:@]*:).*(?=@)/, "***");
}

function unreadable({ by, address }: Named, why?: string): FtError {
  return new FtError({
    code: "launcher.docker-host",
    exit: "environment",
    message: `${by} is ${shown(address)}, and that is no address that ft can reach a daemon by`,
    why,
    next: `mend ${by} (ssh://user@host:port, unix:///path), or name the machine in the target's \`at\``,
  });
}

function noWay({ by, address }: Named, runtime: "docker" | "podman"): FtError {
  const variable = runtime === "docker" ? "DOCKER_HOST" : "CONTAINER_HOST";
  return new FtError({
    code: "launcher.docker-host",
    exit: "environment",
    message: `ft cannot bring a job folder to the machine of ${by}, which is ${shown(address)}`,
    why: "a container there mounts folders of that machine, and a TCP socket carries no files",
    next: `reach it by ssh: ${variable}=ssh://user@host, or the target's \`at\``,
  });
}
