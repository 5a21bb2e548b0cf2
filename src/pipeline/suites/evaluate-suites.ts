// `ft eval run`: what is missing of a recipe's suites, or of its held-out rows, for these subjects is generated, scored, and kept; what is there is not made again.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FtError } from "../../errors.js";
import { decodingOf } from "../../eval/decoding.js";
import { heldOutSuite } from "../../eval/held-out-records.js";
import type { Endpoint } from "../../eval/judge/ask.js";
import { judgeSuite } from "../../eval/judge/judge-suite.js";
import {
  type EvaluationManifest,
  type EvaluationToRecord,
  evalsDir,
  evaluationId,
  readEvaluationRecord,
} from "../../eval/record.js";
import { indexEvaluations, keepEvaluation } from "../../eval/record-store.js";
import { itemLines } from "../../eval/suites/job-suites.js";
import type { LoadedSuite } from "../../eval/suites/load-suite.js";
import { scoreSuite } from "../../eval/suites/score-suite.js";
import { keepInputs } from "../../eval/suites/suite-inputs.js";
import { ftDir } from "../../paths.js";
import type { LoadedRecipe } from "../../recipes/load.js";
import { readLock } from "../../recipes/lock-file.js";
import type { JudgeSuite } from "../../recipes/schema/suites.js";
import { toolsOf } from "../import-evaluations.js";
import type { PrepareContext } from "../survey.js";
import { evaluateElsewhere, isElsewhere } from "./evaluate-elsewhere.js";
import { evaluateInTurn } from "./evaluate-in-turn.js";
import { answersLock, generateAnswers } from "./generate-answers.js";
import { type HeldOut, keepHeldOut, loadHeldOut, storedHeldOut } from "./held-out.js";
import { chosenSuites, loadSuites } from "./load-suites.js";
import { resolveSubjects, type SubjectContext, type SubjectHere } from "./resolve-subjects.js";
import { subjectLabel } from "./subject.js";

export interface SuitesRequest {
  references: readonly string[];
  /** Names, also `heldout`; none: all suites of the recipe. */
  suites: readonly string[];
  /** Evaluate also what is there. */
  force: boolean;
}

export interface SuitesContext extends PrepareContext {
  store: SubjectContext["store"];
  now(): number;
}

export interface EvaluatedSuite {
  manifest: EvaluationManifest;
  /** It was there already. */
  reused: boolean;
}

/** Throws FtError: usage (an unknown suite or adapter), data, environment, training, refused (a judge). */
export async function evaluateSuites(
  loaded: LoadedRecipe,
  { references, suites: names, force }: SuitesRequest,
  context: SuitesContext,
): Promise<EvaluatedSuite[]> {
  const others = names.filter((name) => name !== heldOutSuite);
  const chosen = names.length > 0 && others.length === 0 ? [] : chosenSuites(loaded, others);
  const locked = await readLock(loaded.file);
  const suites = await loadSuites(loaded, locked, context, chosen);
  const heldOut = names.includes(heldOutSuite) ? await loadHeldOut(loaded, locked, context) : null;
  const judges = new Map(
    suites.flatMap(({ name, judge }) => (judge ? [[name, endpointOf(judge, loaded, context)]] : [])),
  );
  indexEvaluations(context.store, loaded.dir, { anew: false });
  const evaluated: EvaluatedSuite[] = [];
  for (const here of await resolveSubjects(references, loaded, { ...context, locked })) {
    const all = await evaluateHere(here, { suites, heldOut }, { loaded, context, judges, force });
    for (const suite of chosen) {
      if (!isElsewhere(suite)) continue;
      all.push(await evaluateElsewhere(here, suite, { loaded, context, force }));
    }
    const order = [...chosen.map(({ name }) => name), heldOutSuite];
    evaluated.push(...order.flatMap((name) => all.filter(({ manifest }) => manifest.suite.name === name)));
  }
  return evaluated;
}

/** Throws FtError eval.judge-key (environment). */
function endpointOf(judge: JudgeSuite, { dir }: LoadedRecipe, { env, signal }: SuitesContext): Endpoint {
  const { endpoint: url, api_key_env: name, timeout, retries } = judge;
  const key = name === undefined ? null : env[name];
  if (key === undefined || key === "") {
    throw new FtError({
      code: "eval.judge-key",
      exit: "environment",
      message: `suite ${judge.name} takes its judge's key from ${name}, which is not set`,
      next: `set it: export ${name}=...`,
    });
  }
  return { url, key, retries, timeoutMs: timeout * 1000, pauseMs: 1000, cacheDir: join(ftDir(dir), "judge"), signal };
}

