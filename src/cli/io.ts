// The world as commands see it: streams, environment, folder, clock. The shim passes the real one, tests pass their own.
import type { Env } from "../paths.js";

export interface Output {
  write(text: string): void;
  isTTY: boolean;
  columns: number;
}

export interface Io {
  /** Results only. */
  out: Output;
  /** For people: progress, notices, errors. */
  err: Output;
  stdin: NodeJS.ReadStream;
  env: Env;
  cwd: string;
  now(): number;
}

/** A person can be asked: both ends are terminals and this is no CI job. */
export function isInteractive(io: Io): boolean {
  return io.err.isTTY && io.stdin.isTTY === true && io.env.TERM !== "dumb" && !isCi(io.env);
}

/** As Ink sees it (its dependency is-in-ci): in CI it would draw nothing until the end. */
function isCi(env: Env): boolean {
  return [env.CI, env.CONTINUOUS_INTEGRATION].some(
    (value) => value !== undefined && value !== "0" && value !== "false",
  );
}

/** One JSON document on stdout; stable, two-space indented. */
export function writeJson(io: Io, value: unknown): void {
  io.out.write(`${JSON.stringify(value, null, 2)}\n`);
}
