// Calls trainer/far_end.py on the machine of a place: its text goes along with each call, so nothing is installed there.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { FtError } from "../../errors.js";
import { packageRoot } from "../../paths.js";
import { visibleLine } from "../../report/visible.js";
import type { Conversation, Host, RunOptions } from "../hosts/contract.js";

let text: string | null = null;

function farCommand(python: string, command: string, args: readonly (string | number)[]): string[] {
  text ??= readFileSync(join(packageRoot, "trainer", "far_end.py"), "utf8");
  return [python, "-c", text, command, ...args.map(String)];
}

export interface FarCall<T> extends RunOptions {
  host: Host;
  python: string;
  command: string;
  args: readonly (string | number)[];
  /** Of the line that it answers with. */
  answer: z.ZodType<T>;
}

/** A look brings 4 MiB of events and some log, a list of 100,000 files about as much. */
const maxBytes = 16 << 20;

/** The answer, and the bytes after it. Throws FtError (exit environment) launcher.unreachable, launcher.far-end, launcher.unwritable, env.disk-full. */
export async function callFarEnd<T>(call: FarCall<T>): Promise<{ answer: T; rest: Uint8Array }> {
  const { host, python, command, args, answer, ...options } = call;
  const { exitCode, stdout, stderr } = await host.run(farCommand(python, command, args), { maxBytes, ...options });
  const end = stdout.indexOf(0x0a);
  if (exitCode !== 0 || end < 0) throw farFailure(host, python, exitCode, stderr);
  try {
    const line = JSON.parse(Buffer.from(stdout.subarray(0, end)).toString("utf8")) as unknown;
    return { answer: answer.parse(line), rest: stdout.subarray(end + 1) };
  } catch {
    throw farFailure(host, python, exitCode, "it answers with something else than ft asked for");
  }
}

/** As trainer/far_end.py has them. */
const [diskFull, notPermitted] = [41, 51];

export function farFailure(host: Host, python: string, exitCode: number, stderr: string): FtError {
  const words = visibleLine(stderr.trim().split("\n").at(-1) ?? "");
  if (exitCode === diskFull) {
    return new FtError({
      code: "env.disk-full",
      exit: "environment",
      message: `the disk of ${host.label} is full`,
      why: words,
      next: roomThere,
    });
  }
  if (exitCode === notPermitted) {
    return new FtError({
      code: "launcher.unwritable",
      exit: "environment",
      message: `${host.label} does not let ft write there`,
      why: words,
      next: "give yourself that folder there, or name another in the target's `dir`",
    });
  }
  const isMissing = exitCode === 127;
  return new FtError({
    code: "launcher.far-end",
    exit: "environment",
    message: isMissing ? `${host.label} has no ${python}` : `${host.label} could not do what ft asked`,
    why: isMissing ? "the supervisor of a run there is a Python program" : words || `exit code ${exitCode}`,
    next: isMissing
      ? "install Python 3.9 or newer there, or name one in the target's `python`"
      : "mend that there, then repeat the command",
  });
}

/** For streams of files. */
export function talkToFarEnd(
  { host, python }: { host: Host; python: string },
  command: string,
  args: readonly string[],
  signal?: AbortSignal,
): Conversation {
  return host.talk(farCommand(python, command, args), { signal });
}

export const nothing = z.object({});

/** What a person does about a full disk of another machine. */
export const roomThere =
  "free some there (`ft runs reap --on` finds what old runs left), keep fewer checkpoints (train.keep_checkpoints), or name a folder of another disk in the target's `dir`";
