// The nightly job, read top to bottom: data -> nothing changed? -> train within budget -> evaluate -> gate -> promote -> push. Each step finds what an
// earlier night did of it, so that it may be started again at any time.
import { relative } from "node:path";
import { type AliasMove, aliasesOf, aliasHistory, isSameVerdict, lastVerdict } from "../../adapters/aliases.js";
import { baseFolder } from "../../adapters/project-adapters.js";
import { promote, tag, whoDecides } from "../../adapters/promote.js";
import { pushAdapter } from "../../adapters/push.js";
import { listAdapters, type RegisteredAdapter } from "../../adapters/registry.js";
import { requireWritable } from "../../ensure-dir.js";
import { FtError } from "../../errors.js";
import { measuredMetrics } from "../../eval/gate/measured.js";
import { heldOutSuite } from "../../eval/held-out-records.js";
import { runsDir } from "../../paths.js";
import type { LoadedRecipe } from "../../recipes/load.js";
import type { Store } from "../../store/open.js";
import { catchUp } from "../finish-run.js";
import { judgedSuites, judgeStored, storedGround } from "../gate-stored.js";
import { evaluateSuites } from "../suites/evaluate-suites.js";
import { suiteScores } from "../suites/suite-scores.js";
import { survey } from "../survey.js";
import { sendAlert } from "./alert.js";
import { compareData } from "./compare-data.js";
import { type Night, type NightStep, newNight } from "./night.js";
import { withNightLock } from "./night-lock.js";
import { type NightState, readNight, writeNight } from "./night-state.js";
import { standingOf, type TrainContext, type Trained, trainTonight } from "./train.js";

export interface NightOptions {
  /** Promote where there is no champion yet, also when the recipe does not say so. */
  acceptFirst: boolean;
}

/** What fails is in the night, which was told to whom it concerns. Throws FtError ci.running (exit busy) only. */
export function runNight(loaded: LoadedRecipe, context: TrainContext, options: NightOptions): Promise<Night> {
  const { name } = loaded.recipe;
  return withNightLock(loaded.dir, name, async () => {
    const night = newNight({ name, recipe: loaded.file, startedAt: context.now() });
    night.championBefore = championNow(loaded.dir, name);
    const onNotice = (text: string): void => {
      night.notices.push(text);
      context.onNotice(text);
    };
    const heard = { ...context, onNotice };
    try {
      await goThrough(night, loaded, heard, options);
    } catch (error) {
      night.outcome = "failed";
      night.failure = context.signal.aborted ? interrupted(error) : error;
      night.summary = (night.failure as Error).message;
    }
    night.endedAt = context.now();
    night.champion = championNow(loaded.dir, name);
    if (!context.signal.aborted) await tell(night, loaded, heard);
    return night;
  });
}

/** Null where there is none, and where the line's aliases cannot be read: the night fails by that, and says it in its report. */
function championNow(dir: string, name: string): string | null {
  try {
    const { champion } = aliasesOf(dir, name);
    return champion === undefined ? null : `${name}@${champion}`;
  } catch {
    return null;
  }
}

async function goThrough(
  night: Night,
  loaded: LoadedRecipe,
  context: TrainContext,
  options: NightOptions,
): Promise<void> {
  const { dir } = loaded;
  requireWritable(runsDir(dir));
  const take = stepTaker(night, context);
  const saved = readNight(dir, night.name);
  const surveyed = await take("data", () => survey(loaded, context));
  night.rows = surveyed.report.facts.train.rows;
  const store = await context.openStore();
  try {
    for (const problem of await catchUp(store, dir, context.now())) context.onNotice(problem);
    const served = championOf(store, loaded);
    night.championBefore = served && nameOf(served);

    const standing = await standingOf(store, surveyed, dir, saved);
    const state = begin(night, loaded, { saved, key: surveyed.entry?.key ?? null }, context);
    const keep = (change: Partial<NightState>) => writeNight(dir, night.name, Object.assign(state, change));
    const trained =
      standing !== "none" && "done" in standing
        ? standing.done
        : await take("training", () => {
            keep({ phase: "preparing" });
            return trainTonight(store, surveyed, standing, context, (run, key) => {
              night.run = run;
              keep({ phase: "training", run, key });
            });
          });
    const { adapter } = trained;
    Object.assign(night, { run: trained.run, trained: trained.isNew, adapter: nameOf(adapter) });
    keep({ phase: "evaluating", run: trained.run, key: surveyed.entry?.key ?? state.key, adapter: nameOf(adapter) });
    if (served && trained.isNew) {
      const diff = await compareData(dir, { champion: served, run: trained.run }, context.onNotice);
      night.data = diff && { before: nameOf(served), diff };
    }

    await decide(night, loaded, { store, trained, served, take, keep }, context, options);
    await push(night, loaded, { store, state, take, keep }, context);
    keep({ phase: "done" });
  } finally {
    store.close();
  }
}

