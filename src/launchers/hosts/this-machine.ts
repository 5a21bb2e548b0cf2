// This machine as a host.
import { execa } from "execa";
import { FtError } from "../../errors.js";
import type { Conversation, Host, RunOptions, RunResult } from "./contract.js";

const defaultBytes = 64 << 20;
const keptStderr = 64 << 10;

export const thisMachine: Host = {
  label: "this machine",
  isHere: true,
  run: (argv, options) => runProgram(argv, options, "this machine"),
  talk: (argv, options) => talkTo(argv, options),
};

/** `label`: whose answer is waited for. Throws FtError launcher.unreachable when it does not come in time, launcher.too-much. */
export async function runProgram(
  [file, ...args]: readonly string[],
  { input, timeoutMs, maxBytes = defaultBytes, signal, env }: RunOptions & { env?: Record<string, string> } = {},
  label: string,
): Promise<RunResult> {
  const result = await execa(file!, args, {
    ...(input === undefined ? { stdin: "ignore" } : { input }),
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    ...(signal ? { cancelSignal: signal } : {}),
    ...(env ? { env } : {}),
    encoding: "buffer",
    maxBuffer: { stdout: maxBytes, stderr: maxBytes },
    reject: false,
    stripFinalNewline: false,
  });
  signal?.throwIfAborted();
  if (result.timedOut) throw unreachable(label, `no answer within ${Math.round(timeoutMs! / 1000)} s`);
  if (result.isMaxBuffer) throw tooMuch(label, file!);
  const stderr = lastOf(result.stderr as Uint8Array);
  if (result.code === "ENOENT" || result.code === "EACCES") return { exitCode: 127, stdout: new Uint8Array(), stderr };
  return { exitCode: result.exitCode ?? 128, stdout: result.stdout as Uint8Array, stderr };
}

export function talkTo([file, ...args]: readonly string[], { signal }: Pick<RunOptions, "signal"> = {}): Conversation {
  const child = execa(file!, args, {
    ...(signal ? { cancelSignal: signal } : {}),
    buffer: { stdout: false },
    reject: false,
    maxBuffer: { stderr: defaultBytes },
  });
  child.stdin!.on("error", () => undefined); // a program that ends before it has read all: its exit code says so
  const ended = child.then((result): RunResult => {
    signal?.throwIfAborted();
    const stderr = String(result.stderr ?? "").slice(-keptStderr);
    return { exitCode: result.exitCode ?? 128, stdout: new Uint8Array(), stderr };
  });
  ended.catch(() => undefined); // whoever waits for it hears of it
  return { stdin: child.stdin!, stdout: child.stdout!, ended, end: () => void child.kill() };
}

export function unreachable(label: string, why: string): FtError {
  return new FtError({
    code: "launcher.unreachable",
    exit: "environment",
    message: `${label} does not answer`,
    why,
    next: "look whether it is up and the network reaches it; what runs there goes on, and ft finds it again",
  });
}

function tooMuch(label: string, file: string): FtError {
  return new FtError({
    code: "launcher.too-much",
    exit: "environment",
    message: `${file} on ${label} prints more than ft takes`,
    next: "look at that machine: what answers there is not what ft asked",
  });
}

function lastOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(Math.max(0, bytes.length - keptStderr))).toString("utf8");
}
