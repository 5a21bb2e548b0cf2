// The first half of a run: all that is known of it before anything is fetched. Enough for its lock, mostly, and so to see drift or that nothing changed.
import { refuseLocalBase, requireHubToken } from "../adapters/push.js";
import type { CheckReport } from "../dataset/check-dataset.js";
import type { LocatedSource } from "../dataset/locate-files.js";
import type { Engine, RenderInput } from "../engines/contract.js";
import { requirePackages } from "../engines/env/needs.js";
import type { Device } from "../engines/machine.js";
import { type NamedTarget, resolveTarget } from "../launchers/targets.js";
import type { ModelFacts } from "../models/facts.js";
import { cachedCommit } from "../models/hub-cache.js";
import { knownRevision, newestRevision } from "../models/pin-revision.js";
import type { ResolvedModel } from "../models/resolve.js";
import type { Env } from "../paths.js";
import type { MemoryPlan } from "../plan/memory-plan.js";
import type { OnProgress } from "../progress.js";
import { chooseAsLocked } from "../recipes/keep-choices.js";
import type { LoadedRecipe } from "../recipes/load.js";
import { type LockEntry, readLock } from "../recipes/lock-file.js";
import { checkRecipeData, refuseBadData } from "./check-recipe-data.js";
import { closeMicroBatch, countedLengths, fitHere } from "./fit-here.js";
import { locateData } from "./locate-data.js";
import { lockEntry } from "./lock-entry.js";
import { choiceFacts, describeRecipeModel, pinnedByLock, resolveRecipeModel } from "./refine.js";
import { type CountedRows, countedRows } from "./sample-recipe.js";
import { supportedEngine } from "./supported-engine.js";
import { type TargetThere, targetThere } from "./target-there.js";
import { trainingDevice } from "./training-device.js";

export interface PrepareContext {
  env: Env;
  signal: AbortSignal;
  onProgress: OnProgress;
  /** One sentence that the person should know. */
  onNotice(text: string): void;
}

export interface Surveyed {
  /** Its open keys chosen. */
  loaded: LoadedRecipe;
  base: ResolvedModel;
  /** What is known of the base without a request. */
  model: ModelFacts;
  /** Where it runs, and what of this machine it works with there. */
  target: NamedTarget;
  uses: TargetThere["uses"];
  lacks: TargetThere["lacks"];
  /** That machine's, and what of it the run trains on. */
  here: Device;
  device: RenderInput["device"];
  engine: Engine;
  /** Where the rows are. */
  source: LocatedSource;
  report: CheckReport;
  /** The training rows, counted by what is known of the base. */
  rows: CountedRows;
  /** What ft.lock.json says. */
  locked: LockEntry | null;
  /** Null: not known without a request. */
  memory: MemoryPlan | null;
  /** What it should say; null while only the Hub knows the base's revision. */
  entry: LockEntry | null;
}

/**
 * `newest`: asks the Hub for the newest revision of the base and of datasets, and chooses open keys anew; otherwise the lock holds them. There
 * is no request then, but for data that is only on the Hub; with `offline` not even for it.
 * Throws FtError: targets.* (usage), recipe (a combination the engine lacks), data (error findings), lock.*, env.no-device, model.* (a folder that is not there).
 */
export async function survey(
  written: LoadedRecipe,
  context: PrepareContext,
  { newest = false, offline = false } = {},
): Promise<Surveyed> {
  const { env, signal, onProgress, onNotice } = context;
  if (written.recipe.hub) requireHubToken(env);
  resolveTarget(written.recipe.compute.on, env); // a name that is no target is told before the data is read
  const locked = await readLock(written.file);
  const asked = resolveRecipeModel(written, env);
  if (written.recipe.hub) refuseLocalBase(asked.id, written.recipe.hub);
  if (asked.notice) onNotice(asked.notice);

  // What is cheap to know comes first: nothing is downloaded for data that cannot be used, or a device that is not here.
  const source = await locateData(written, { env, signal, onProgress, locked, newest, offline });
  onProgress({ label: "checking the data" });
  const report = await checkRecipeData(written, source, null);
  refuseBadData(report);
  const { target, here, uses, lacks } = await targetThere(written.recipe, asked, env);
  const device = trainingDevice(written.recipe, here);
  const base = newest ? await atNewest(asked, context) : pinnedByLock(asked, written, locked);
  if (!newest) noticeMove(asked, base, context);
  const revision = await knownRevision(base, { env, signal });
  const described = await describeRecipeModel(written, base, env);
  const chosen = chooseAsLocked(written, choiceFacts(described, report.facts, device), {
    locked: newest ? null : locked,
    isSameBase: revision !== null && revision === locked?.base.revision,
  });
  const engine = await supportedEngine(chosen);
  const rows = countedRows({ loaded: chosen, model: described, device, dataset: report.facts, source });
  const known = { model: described, rows, device, here, env };
  const loaded = await closeMicroBatch(chosen, known, newest ? null : locked);
  requirePackages(loaded.recipe);
  const entry = revision === null ? null : await lockEntry(loaded, { base, revision, source, report });
  const memory = fitHere(loaded, { ...known, lengths: await countedLengths(rows) });
  return {
    ...{ loaded, base, rows, model: described, target, uses, lacks, here, device },
    ...{ engine, source, report, locked, entry, memory },
  };
}

async function atNewest(asked: ResolvedModel, { env, signal, onProgress }: PrepareContext): Promise<ResolvedModel> {
  if (asked.source === "folder" || asked.source === "gguf") return asked;
  onProgress({ label: `looking up ${asked.id} on the Hub` });
  return { ...asked, revision: await newestRevision(asked, { env, signal }) };
}

/** Said only when this machine's cache knows it: no request is made for it. */
function noticeMove(asked: ResolvedModel, base: ResolvedModel, { env, onNotice }: PrepareContext): void {
  if (!("revision" in asked) || !("revision" in base) || asked.revision === base.revision) return;
  const newer = cachedCommit(env, { type: "model", id: asked.id }, asked.revision);
  if (newer === null || newer === base.revision) return;
  const [to, from] = [newer, base.revision].map((revision) => revision.slice(0, 12));
  onNotice(`${asked.revision} of ${asked.id} is at ${to}; the lock holds ${from} (ft lock --update takes the newest)`);
}
