// `ft lock`: brings a recipe's entry in ft.lock.json up to date without training, or says what has drifted.
import { newestRevision } from "../models/pin-revision.js";
import type { LoadedRecipe } from "../recipes/load.js";
import { type Drift, driftOf, refuseDrift } from "../recipes/lock-drift.js";
import { type LockEntry, lockFileOf, writeLock } from "../recipes/lock-file.js";
import { lockEntry } from "./lock-entry.js";
import { type PrepareContext, type Surveyed, survey } from "./survey.js";

export interface LockedRecipe {
  /** Absolute. */
  file: string;
  entry: LockEntry;
  /** The recipe had no entry before. */
  isNew: boolean;
  /** Against the entry that was there. */
  drift: Drift[];
}

/** `update`: the base's newest revision, open keys chosen anew. Throws FtError data.*, model.*, lock.*, recipe.*. */
export async function lockRecipe(
  loaded: LoadedRecipe,
  context: PrepareContext,
  { update }: { update: boolean },
): Promise<LockedRecipe> {
  const surveyed = await survey(loaded, context, { newest: update });
  const { base, source, report, locked } = surveyed;
  if (surveyed.entry === null) context.onProgress({ label: `looking up ${base.id} on the Hub` });
  const entry =
    surveyed.entry ??
    (await lockEntry(surveyed.loaded, { base, source, report, revision: await newestRevision(base, context) }));
  await writeLock(loaded.file, entry);
  return { file: lockFileOf(loaded.file), entry, isNew: locked === null, drift: locked ? driftOf(locked, entry) : [] };
}

/** No request, nothing written. Throws FtError lock.drift (exit recipe) when there is no entry, or it differs. */
export async function checkLock(
  loaded: LoadedRecipe,
  context: PrepareContext,
): Promise<Surveyed & { entry: LockEntry }> {
  const surveyed = await survey(loaded, context, { offline: true });
  refuseDrift(loaded.file, surveyed.locked, surveyed.entry);
  return { ...surveyed, entry: surveyed.entry! };
}
