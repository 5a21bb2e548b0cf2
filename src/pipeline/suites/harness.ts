// What suites that another program evaluates share: a folder of its own for each subject, what it printed in stdout.log there, one way to fail.
import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { FtError } from "../../errors.js";
import { evalsDir, type Subject } from "../../eval/record.js";
import { logTail } from "../../launchers/local/index.js";
import type { Suite } from "../../recipes/schema/suites.js";
import { subjectLabel } from "./subject.js";

export interface Harness {
  /** As it calls itself. */
  program: string;
  suite: string;
  dir: string;
}

/** The same for the same suite and subject: whoever evaluates there holds its lock. */
function harnessDir({ name, type: program }: Suite, subject: Subject, projectDir: string): string {
  const id = createHash("sha256")
    .update(`${name} ${subjectLabel(subject)}`)
    .digest("hex")
    .slice(0, 16);
  return join(evalsDir(projectDir), `.${program}-${id}`);
}

export function harnessLock(suite: Suite, subject: Subject, projectDir: string): string {
  return `${harnessDir(suite, subject, projectDir)}.lock`;
}

/** Empty. It is removed when the evaluation is stored; after a failure it stays, to be looked at. */
export async function makeHarness(suite: Suite, subject: Subject, projectDir: string): Promise<Harness> {
  const dir = harnessDir(suite, subject, projectDir);
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  return { program: suite.type, suite: suite.name, dir };
}

/** Throws FtError eval.<program> (training) when it ends with an exit code that is not among `fine`. */
export async function runHarness(
  harness: Harness,
  {
    file,
    args,
    env,
    cwd,
    fine,
  }: { file: string; args: string[]; env: Record<string, string>; cwd: string; fine: number[] },
  signal: AbortSignal,
): Promise<void> {
  const log = join(harness.dir, "stdout.log");
  const { exitCode, signal: killedBy } = await execa(file, args, {
    ...{ cwd, env, extendEnv: false, stdin: "ignore", reject: false, cancelSignal: signal },
    stdout: { file: log, append: true },
    stderr: { file: log, append: true },
  });
  signal.throwIfAborted();
  if (exitCode !== undefined && fine.includes(exitCode)) return;
  throw harnessFailed(harness, `it ended with ${killedBy ?? `exit code ${exitCode}`}: ${logTail(harness.dir, 3)}`);
}

export function harnessFailed({ program, suite, dir }: Harness, why: string): FtError {
  return new FtError({
    code: `eval.${program}`,
    exit: "training",
    message: `${program} could not evaluate suite ${suite}`,
    where: { file: join(dir, "stdout.log") },
    why,
    next: whatToDo[program] ?? "look at the end of that file, mend it, and repeat",
  });
}

const whatToDo: Record<string, string> = {
  "lm-eval": "look at the end of that file: most often a task is not known, or its data cannot be fetched",
};
