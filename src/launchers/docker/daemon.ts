// Talks to a container engine by its own command line, on the machine where it is: docker's daemon, or podman.
import { createInterface } from "node:readline";
import { isWithoutDaemon } from "../../engines/image/container-cli.js";
import { FtError } from "../../errors.js";
import { visibleLine } from "../../report/visible.js";
import type { Host, RunResult } from "../hosts/contract.js";
import { defaultSocket } from "./where-daemon.js";

export interface Daemon {
  host: Host;
  runtime: "docker" | "podman";
  /** As it is named on that machine; null: as that machine has it. */
  address: string | null;
}

export interface Answer {
  ok: boolean;
  stdout: string;
  /** The last line that it said on stderr. */
  words: string;
}

/** Throws FtError (environment) launcher.unreachable, launcher.no-runtime. */
export async function ask(daemon: Daemon, args: readonly string[], timeoutMs = 60_000): Promise<Answer> {
  return judge(daemon, await daemon.host.run(command(daemon, args), { timeoutMs }));
}

/** For what takes as long as it takes: each line that it prints, as it comes; an aborted signal ends it. Throws as `ask`. */
export async function follow(
  daemon: Daemon,
  args: readonly string[],
  { onLine, signal }: { onLine(line: string): void; signal?: AbortSignal | undefined },
): Promise<Answer> {
  const talk = daemon.host.talk(command(daemon, args), { signal });
  talk.stdin.end();
  for await (const line of createInterface({ input: talk.stdout })) onLine(line);
  return judge(daemon, await talk.ended);
}

function command({ runtime, address }: Daemon, args: readonly string[]): string[] {
  return [runtime, ...(address ? [runtime === "docker" ? "--host" : "--url", address] : []), ...args];
}

function judge(daemon: Daemon, { exitCode, stdout, stderr }: RunResult): Answer {
  if (exitCode === 127 && !/^(docker: )?Error/m.test(stderr)) throw noRuntime(daemon);
  const lines = stderr.split("\n").filter((line) => line.trim() && !/^(See|Run) '/.test(line));
  const words = visibleLine(lines.at(-1) ?? "");
  if (exitCode !== 0 && isWithoutDaemon(stderr)) throw noDaemon(daemon, words);
  return { ok: exitCode === 0, stdout: Buffer.from(stdout).toString("utf8"), words };
}

/** For commands that must work: throws FtError launcher.runtime (environment) with the engine's words. */
export async function tell(daemon: Daemon, args: readonly string[]): Promise<string> {
  const { ok, stdout, words } = await ask(daemon, args);
  if (ok) return stdout;
  throw new FtError({
    code: "launcher.runtime",
    exit: "environment",
    message: `${daemon.runtime} on ${daemon.host.label} refused \`${daemon.runtime} ${args.slice(0, 2).join(" ")}\``,
    why: words,
    next: "mend what it says there, then repeat the command",
  });
}

/** No news of what runs there: containers may outlive the daemon. */
function noDaemon({ host, runtime, address }: Daemon, words: string): FtError {
  const isForbidden = /permission denied/i.test(words);
  const start = runtime === "docker" ? "systemctl start docker" : "systemctl --user start podman.socket";
  const variable = runtime === "docker" ? "DOCKER_HOST, or docker's context" : "CONTAINER_HOST";
  const isNamed = address && address !== defaultSocket ? `, or mend ${variable}, which names ${address}` : "";
  return new FtError({
    code: "launcher.unreachable",
    exit: "environment",
    message: isForbidden
      ? `${runtime} on ${host.label} does not let you in`
      : `${runtime} on ${host.label} has no daemon that answers`,
    why: words,
    next: isForbidden
      ? "join the group docker there (usermod -aG docker, then log in anew), or use rootless docker or podman"
      : `start it there (${start})${isNamed}`,
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
