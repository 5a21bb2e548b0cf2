// Runs docker's or podman's command line, and says in plain words when it is not there or has no daemon to talk to.
import { execa } from "execa";
import { FtError } from "../../errors.js";
import type { Env } from "../../paths.js";
import type { ContainerRuntime } from "./container-runtime.js";

export interface CliOptions {
  runtime: ContainerRuntime;
  /** DOCKER_HOST, contexts and registry logins count as they do for the person. */
  env: Env;
  signal?: AbortSignal | undefined;
  /** Gets each line that the program prints, of both streams. */
  onLine?: ((line: string) => void) | undefined;
}

export interface CliResult {
  failed: boolean;
  stdout: string;
  /** The last lines of what it printed: of stderr where there is something. */
  lastWords: string;
}

/** Throws FtError (environment) image.no-runtime, image.no-daemon; a command that fails otherwise is a result. */
export async function containerCli(args: string[], { runtime, env, signal, onLine }: CliOptions): Promise<CliResult> {
  const child = execa(runtime, args, {
    env: { ...env },
    extendEnv: false,
    reject: false,
    stdin: "ignore",
    all: true,
    ...(signal ? { cancelSignal: signal } : {}),
  });
  if (onLine) for await (const line of child.iterable({ from: "all" }) as AsyncIterable<string>) onLine(line);
  const { failed, stdout, stderr, code } = await child;
  signal?.throwIfAborted();
  if (code === "ENOENT") throw noRuntime(runtime);
  if (failed && isWithoutDaemon(stderr)) throw noDaemon(runtime, stderr);
  const words = stderr.trim() || stdout.trim();
  return { failed, stdout, lastWords: words.split("\n").slice(-12).join("\n") };
}

/** By what docker (before and since 29) or podman says on stderr. A registry that the daemon does not reach is another thing. */
export function isWithoutDaemon(stderr: string): boolean {
  if (/^Error response from daemon/m.test(stderr)) return false;
  return /Cannot connect to the Docker daemon|failed to connect to the docker API|error during connect|permission denied while trying to connect|unable to connect to Podman/i.test(
    stderr,
  );
}

function noRuntime(runtime: ContainerRuntime): FtError {
  return new FtError({
    code: "image.no-runtime",
    exit: "environment",
    message: `${runtime} is not on PATH`,
    next: `install ${runtime === "docker" ? "Docker (docs.docker.com/engine/install), or choose --runtime podman" : "podman, or choose --runtime docker"}`,
  });
}

function noDaemon(runtime: ContainerRuntime, stderr: string): FtError {
  return new FtError({
    code: "image.no-daemon",
    exit: "environment",
    message: `${runtime} has no daemon to talk to`,
    why: stderr.trim().split("\n").at(-1),
    next: "start it (systemctl start docker), join the group docker, or set DOCKER_HOST to where one listens",
  });
}