/** Says what of the night before is gone on with, or left. */
function begin(
  night: Night,
  { file, dir }: LoadedRecipe,
  { saved, key }: { saved: NightState | null; key: string | null },
  { onNotice }: TrainContext,
): NightState {
  const fresh = { schema: 1 as const, recipe: relative(dir, file), phase: "preparing" as const };
  const anew = { ...fresh, startedAt: night.startedAt, run: null, key, adapter: null, verdict: null };
  const pushed = saved?.pushed ?? null;
  if (saved === null || saved.phase === "done") return { ...anew, pushed };
  const began = new Date(saved.startedAt).toISOString();
  if (saved.key === null || saved.key !== key) {
    const left = saved.run === null ? "" : ` (its run: ${saved.run})`;
    onNotice(
      saved.key === null
        ? `the night of ${began} ended while it was ${saved.phase}: begun anew`
        : `the night of ${began} ended while it was ${saved.phase}${left}, and recipe or data changed since: begun anew`,
    );
    return { ...anew, pushed };
  }
  night.continues = saved.startedAt;
  onNotice(`going on with the night of ${began}, which ended while it was ${saved.phase}`);
  return { ...saved, ...fresh };
}

interface Way {
  store: Store;
  trained: Trained;
  served: RegisteredAdapter | null;
  take: StepTaker;
  keep(change: Partial<NightState>): void;
}

/** Evaluates what is missing, asks the gate, and does what it says. */
async function decide(
  night: Night,
  loaded: LoadedRecipe,
  way: Way,
  context: TrainContext,
  { acceptFirst }: NightOptions,
): Promise<void> {
  const { store, trained, served, take, keep } = way;
  const { adapter, isNew } = trained;
  const { dir, recipe } = loaded;
  const label = nameOf(adapter);
  const isUnfinished = isNew || night.continues !== null;
  if (served?.version === adapter.version) {
    night.outcome = isUnfinished ? "promoted" : "unchanged";
    night.summary = isUnfinished ? `${label} is champion` : `nothing changed: ${label} is champion`;
    return;
  }
  const history = aliasHistory(dir, night.name);
  const dethroned = history.findLast(({ alias, from }) => alias === "champion" && from === adapter.version);
  if (dethroned) {
    night.summary = `nothing to do: ${label}, which this recipe and data make, was champion until ${dethroned.by} put ${night.name}@${dethroned.to} in its place on ${dayOf(dethroned.at)}; it is not promoted again by itself`;
    return;
  }
  const refused = takenOff(history, adapter.version);
  if (refused) {
    night.summary = `nothing to do: ${label}, which this recipe and data make, is not to be promoted: ${refused.by} took the name candidate off it on ${dayOf(refused.at)}`;
    return;
  }
  await take("evaluation", () => evaluateMissing(loaded, adapter, store, context));
  keep({ phase: "judging" });
  const rule = acceptFirst ? { ...recipe.gate, accept_first: true } : recipe.gate;
  const before = lastVerdict(history, adapter.version);
  const verdict = await take("gate", () => {
    const ground = storedGround(store, loaded, { reference: label, rule });
    const said = judgeStored(ground, rule);
    const measured = measuredMetrics(ground.sides.candidate, rule);
    night.decision = { ...said, rule, labels: ground.labels, measured };
    return { ...said, against: ground.against };
  });
  keep({ verdict: verdict.verdict });
  const decision = { by: whoDecides(context.env), now: context.now(), why: "ft ci", verdict };
  if (verdict.verdict === "promote") {
    try {
      await take("promotion", () =>
        promote(dir, adapter, listAdapters(store, dir), {
          ...decision,
          force: false,
          baseDir: (one) => baseFolder(dir, one, context.env),
        }),
      );
    } catch (error) {
      if (!(error instanceof FtError && error.code === "alias.moved")) throw error;
      context.onNotice(`${error.message} (${error.why}): judged anew`);
      night.failedIn = null;
      const now = championOf(store, loaded);
      night.championBefore = now && nameOf(now);
      return decide(night, loaded, { ...way, served: now }, context, { acceptFirst });
    }
    night.outcome = "promoted";
    night.summary = served ? `${label} takes the place of ${nameOf(served)}` : `${label} is the first champion`;
    return;
  }
  const said = `${verdict.verdict}: ${verdict.reasons[0]}`;
  if (verdict.verdict === "hold") context.onNotice(waysOut(label));
  if (!isUnfinished && isSameVerdict(verdict, before)) {
    night.again = verdict.verdict === "hold";
    night.outcome = night.again ? "held" : "unchanged";
    night.summary = night.again
      ? `${label} is still held (${verdict.reasons[0]})`
      : `nothing changed: ${label} is not promoted, as before (${said})`;
    return;
  }
  const { verdict: kept, ...who } = decision;
  await tag(dir, { adapter, alias: "candidate", remove: false, verdict: kept }, who);
  night.outcome = verdict.verdict === "keep" ? "kept" : "held";
  night.summary = said;
}

