// A suite of type `inspect`: a person's Inspect tasks as they are, asked of the subject; each sample an item.
import { readdirSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { inspect } from "../../engines/env/engine-lock.js";
import { ensureEnvironment } from "../../engines/env/ensure-environment.js";
import { decodingOf } from "../../eval/decoding.js";
import { hashBehind } from "../../eval/suites/files-behind.js";
import { readInspect } from "../../eval/suites/inspect-results.js";
import { metricsOf } from "../../eval/suites/printed-items.js";
import type { InspectSuite } from "../../recipes/schema/suites.js";
import { trainerEnv } from "../submit.js";
import type { ProgramContext, ProgramRun } from "./evaluate-elsewhere.js";
import { harnessFailed, makeHarness, runHarness } from "./harness.js";
import type { SubjectHere } from "./resolve-subjects.js";
import { localAddresses, servedName, whileServed } from "./serve-subject.js";
import { subjectLabel } from "./subject.js";

/** Throws FtError eval.suite-file (data), and when it runs env.* (environment), eval.inspect, eval.server (training). */
export async function runInspect(here: SubjectHere, suite: InspectSuite, where: ProgramContext): Promise<ProgramRun> {
  const { name, type: _, task, ...settings } = suite;
  const { file, one } = partsOf(task, where.loaded.dir);
  const decoding = { ...decodingOf(here.settings, suite.max_new_tokens), where: "the task does not say otherwise" };
  return {
    settings: { ...settings, one, files: await hashBehind(file, name), decoding, version: inspect.version },
    ...{ decoding, tools: { [inspect.name]: inspect.version } },
    run: () => evaluate(here, suite, where),
  };
}

/** `file.py@task` is one task of the file. */
function partsOf(task: string, dir: string): { file: string; one: string | null } {
  const [, file, one] = /^(.*?)(?:@(\w+))?$/s.exec(task)!;
  return { file: resolve(dir, file!), one: one ?? null };
}

/** Inspect runs in the folder of the task's file, where its data is, and takes a whole file as a pattern below that. */
async function evaluate(
  here: SubjectHere,
  suite: InspectSuite,
  { loaded, context }: ProgramContext,
): Promise<Awaited<ReturnType<ProgramRun["run"]>>> {
  const { env, onProgress } = context;
  const { python } = await ensureEnvironment(inspect, context);
  const harness = await makeHarness(suite, here.subject, loaded.dir);
  const { dir } = harness;
  const { file, one } = partsOf(suite.task, loaded.dir);
  const model = `openai-api/${servedName}/${servedName}`;
  await whileServed(here, { dir, maxNewTokens: suite.max_new_tokens }, context, async ({ url, token, signal }) => {
    onProgress({ label: `${suite.name} of ${subjectLabel(here.subject)}: inspect ${suite.task}` });
    const args = [
      ...["-m", "inspect_ai", "eval", one === null ? basename(file) : `${file}@${one}`, "--model", model],
      ...["--log-dir", join(dir, "logs"), "--log-format", "json", "--no-log-realtime", "--display", "plain"],
      ...["--max-connections", String(loaded.recipe.eval.batch_size), "--ctl-server", "false"],
      "--no-fail-on-error", // a sample that fails is an item without a score
      ...(suite.limit === undefined ? [] : ["--limit", String(suite.limit)]),
      ...Object.entries(suite.args).flatMap(([name, value]) => ["-T", `${name}=${value}`]),
    ];
    const prefix = servedName.toUpperCase().replaceAll("-", "_");
    const settings = {
      ...{ ...trainerEnv(env), ...localAddresses(env), NO_COLOR: "1" },
      ...{ [`${prefix}_BASE_URL`]: url, [`${prefix}_API_KEY`]: token },
    };
    await runHarness(harness, { file: python, args, env: settings, cwd: dirname(file), fine: [0] }, signal);
  });
  const logs = readdirSync(join(dir, "logs"))
    .filter((name) => name.endsWith(".json"))
    .sort();
  const texts = await Promise.all(logs.map((name) => readFile(join(dir, "logs", name), "utf8")));
  const read = readInspect(texts, { model, slices: suite.slices });
  if ("problem" in read) throw harnessFailed(harness, read.problem);
  await rm(dir, { recursive: true, force: true });
  return { items: read.items, metrics: metricsOf(read.items, suite.metrics) };
}
