// A suite of type `command`: a person's program evaluates the subject and prints our JSON lines.
import { statSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { FtError } from "../../errors.js";
import type { ItemRecord } from "../../eval/record.js";
import { metricsOf, readPrinted } from "../../eval/suites/printed-items.js";
import { hashFile } from "../../models/hash-cache.js";
import type { CommandSuite } from "../../recipes/schema/suites.js";
import { trainerEnv } from "../submit.js";
import type { ProgramContext, ProgramRun } from "./evaluate-elsewhere.js";
import { makeHarness } from "./harness.js";
import type { SubjectHere } from "./resolve-subjects.js";
import { subjectLabel } from "./subject.js";

/** Throws, when it runs, FtError eval.command (training; environment where the program is not there), eval.printed (training). */
export async function runCommand(here: SubjectHere, suite: CommandSuite, where: ProgramContext): Promise<ProgramRun> {
  const { run, metrics } = suite;
  return {
    settings: { run, metrics, files: await namedFiles(suite, where.loaded.dir) },
    decoding: null,
    tools: {},
    run: async () => {
      const items = await runProgram(here, suite, where);
      return { items, metrics: metricsOf(items, metrics) };
    },
  };
}

/** Hashes of the files that the command names: another script, another evaluation. */
function namedFiles({ run }: CommandSuite, dir: string): Promise<string[]> {
  const files = run.filter((argument) => statSync(resolve(dir, argument), { throwIfNoEntry: false })?.isFile());
  return Promise.all(files.map((file) => hashFile(resolve(dir, file))));
}

/** In the recipe's folder. What it prints is kept until it is known to be good. */
async function runProgram(
  here: SubjectHere,
  suite: CommandSuite,
  { loaded, context }: ProgramContext,
): Promise<ItemRecord[]> {
  const { name, run, timeout } = suite;
  const { modelDir } = await here.base();
  const given = { model: modelDir, adapter: here.adapter?.dir ?? "", base: here.subject.base.id };
  const [program, ...args] = run.map((one) =>
    one.replace(/\{(model|adapter|base)\}/g, (_, key) => given[key as keyof typeof given]),
  );
  context.onProgress({ label: `${name} of ${subjectLabel(here.subject)}` });
  const result = await execa(program!, args, {
    cwd: loaded.dir,
    env: trainerEnv(context.env),
    extendEnv: false,
    stdin: "ignore",
    reject: false,
    timeout: timeout * 1000,
    cancelSignal: context.signal,
    maxBuffer: 1 << 30,
  });
  context.signal.throwIfAborted();
  const { dir } = await makeHarness(suite, here.subject, loaded.dir);
  const kept = join(dir, "printed.jsonl");
  await writeFile(kept, result.stdout);
  if (result.failed) throw programFailed(name, program!, { ...result, timeout });
  const items = readPrinted(result.stdout, kept);
  await rm(dir, { recursive: true, force: true });
  return items;
}

function programFailed(
  suite: string,
  program: string,
  result: {
    code?: string | undefined;
    exitCode?: number | undefined;
    timedOut: boolean;
    stderr: string;
    timeout: number;
  },
): FtError {
  const isMissing = result.code === "ENOENT" || result.code === "EACCES";
  const why = isMissing
    ? "it cannot be run"
    : result.timedOut
      ? `it did not end within ${result.timeout} s`
      : `it ended with exit code ${result.exitCode}${result.stderr ? `: ${result.stderr.trim().split("\n").slice(-3).join("\n")}` : ""}`;
  return new FtError({
    code: "eval.command",
    exit: isMissing ? "environment" : "training",
    message: `the program ${program} of suite ${suite} failed`,
    why,
    next: "run it by hand in the recipe's folder, mend it, and repeat",
  });
}
