// A suite of type `lm-eval`: EleutherAI's harness in its own pinned environment, each sample taken over as an item.
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { mkdir, readFile, rm, symlink } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { execa } from "execa";
import { ensureEnvironment } from "../../engines/env/ensure-environment.js";
import { detectDevice } from "../../engines/machine.js";
import { FtError } from "../../errors.js";
import { evalsDir } from "../../eval/record.js";
import { readLmEval, type TaskSamples } from "../../eval/suites/lm-eval-results.js";
import { logTail } from "../../launchers/local/index.js";
import { hashFile } from "../../models/hash-cache.js";
import type { LmEvalSuite } from "../../recipes/schema/suites.js";
import { trainerEnv } from "../submit.js";
import type { ProgramContext, ProgramRun } from "./evaluate-elsewhere.js";
import type { SubjectHere } from "./resolve-subjects.js";
import { subjectLabel } from "./subject.js";

const lmEval = { name: "lm-eval", version: "0.4.13" };

/** Throws, when it runs, FtError env.* (environment), eval.lm-eval (training). */
export async function runLmEval(here: SubjectHere, suite: LmEvalSuite, where: ProgramContext): Promise<ProgramRun> {
  const { name: _, type: __, batch_size: ___, ...settings } = suite;
  const { method, dtype } = here.settings;
  return {
    settings: { ...settings, files: await taskFiles(suite, where.loaded.dir), dtype, method, version: lmEval.version },
    decoding: {
      ...{ by: "the tasks", dtype, weights: method === "qlora" ? "nf4" : dtype, chat_template: suite.chat_template },
      ...{ num_fewshot: suite.num_fewshot ?? null, limit: suite.limit ?? null },
    },
    tools: { [lmEval.name]: lmEval.version },
    run: () => evaluate(here, suite, where),
  };
}

/** Hashes of a person's own task files. */
async function taskFiles({ include_path: path }: LmEvalSuite, dir: string): Promise<string[]> {
  if (path === undefined) return [];
  const folder = resolve(dir, path);
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Promise.all(
    names
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => hashFile(file)),
  );
}

async function evaluate(
  here: SubjectHere,
  suite: LmEvalSuite,
  { loaded, context }: ProgramContext,
): Promise<Awaited<ReturnType<ProgramRun["run"]>>> {
  const { env, signal, onProgress } = context;
  const { python } = await ensureEnvironment(lmEval, { env, signal, onProgress });
  const { modelDir } = await here.base();
  const id = createHash("sha256")
    .update(`${suite.name} ${subjectLabel(here.subject)}`)
    .digest("hex")
    .slice(0, 16);
  const dir = join(evalsDir(loaded.dir), `.lm-eval-${id}`);
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  // Links, because a comma in a path would end it for the harness.
  await symlink(modelDir, join(dir, "model"));
  if (here.adapter) await symlink(here.adapter.dir, join(dir, "adapter"));
  onProgress({ label: `${suite.name} of ${subjectLabel(here.subject)}: lm-eval ${suite.tasks.join(", ")}` });
  const { kind } = await detectDevice(env);
  const log = join(dir, "stdout.log");
  const { failed, exitCode } = await execa(python, argumentsOf(here, suite, { dir: loaded.dir, device: kind }), {
    ...{ cwd: dir, extendEnv: false, stdin: "ignore", reject: false, cancelSignal: signal },
    env: { ...trainerEnv(env), TOKENIZERS_PARALLELISM: "false" },
    stdout: { file: log, append: true },
    stderr: { file: log, append: true },
  });
  signal.throwIfAborted();
  if (failed) throw harnessFailed(suite, dir, `it ended with exit code ${exitCode}: ${logTail(dir, 3)}`);
  const read = readLmEval(...(await writtenFiles(join(dir, "out"))));
  if ("problem" in read) throw harnessFailed(suite, dir, read.problem);
  await rm(dir, { recursive: true, force: true });
  return read;
}

/** The results, and the samples of each task, whose name only the file's tells. */
async function writtenFiles(dir: string): Promise<[string, TaskSamples[]]> {
  let results = "";
  const samples: TaskSamples[] = [];
  for (const file of readdirSync(dir, { recursive: true, encoding: "utf8" }).sort()) {
    const task = /^samples_(.*)_\d{4}-\d\d-\d\dT[^_]*\.jsonl$/.exec(basename(file))?.[1];
    if (task !== undefined) samples.push({ task, text: await readFile(join(dir, file), "utf8") });
    if (basename(file).startsWith("results_")) results = await readFile(join(dir, file), "utf8");
  }
  return [results, samples];
}

function argumentsOf(
  { adapter, settings }: SubjectHere,
  suite: LmEvalSuite,
  { dir, device }: { dir: string; device: string },
): string[] {
  const isWhole = adapter !== null && settings.method === "full";
  const model = [
    `pretrained=${isWhole ? "adapter" : "model"}`,
    ...(adapter && !isWhole ? ["peft=adapter"] : []),
    ...(adapter ? ["tokenizer=adapter"] : []),
    `dtype=${settings.dtype}`,
    ...(settings.method === "qlora" ? ["load_in_4bit=True", "bnb_4bit_quant_type=nf4"] : []),
  ];
  return [
    ...["-m", "lm_eval", "--model", "hf", "--model_args", model.join(","), "--tasks", suite.tasks.join(",")],
    ...["--device", device === "rocm" ? "cuda" : device, "--batch_size", String(suite.batch_size)],
    ...["--log_samples", "--output_path", "out"],
    ...(suite.include_path === undefined ? [] : ["--include_path", resolve(dir, suite.include_path)]),
    ...(suite.limit === undefined ? [] : ["--limit", String(suite.limit)]),
    ...(suite.num_fewshot === undefined ? [] : ["--num_fewshot", String(suite.num_fewshot)]),
    ...(suite.chat_template ? ["--apply_chat_template"] : []),
  ];
}

function harnessFailed({ name }: LmEvalSuite, dir: string, why: string): FtError {
  return new FtError({
    code: "eval.lm-eval",
    exit: "training",
    message: `lm-eval could not evaluate suite ${name}`,
    where: { file: join(dir, "stdout.log") },
    why,
    next: "look at the end of that file: most often a task is not known, or its data cannot be fetched",
  });
}
