// A suite of type `lm-eval`: EleutherAI's harness in its own pinned environment, each sample taken over as an item.
import { readdirSync } from "node:fs";
import { readFile, rm, symlink } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { lmEval } from "../../engines/env/engine-lock.js";
import { ensureEnvironment } from "../../engines/env/ensure-environment.js";
import { detectDevice } from "../../engines/machine.js";
import { readLmEval, type TaskSamples } from "../../eval/suites/lm-eval-results.js";
import { hashFile } from "../../models/hash-cache.js";
import type { LmEvalSuite } from "../../recipes/schema/suites.js";
import { trainerEnv } from "../submit.js";
import type { ProgramContext, ProgramRun } from "./evaluate-elsewhere.js";
import { harnessFailed, makeHarness, runHarness } from "./harness.js";
import type { SubjectHere } from "./resolve-subjects.js";
import { subjectLabel } from "./subject.js";

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
  const harness = await makeHarness(suite, here.subject, loaded.dir);
  const { dir } = harness;
  // Links, because a comma in a path would end it for the harness.
  await symlink(modelDir, join(dir, "model"));
  if (here.adapter) await symlink(here.adapter.dir, join(dir, "adapter"));
  onProgress({ label: `${suite.name} of ${subjectLabel(here.subject)}: lm-eval ${suite.tasks.join(", ")}` });
  const { kind } = await detectDevice(env);
  const args = argumentsOf(here, suite, { dir: loaded.dir, device: kind });
  const settings = { ...trainerEnv(env), TOKENIZERS_PARALLELISM: "false" };
  await runHarness(harness, { file: python, args, env: settings, cwd: dir, fine: [0] }, signal);
  const read = readLmEval(...(await writtenFiles(join(dir, "out"))));
  if ("problem" in read) throw harnessFailed(harness, read.problem);
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
