// A suite of type `promptfoo`: a person's config as it is, asked of the subject in place of its own providers; each test and prompt an item.
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promptfoo } from "../../engines/env/engine-lock.js";
import { ensurePromptfoo, quiet } from "../../engines/env/ensure-promptfoo.js";
import { decodingOf } from "../../eval/decoding.js";
import { hashBehind } from "../../eval/suites/files-behind.js";
import { metricsOf } from "../../eval/suites/printed-items.js";
import { readPromptfoo } from "../../eval/suites/promptfoo-results.js";
import type { PromptfooSuite } from "../../recipes/schema/suites.js";
import { trainerEnv } from "../submit.js";
import type { ProgramContext, ProgramRun } from "./evaluate-elsewhere.js";
import { harnessFailed, makeHarness, runHarness } from "./harness.js";
import type { SubjectHere } from "./resolve-subjects.js";
import { localAddresses, servedName, whileServed } from "./serve-subject.js";
import { subjectLabel } from "./subject.js";

/** Throws FtError eval.suite-file (data), and when it runs env.* (environment), eval.promptfoo, eval.server (training). */
export async function runPromptfoo(
  here: SubjectHere,
  suite: PromptfooSuite,
  where: ProgramContext,
): Promise<ProgramRun> {
  const { name, type: _, config, ...settings } = suite;
  const files = await hashBehind(resolve(where.loaded.dir, config), name);
  const decoding = decodingOf(here.settings, suite.max_new_tokens);
  return {
    settings: { ...settings, files, decoding, version: promptfoo.version },
    ...{ decoding, tools: { [promptfoo.name]: promptfoo.version } },
    run: () => evaluate(here, suite, where),
  };
}

/** Assertions that failed are a result (exit code 100), and the answer of a provider that the config names itself is none. */
async function evaluate(
  here: SubjectHere,
  suite: PromptfooSuite,
  { loaded, context }: ProgramContext,
): Promise<Awaited<ReturnType<ProgramRun["run"]>>> {
  const { env, onProgress } = context;
  const { node, script } = await ensurePromptfoo(context);
  const harness = await makeHarness(suite, here.subject, loaded.dir);
  const { dir } = harness;
  const output = join(dir, "out.json");
  await whileServed(here, { dir, maxNewTokens: suite.max_new_tokens }, context, async ({ url, token, signal }) => {
    onProgress({ label: `${suite.name} of ${subjectLabel(here.subject)}: promptfoo` });
    const provider = {
      ...{ id: `openai:chat:${servedName}`, label: servedName },
      config: { apiBaseUrl: url, apiKeyEnvar: tokenVariable, temperature: 0, max_tokens: suite.max_new_tokens },
    };
    await writeFile(join(dir, "provider.json"), JSON.stringify([provider], null, 2));
    const args = [
      ...[script, "eval", "-c", resolve(loaded.dir, suite.config), "-r", `file://${join(dir, "provider.json")}`],
      ...["-o", output, "-j", String(loaded.recipe.eval.batch_size)],
      ...["--no-cache", "--no-write", "--no-share", "--no-table", "--no-progress-bar"],
    ];
    const settings = {
      ...{ ...trainerEnv(env), ...quiet(dir), ...localAddresses(env), [tokenVariable]: token, NO_COLOR: "1" },
      ...{ REQUEST_TIMEOUT_MS: String(longestAnswerMs), PROMPTFOO_FAILED_TEST_EXIT_CODE: "100" },
    };
    await runHarness(harness, { file: node, args, env: settings, cwd: loaded.dir, fine: [0, 100] }, signal);
  });
  const text = await readFile(output, "utf8").catch(() => null);
  if (text === null) throw harnessFailed(harness, "it wrote no results");
  const read = readPromptfoo(text, { label: servedName, slices: suite.slices });
  if ("problem" in read) throw harnessFailed(harness, read.problem);
  await rm(dir, { recursive: true, force: true });
  return { items: read.items, metrics: metricsOf(read.items, suite.metrics) };
}

const tokenVariable = "FT_MODEL_UNDER_TEST_KEY";

/** A large model on a CPU, with a queue before it. */
const longestAnswerMs = 3_600_000;
