// Generates one subject's answers to suites, and measures it on held-out rows, on this machine: a job folder whose only step is the evaluator, run in the foreground, gone on with when it was interrupted.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { jobEnvironment } from "../../engines/environment.js";
import { evaluateStep } from "../../engines/evaluate-config.js";
import { FtError } from "../../errors.js";
import type { Subject } from "../../eval/record.js";
import { evalsDir } from "../../eval/record.js";
import { type Evaluation, readEvaluation, type Variant } from "../../eval/results.js";
import { type Answer, readAnswers } from "../../eval/suites/answers.js";
import { writeJobSuites } from "../../eval/suites/job-suites.js";
import type { LoadedSuite } from "../../eval/suites/load-suite.js";
import { logTail } from "../../launchers/local/index.js";
import { suitePaths } from "../../recipes/built-in-suites.js";
import { canonicalJson } from "../../recipes/lock-file.js";
import type { Recipe } from "../../recipes/schema.js";
import { parseEvent } from "../../runs/ingest.js";
import { type Job, jobVersion } from "../../runs/job.js";
import { copyTrainer } from "../job-folder.js";
import { trainerEnv } from "../submit.js";
import type { PrepareContext } from "../survey.js";
import type { HeldOut } from "./held-out.js";
import { subjectLabel } from "./subject.js";

export interface AnswersToMake {
  projectDir: string;
  recipe: Recipe;
  subject: Subject;
  suites: readonly LoadedSuite[];
  /** Null: only the suites. */
  heldOut: HeldOut | null;
  engine: { name: string; version: string };
  /** Of the engine's environment. */
  python: string;
  /** The base's folder. */
  modelDir: string;
  /** Null: the base by itself. */
  adapterDir: string | null;
  /** Source of the chat template; null: the tokenizer's own. */
  chatTemplate: string | null;
  settings: { method: string; dtype: string; batchSize: number; maxLength: number };
  now: number;
}

/** The same for the same subject and precision: whoever generates there holds its lock. */
function answersDir({ projectDir, subject, settings }: AnswersPlace): string {
  const key = createHash("sha256")
    .update(canonicalJson([subject, settings.method, settings.dtype]))
    .digest("hex");
  return join(evalsDir(projectDir), `.work-${key.slice(0, 16)}`);
}
type AnswersPlace = Pick<AnswersToMake, "projectDir" | "subject"> & {
  settings: Pick<AnswersToMake["settings"], "method" | "dtype">;
};

export function answersLock(place: AnswersPlace): string {
  return `${answersDir(place)}.lock`;
}

/**
 * By suite and item; and of the held-out rows, where they were asked for. The lock is held. The folder is removed once `use` has taken the answers.
 * Throws FtError eval.generation (training), eval.interrupted; the answers made so far are kept then.
 */
export async function generateAnswers<T>(
  request: AnswersToMake,
  context: PrepareContext,
  use: (answers: Map<string, Map<string, Answer>>, heldOut: Evaluation | null) => Promise<T>,
): Promise<T> {
  const dir = answersDir(request);
  await writeJob(dir, request);
  await runJob(dir, request, context);
  const variant = variantOf(request);
  const result = await use(
    new Map(request.suites.map(({ name }) => [name, readAnswers(join(dir, suitePaths(name).output), variant)])),
    request.heldOut && readEvaluation(dir, [variant]),
  );
  await rm(dir, { recursive: true, force: true });
  return result;
}

function variantOf({ adapterDir }: Pick<AnswersToMake, "adapterDir">): Variant {
  return adapterDir === null ? "base" : "adapter";
}

