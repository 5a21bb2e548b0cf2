// Whether code that a model wrote passes its tests: run in a sandbox without network, or not at all.
import { randomUUID } from "node:crypto";
import { execa } from "execa";
import { FtError } from "../../errors.js";
import type { Scorer } from "../../recipes/schema/suites.js";

export type CodeScorer = Extract<Scorer, { type: "code" }>;

/** Started with the program on stdin; runs it with Python and nothing else of this machine. */
export interface Sandbox {
  name: "docker" | "podman" | "bubblewrap";
  command: string[];
}

/** 1 when the answer's code and the tests after it run to their end. A crash, an early exit and a timeout are 0. */
export async function passesTests(
  output: string,
  tests: string,
  { sandbox, timeout, signal }: { sandbox: Sandbox; timeout: number; signal?: AbortSignal | undefined },
): Promise<0 | 1> {
  // An answer that ends the program before its tests must not pass.
  const mark = `passed-${randomUUID()}`;
  const program = `${codeOf(output)}\n\n${tests}\n\nprint()\nprint(${JSON.stringify(mark)})\n`;
  const [file, ...args] = sandbox.command;
  const result = await execa(file!, args, {
    input: program,
    reject: false,
    timeout: timeout * 1000,
    killSignal: "SIGKILL",
    maxBuffer: 1_000_000,
    ...(signal && { cancelSignal: signal }),
  });
  signal?.throwIfAborted();
  if (result.exitCode === 125 || (sandbox.name === "bubblewrap" && result.stderr.startsWith("bwrap:"))) {
    throw new Error(`the sandbox did not start: ${result.stderr.trim().split("\n").at(-1)}`);
  }
  return result.exitCode === 0 && result.stdout.trimEnd().split("\n").at(-1) === mark ? 1 : 0;
}

/** What stands in the first code fence, else all of it. */
function codeOf(output: string): string {
  return /```(?:python|py)?[ \t]*\n(.*?)(?:```|$)/s.exec(output)?.[1] ?? output;
}

/** Throws FtError eval.no-sandbox (environment). */
export async function findSandbox({ sandbox: wanted, image, timeout }: CodeScorer): Promise<Sandbox> {
  const tried: string[] = [];
  for (const name of ["docker", "podman", "bubblewrap"] as const) {
    if (wanted !== "auto" && wanted !== name) continue;
    const command = commandOf(name, image, timeout);
    const { failed, stderr, shortMessage } = await execa(command[0]!, command.slice(1), {
      input: "print('ready')",
      reject: false,
      timeout: 120_000,
    });
    if (!failed) return { name, command };
    tried.push(`${name}: ${(stderr || shortMessage || "").trim().split("\n").at(-1)}`);
  }
  throw new FtError({
    code: "eval.no-sandbox",
    exit: "environment",
    message: "code that a model wrote is only run in a sandbox, and there is none here",
    why: tried.join("; "),
    next: "install bubblewrap (apt-get install bubblewrap), docker or podman",
  });
}

function commandOf(name: Sandbox["name"], image: string, timeout: number): string[] {
  if (name === "bubblewrap") {
    return [
      ...["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"],
      ...["--setenv", "PATH", "/usr/bin:/bin", "--setenv", "LANG", "C.UTF-8"],
      ...["--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib"],
      ...["--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--chdir", "/tmp"],
      ...["prlimit", `--as=${2 ** 30}`, "--nproc=64", `--cpu=${Math.ceil(timeout) + 1}`, "python3", "-I", "-"],
    ];
  }
  return [
    ...[name, "run", "--rm", "--interactive", "--network", "none", "--read-only", "--tmpfs", "/tmp"],
    ...["--memory", "1g", "--pids-limit", "64", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
    ...["--user", "65534:65534", "--workdir", "/tmp", image],
    ...["timeout", "--signal=KILL", String(timeout), "python3", "-I", "-"],
  ];
}
