// Talks to a container engine by its own command line, on the machine where it is: docker's daemon, or podman.
import { isWithoutDaemon } from "../../engines/image/container-cli.js";
import { FtError } from "../../errors.js";
import type { Connection } from "../../recipes/schema/targets/connection.js";
import type { TargetOf } from "../../recipes/schema/targets.js";
import { visibleLine } from "../../report/visible.js";
import type { Host } from "../hosts/contract.js";
import { unreachable } from "../hosts/this-machine.js";

export interface Daemon {
  host: Host;
  runtime: "docker" | "podman";
  /** As DOCKER_HOST names it; null: the default one. */
  address: string | null;
}

/** Where the containers are to run, from the target and DOCKER_HOST: `connection` null is this machine. */
export function whereDaemon({ at, runtime }: TargetOf<"docker">): {
  connection: Connection | null;
  address: string | null;
} {
  if (at) return { connection: at, address: null };
  const address = (runtime === "docker" ? process.env.DOCKER_HOST : process.env.CONTAINER_HOST) ?? "";
  const ssh = /^ssh:\/\/(?<host>[^:/]+)(?::(?<port>\d+))?/.exec(address)?.groups;
  if (ssh) return { connection: { host: ssh.host!, ...(ssh.port ? { port: Number(ssh.port) } : {}) }, address: null };
  if (address.startsWith("tcp://") && !/^tcp:\/\/(localhost|127\.)/.test(address)) throw noWay(address);
  return { connection: null, address: address || null };
}

export interface Answer {
  ok: boolean;
  stdout: string;
  /** The last line that it said on stderr. */
  words: string;
}

/** `timeoutMs` 0: as long as it takes. Throws FtError (environment) launcher.unreachable, launcher.no-runtime. */
export async function ask(daemon: Daemon, args: readonly string[], timeoutMs = 60_000): Promise<Answer> {
  const { host, runtime, address } = daemon;
  const to = address ? [runtime === "docker" ? "--host" : "--url", address] : [];
  const { exitCode, stdout, stderr } = await host.run([runtime, ...to, ...args], timeoutMs ? { timeoutMs } : {});
  if (exitCode === 127 && !/^(docker: )?Error/m.test(stderr)) throw noRuntime(daemon);
  const lines = stderr.split("\n").filter((line) => line.trim() && !/^(See|Run) '/.test(line));
  const words = visibleLine(lines.at(-1) ?? "");
  if (exitCode !== 0 && isWithoutDaemon(stderr)) throw unreachable(`${runtime} on ${host.label}`, words);
  return { ok: exitCode === 0, stdout: Buffer.from(stdout).toString("utf8"), words };
}

/** For commands that must work: throws FtError launcher.runtime (environment) with the engine's words. */
export async function tell(daemon: Daemon, args: readonly string[], timeoutMs?: number): Promise<string> {
  const { ok, stdout, words } = await ask(daemon, args, timeoutMs);
  if (ok) return stdout;
  throw new FtError({
    code: "launcher.runtime",
    exit: "environment",
    message: `${daemon.runtime} on ${daemon.host.label} refused: ${args[0]}`,
    why: words,
    next: "mend what it says, then repeat",
  });
}

function noRuntime({ host, runtime }: Daemon): FtError {
  return new FtError({
    code: "launcher.no-runtime",
    exit: "environment",
    message: `${host.label} has no ${runtime}`,
    next: `install it there (${runtime === "docker" ? "docs.docker.com/engine/install" : "podman.io"}), or name the other in the target's \`runtime\``,
  });
}

function noWay(address: string): FtError {
  return new FtError({
    code: "launcher.docker-host",
    exit: "environment",
    message: `ft cannot bring a job folder to the machine of DOCKER_HOST=${address}`,
    why: "a container there mounts folders of that machine, and a TCP socket carries no files",
    next: "reach it by ssh: DOCKER_HOST=ssh://user@host, or the target's `at`",
  });
}