/** A person's decision against a version that the gate had made candidate. */
function takenOff(history: readonly AliasMove[], version: number): AliasMove | null {
  const last = history.findLast(({ alias, from, to }) => alias === "candidate" && (from === version || to === version));
  return last?.from === version && last.to === null ? last : null;
}

function waysOut(label: string): string {
  return `${label} waits until data, recipe or evaluations change, or a person decides: ft adapters promote ${label} --force --why "..." serves it, ft adapters tag ${label} candidate --remove --why "..." lets it rest`;
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** Candidate, champion and anchor on the recipe's suites, and on the held-out rows of today where they are a file of their own. */
async function evaluateMissing(
  loaded: LoadedRecipe,
  { name, version }: RegisteredAdapter,
  store: Store,
  context: TrainContext,
): Promise<void> {
  const { data, gate } = loaded.recipe;
  const suites = judgedSuites(loaded.recipe, gate).filter((suite) => suite !== heldOutSuite || data.eval !== undefined);
  if (suites.length === 0) return;
  const { champion, anchor } = aliasesOf(loaded.dir, name);
  const versions = [...new Set([version, champion, anchor].filter((one) => one !== undefined))];
  const references = versions.map((one) => `${name}@${one}`);
  await evaluateSuites(loaded, { references, suites, force: false }, { ...context, store });
}

/** The champion, whatever night made it that: one whose push failed is brought there by a later night. The Hub is asked only when nothing here says that it is there. */
async function push(
  night: Night,
  loaded: LoadedRecipe,
  { store, state, take, keep }: { state: NightState } & Pick<Way, "store" | "take" | "keep">,
  { env, onProgress, onNotice }: TrainContext,
): Promise<void> {
  const { hub } = loaded.recipe;
  const champion = hub && championOf(store, loaded);
  if (!champion) return;
  const label = nameOf(champion);
  const pushed = `${hub.repo} ${label}`;
  if (state.pushed === pushed) return;
  keep({ phase: "pushing" });
  const { url, isNew } = await take("push", async () =>
    pushAdapter(champion, hub, env, { scores: await suiteScores(loaded.dir, champion), onNotice, onProgress }),
  );
  night.hub = { url, isNew };
  if (isNew && night.outcome !== "promoted") onNotice(`${label}, the champion, was not on ${hub.repo} yet: pushed`);
  keep({ pushed });
}

type StepTaker = <T>(name: NightStep, work: () => T | Promise<T>) => Promise<T>;

function stepTaker(night: Night, { now }: TrainContext): StepTaker {
  return async (name, work) => {
    const from = now();
    night.failedIn = name;
    try {
      const result = await work();
      night.failedIn = null;
      return result;
    } finally {
      night.steps.push({ name, seconds: (now() - from) / 1000 });
    }
  };
}

const alertOf = { promoted: "promote", kept: "keep", held: "hold", failed: "failure" } as const;

async function tell(night: Night, { recipe }: LoadedRecipe, { env, onNotice }: TrainContext): Promise<void> {
  if (!recipe.alerts || night.outcome === "unchanged" || night.again) return;
  const { name, adapter, champion, run, summary, decision } = night;
  const event = alertOf[night.outcome];
  const problem = await sendAlert(
    recipe.alerts,
    { event, line: name, summary, adapter, champion, run, reasons: decision?.reasons ?? [], at: night.endedAt },
    env,
  );
  if (problem !== null) onNotice(problem);
}

function championOf(store: Store, { dir, recipe: { name } }: LoadedRecipe): RegisteredAdapter | null {
  const { champion } = aliasesOf(dir, name);
  return listAdapters(store, dir).find((one) => one.name === name && one.version === champion) ?? null;
}

function nameOf({ name, version }: Pick<RegisteredAdapter, "name" | "version">): string {
  return `${name}@${version}`;
}

function interrupted(cause: unknown): FtError {
  if (cause instanceof FtError && cause.exit === "interrupted") return cause;
  return new FtError({
    code: "interrupted",
    exit: "interrupted",
    message: "interrupted",
    next: "the next ft ci goes on from here",
    cause,
  });
}