function toRecord(here: SubjectHere, suite: LoadedSuite, now: number): EvaluationToRecord {
  const { name, type, sha256, metrics, maxNewTokens } = suite;
  return {
    suite: { name, type, sha256, metrics },
    subject: here.subject,
    decoding: decodingOf(here.settings, maxNewTokens),
    run: here.adapter?.run ?? null,
    ...{ createdAt: now, endedAt: now, tools: toolsOf(here), notes: {} },
  };
}

/** One with failed items is made again. */
function stored(projectDir: string, known: EvaluationToRecord): EvaluationManifest | null {
  const id = evaluationId(known);
  if (!existsSync(join(evalsDir(projectDir), id))) return null;
  const { manifest } = readEvaluationRecord(projectDir, id);
  return manifest.errors === 0 ? manifest : null;
}

interface Lacking {
  suites: { suite: LoadedSuite; known: EvaluationToRecord }[];
  heldOut: HeldOut | null;
}

interface How {
  loaded: LoadedRecipe;
  context: SuitesContext;
  judges: Map<string, Endpoint>;
}

/** What ft itself generates and scores. What is there is looked for again in its turn, as another ft may have made it meanwhile. */
async function evaluateHere(
  here: SubjectHere,
  { suites, heldOut }: { suites: LoadedSuite[]; heldOut: HeldOut | null },
  { force, ...how }: How & { force: boolean },
): Promise<EvaluatedSuite[]> {
  const { loaded, context } = how;
  const look = (): { there: EvaluatedSuite[]; lacking: Lacking | null } => {
    const wanted = suites.map((suite) => ({ suite, known: toRecord(here, suite, context.now()) }));
    const reused = force ? [] : wanted.flatMap(({ known }) => stored(loaded.dir, known) ?? []);
    const missing = wanted.filter(({ known }) => !reused.some(({ id }) => id === evaluationId(known)));
    const held = heldOut && !force ? storedHeldOut(context.store, here, heldOut) : null;
    const lacking = { suites: missing, heldOut: held ? null : heldOut };
    const there = [...reused, ...(held ? [held] : [])].map((manifest) => ({ manifest, reused: true }));
    return { there, lacking: missing.length === 0 && lacking.heldOut === null ? null : lacking };
  };
  const evaluate = async (): Promise<EvaluatedSuite[]> => {
    const { there, lacking } = look();
    return lacking ? [...there, ...(await evaluateMissing(here, lacking, how))] : there;
  };
  const { there, lacking } = look();
  if (lacking === null) return there;
  const { subject, settings } = here;
  const lock = answersLock({ projectDir: loaded.dir, subject, settings });
  return evaluateInTurn({ lock, label: subjectLabel(subject) }, context, evaluate);
}

async function evaluateMissing(
  here: SubjectHere,
  { suites, heldOut }: Lacking,
  { loaded, context, judges }: How,
): Promise<EvaluatedSuite[]> {
  const { subject, adapter, engine, settings } = here;
  const { python } = await here.environment();
  const { modelDir, chatTemplate } = await here.base();
  const request = {
    ...{ projectDir: loaded.dir, recipe: loaded.recipe, subject, suites: suites.map(({ suite }) => suite), heldOut },
    ...{ engine, python, modelDir, adapterDir: adapter?.dir ?? null, chatTemplate, settings, now: context.now() },
  };
  return generateAnswers(request, context, async (answers, evaluation) => {
    const made: EvaluatedSuite[] = [];
    for (const { suite, known } of suites) {
      context.onProgress({ label: `scoring ${suite.name}` });
      const own = answers.get(suite.name)!;
      const onJudged = (done: number) =>
        context.onProgress({ label: `judging ${suite.name}: ${done} of ${suite.items.length}` });
      const { items, notes } = suite.judge
        ? await judgeSuite(suite.judge, { items: suite.items, answers: own }, judges.get(suite.name)!, onJudged)
        : { items: await scoreSuite(suite, own, context), notes: {} };
      await keepInputs(loaded.dir, suite.sha256, () => itemLines(suite.items));
      const done = { ...known, endedAt: context.now(), notes };
      made.push({ manifest: await keepEvaluation(context.store, loaded.dir, done, items), reused: false });
    }
    if (heldOut && evaluation) {
      const known = { here, evaluation, config: heldOut.config, now: context.now() };
      made.push({ manifest: await keepHeldOut(context.store, loaded.dir, known), reused: false });
    }
    return made;
  });
}
