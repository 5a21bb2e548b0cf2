// Suites that another program evaluates: which items there are, and so the suite's hash, is known only when it has run.
import { createHash } from "node:crypto";
import type { ItemRecord, Metric } from "../../eval/record.js";
import { keepEvaluation, listEvaluations } from "../../eval/record-store.js";
import type { LoadedRecipe } from "../../recipes/load.js";
import { canonicalJson } from "../../recipes/lock-file.js";
import type { CommandSuite, InspectSuite, LmEvalSuite, PromptfooSuite, Suite } from "../../recipes/schema/suites.js";
import { ftVersion } from "../lock-entry.js";
import { evaluateInTurn } from "./evaluate-in-turn.js";
import type { EvaluatedSuite, SuitesContext } from "./evaluate-suites.js";
import { harnessLock } from "./harness.js";
import type { SubjectHere } from "./resolve-subjects.js";
import { runCommand } from "./run-command.js";
import { runInspect } from "./run-inspect.js";
import { runLmEval } from "./run-lm-eval.js";
import { runPromptfoo } from "./run-promptfoo.js";
import { isSameSubject, subjectLabel } from "./subject.js";

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

/** Of two ft processes that evaluate the same at once the second waits, and takes what the first has made. Throws FtError: what the program's own file says. */
export async function evaluateElsewhere(
  here: SubjectHere,
  suite: ElsewhereSuite,
  { force, ...where }: ProgramContext & { force: boolean },
): Promise<EvaluatedSuite> {
  const { loaded, context } = where;
  const program = await programRun(here, suite, where);
  const settings = createHash("sha256").update(canonicalJson(program.settings)).digest("hex");
  const stored = () =>
    listEvaluations(context.store).find(
      (one) =>
        one.suite.name === suite.name &&
        one.notes.settings === settings &&
        one.errors === 0 &&
        isSameSubject(one.subject, here.subject),
    );
  const evaluate = async (): Promise<EvaluatedSuite> => {
    const before = force ? undefined : stored();
    if (before) return { manifest: before, reused: true };
    const createdAt = context.now();
    const { items, metrics } = await program.run();
    const hash = createHash("sha256").update(settings);
    for (const { item, inputSha256, cluster } of items) hash.update(canonicalJson([item, inputSha256, cluster]));
    const { decoding, tools } = program;
    const known = {
      suite: { name: suite.name, type: suite.type, sha256: hash.digest("hex"), metrics },
      ...{ subject: here.subject, decoding, run: here.adapter?.run ?? null, createdAt, endedAt: context.now() },
      ...{ tools: { ft: ftVersion(), ...tools }, notes: { settings } },
    };
    return { manifest: await keepEvaluation(context.store, loaded.dir, known, items), reused: false };
  };
  const label = `${suite.name} of ${subjectLabel(here.subject)}`;
  return evaluateInTurn({ lock: harnessLock(suite, here.subject, loaded.dir), label }, context, evaluate);
}
