// Suites that another program evaluates: which items there are, and so the suite's hash, is known only when it has run.
import { createHash } from "node:crypto";
import type { ItemRecord, Metric } from "../../eval/record.js";
import { keepEvaluation, listEvaluations } from "../../eval/record-store.js";
import type { LoadedRecipe } from "../../recipes/load.js";
import { canonicalJson } from "../../recipes/lock-file.js";
import type { CommandSuite, InspectSuite, LmEvalSuite, PromptfooSuite, Suite } from "../../recipes/schema/suites.js";
import { ftVersion } from "../lock-entry.js";
import type { EvaluatedSuite, SuitesContext } from "./evaluate-suites.js";
import type { SubjectHere } from "./resolve-subjects.js";
import { runCommand } from "./run-command.js";
import { runInspect } from "./run-inspect.js";
import { runLmEval } from "./run-lm-eval.js";
import { runPromptfoo } from "./run-promptfoo.js";
import { isSameSubject } from "./subject.js";

/** What is known before it runs: equal ones give equal results. */
export interface ProgramRun {
  settings: unknown;
  decoding: Record<string, string | number | boolean | null> | null;
  tools: Record<string, string>;
  run(): Promise<{ items: ItemRecord[]; metrics: Metric[] }>;
}

export interface ProgramContext {
  loaded: LoadedRecipe;
  context: SuitesContext;
}

export type ElsewhereSuite = CommandSuite | LmEvalSuite | PromptfooSuite | InspectSuite;

export function isElsewhere(suite: Suite): suite is ElsewhereSuite {
  return ["command", "lm-eval", "promptfoo", "inspect"].includes(suite.type);
}

function programRun(here: SubjectHere, suite: ElsewhereSuite, where: ProgramContext): Promise<ProgramRun> {
  switch (suite.type) {
    case "command":
      return runCommand(here, suite, where);
    case "lm-eval":
      return runLmEval(here, suite, where);
    case "promptfoo":
      return runPromptfoo(here, suite, where);
    case "inspect":
      return runInspect(here, suite, where);
  }
}

/** Throws FtError: what the program's own file says. */
export async function evaluateElsewhere(
  here: SubjectHere,
  suite: ElsewhereSuite,
  { force, ...where }: ProgramContext & { force: boolean },
): Promise<EvaluatedSuite> {
  const { loaded, context } = where;
  const program = await programRun(here, suite, where);
  const { decoding, tools } = program;
  const settings = createHash("sha256").update(canonicalJson(program.settings)).digest("hex");
  const before = listEvaluations(context.store).find(
    (one) =>
      one.suite.name === suite.name &&
      one.notes.settings === settings &&
      one.errors === 0 &&
      isSameSubject(one.subject, here.subject),
  );
  if (before && !force) return { manifest: before, reused: true };
  const createdAt = context.now();
  const { items, metrics } = await program.run();
  const hash = createHash("sha256").update(settings);
  for (const { item, inputSha256, cluster } of items) hash.update(canonicalJson([item, inputSha256, cluster]));
  const known = {
    suite: { name: suite.name, type: suite.type, sha256: hash.digest("hex"), metrics },
    ...{ subject: here.subject, decoding, run: here.adapter?.run ?? null, createdAt, endedAt: context.now() },
    ...{ tools: { ft: ftVersion(), ...tools }, notes: { settings } },
  };
  return { manifest: await keepEvaluation(context.store, loaded.dir, known, items), reused: false };
}