/** Over what an interrupted one left: answers in out/ stay, and the evaluator knows which of them still hold. */
async function writeJob(dir: string, request: AnswersToMake): Promise<void> {
  const { recipe, subject, suites, heldOut, engine, modelDir, adapterDir, chatTemplate, settings, now } = request;
  for (const name of ["config", "eval", "trainer", "model", "adapter", "rewards", "job.json"]) {
    await rm(join(dir, name), { recursive: true, force: true });
  }
  await mkdir(join(dir, "config"), { recursive: true });
  await copyTrainer(engine, join(dir, "trainer"));
  await symlink(modelDir, join(dir, "model"));
  if (adapterDir !== null) await symlink(adapterDir, join(dir, "adapter"));
  if (chatTemplate !== null) await writeFile(join(dir, "config/chat_template.jinja"), chatTemplate);
  await writeJobSuites(dir, suites);
  if (heldOut) await writeHeldOut(dir, heldOut);
  const config = {
    ...{ ...settings, maxNewTokens: 0, device: "auto", adapter: adapterDir === null ? null : "adapter" },
    ...{ ...heldOut?.config, variants: [variantOf(request)] },
    chatTemplate: chatTemplate === null ? null : "config/chat_template.jinja",
    suiteVariants: [variantOf(request)],
    suites: suites.map(({ name, maxNewTokens }) => ({ name, ...suitePaths(name), maxNewTokens })),
  };
  await writeFile(join(dir, "config/evaluate.json"), `${JSON.stringify(config, null, 2)}\n`);
  const { id, revision } = subject.base;
  const job: Job = {
    ...{ version: jobVersion, id: subjectLabel(subject), name: recipe.name, createdAt: now, engine },
    steps: [{ name: "evaluate", ...evaluateStep }],
    env: jobEnvironment({ recipe, device: { kind: "cpu", count: 0, bf16: false } }),
    model: { asked: id, id, revision, path: modelDir, hub: null },
    ...{ gpus: 0, heartbeatSeconds: 10, limits: null },
    target: { name: "local", settings: { launcher: "local" } },
    ...{ checkpointDir: "out/checkpoints", adapterDir: "out/adapter" },
  };
  await writeFile(join(dir, "job.json"), `${JSON.stringify(job, null, 2)}\n`);
}

async function writeHeldOut(dir: string, { lines, files }: HeldOut): Promise<void> {
  await mkdir(join(dir, "eval"), { recursive: true });
  await writeFile(join(dir, "eval/items.jsonl"), lines.map((line) => `${line}\n`).join(""));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), content);
  }
}

/** Exit codes of the runner (trainer/ft_trainer/exit_codes.py): it was stopped; another one is at work in the folder. */
const interrupted = 33;
const alreadyRunning = 75;

async function runJob(dir: string, { python, subject }: AnswersToMake, context: PrepareContext): Promise<void> {
  const label = `answers of ${subjectLabel(subject)}`;
  context.onProgress({ label });
  let ended = await runOnce(dir, python, label, context);
  while (ended.exitCode === alreadyRunning && !context.signal.aborted) {
    context.onProgress({ label: `waiting for what an ft that was killed left behind: it still makes the ${label}` });
    await sleep(500, undefined, { signal: context.signal }).catch(() => {});
    ended = await runOnce(dir, python, label, context);
  }
  const { failed, exitCode, told } = ended;
  if (context.signal.aborted || exitCode === interrupted) throw stopped();
  if (!failed) return;
  const log = join(dir, "stdout.log");
  throw new FtError({
    code: "eval.generation",
    exit: "training",
    message: `generating the ${label} failed: ${told ?? `the trainer ended with exit code ${exitCode}`}`,
    ...(existsSync(log) && { where: { file: log }, why: logTail(dir, 2) || undefined }),
    next: "mend that and repeat: what was answered so far is kept",
  });
}

/** `told`: the last error that it told of. */
async function runOnce(
  dir: string,
  python: string,
  label: string,
  { env, signal, onProgress }: PrepareContext,
): Promise<{ failed: boolean; exitCode?: number | undefined; told: string | null }> {
  const child = execa(python, ["trainer/run.py", "--only", "evaluate", "--echo-events"], {
    cwd: dir,
    env: trainerEnv(env),
    extendEnv: false,
    stdin: "ignore",
    stderr: { file: join(dir, "stdout.log"), append: true },
    reject: false,
    cancelSignal: signal,
    forceKillAfterDelay: 20_000,
  });
  let told: string | null = null;
  for await (const line of child) {
    const event = line.startsWith("ft-event ") ? parseEvent(line.slice("ft-event ".length)) : null;
    if (event?.kind === "progress" && event.total) onProgress({ label: `${label}: ${event.done} of ${event.total}` });
    if (event?.kind === "error") told = event.message;
  }
  const { failed, exitCode } = await child;
  return { failed, exitCode, told };
}

function stopped(): FtError {
  return new FtError({
    code: "eval.interrupted",
    exit: "interrupted",
    message: "the evaluation was interrupted",
    next: "repeat the command: it goes on where it was",
  });
}
