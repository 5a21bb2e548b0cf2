// A suite of type `command`: a person's program evaluates the subject and prints our JSON lines.
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { FtError } from "../../errors.js";
import { evalsDir, type ItemRecord, writeEvaluation } from "../../eval/record.js";
import { listEvaluations, storeEvaluation } from "../../eval/record-store.js";
import { metricsOf, readPrinted } from "../../eval/suites/printed-items.js";
import { hashFile } from "../../models/hash-cache.js";
import type { LoadedRecipe } from "../../recipes/load.js";
import { canonicalJson } from "../../recipes/lock-file.js";
import type { CommandSuite } from "../../recipes/schema/suites.js";
import { ftVersion } from "../lock-entry.js";
import { trainerEnv } from "../submit.js";
import type { EvaluatedSuite, SuitesContext } from "./evaluate-suites.js";
import type { SubjectHere } from "./resolve-subjects.js";
import { subjectLabel } from "./subject.js";

/** Throws FtError eval.command (training; environment where the program is not there), eval.printed (training). */
export async function evaluateCommand(
  here: SubjectHere,
  suite: CommandSuite,
  { loaded, context, force }: { loaded: LoadedRecipe; context: SuitesContext; force: boolean },
): Promise<EvaluatedSuite> {
  const settings = await settingsHash(suite, loaded.dir);
  const before = listEvaluations(context.store).find(
    ({ suite: { name }, subject, notes, errors }) =>
      name === suite.name && notes.settings === settings && errors === 0 && isSame(subject, here.subject),
  );
  if (before && !force) return { manifest: before, reused: true };
  const createdAt = context.now();
  const items = await runProgram(here, suite, { loaded, context });
  const metrics = metricsOf(items, suite.metrics);
  const hash = createHash("sha256").update(settings);
  for (const { item, inputSha256 } of items) hash.update(canonicalJson([item, inputSha256]));
  const known = {
    suite: { name: suite.name, type: suite.type, sha256: hash.digest("hex"), metrics },
    ...{ subject: here.subject, decoding: null, run: here.adapter?.run ?? null, createdAt, endedAt: context.now() },
    ...{ tools: { ft: ftVersion() }, notes: { settings } },
  };
  const record = await writeEvaluation(loaded.dir, known, items);
  storeEvaluation(context.store, record);
  return { manifest: record.manifest, reused: false };
}

function isSame(a: SubjectHere["subject"], b: SubjectHere["subject"]): boolean {
  const key = ({ base, templateSha256, weightsSha256 }: typeof a) =>
    canonicalJson([base, templateSha256, weightsSha256]);
  return key(a) === key(b);
}

/** Over the command, and the files that it names. */
async function settingsHash({ run, metrics }: CommandSuite, dir: string): Promise<string> {
  const files = run.filter((argument) => statSync(resolve(dir, argument), { throwIfNoEntry: false })?.isFile());
  const hashes = await Promise.all(files.map((file) => hashFile(resolve(dir, file))));
  return createHash("sha256").update(canonicalJson({ run, metrics, hashes })).digest("hex");
}

/** In the recipe's folder. What it prints is kept until it is known to be good. */
async function runProgram(
  here: SubjectHere,
  { name, run, timeout }: CommandSuite,
  { loaded, context }: { loaded: LoadedRecipe; context: SuitesContext },
): Promise<ItemRecord[]> {
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
  const kept = join(evalsDir(loaded.dir), `.printed-${name}.jsonl`);
  await mkdir(evalsDir(loaded.dir), { recursive: true });
  await writeFile(kept, result.stdout);
  if (result.failed) throw programFailed(name, program!, { ...result, timeout });
  const items = readPrinted(result.stdout, kept);
  await rm(kept);
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
