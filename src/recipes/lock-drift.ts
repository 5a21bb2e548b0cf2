// What differs between a recipe's lock and what the recipe resolves to now, as a person reads it.
import { basename } from "node:path";
import { FtError } from "../errors.js";
import { canonicalJson, type LockEntry, lockFileName, lockFileOf } from "./lock-file.js";

export interface Drift {
  /** `base`, `template`, `engine`, a data file's path, a dataset of the Hub, or a recipe key. */
  what: string;
  /** Null: not there. */
  locked: string | null;
  now: string | null;
}

/** Empty when nothing that decides the result has moved. */
export function driftOf(locked: LockEntry, now: LockEntry): Drift[] {
  const [before, after] = [pinnedParts(locked), pinnedParts(now)];
  const drift = [...new Set([...before.keys(), ...after.keys()])]
    .filter((what) => before.get(what) !== after.get(what))
    .map((what) => ({ what, locked: short(before.get(what)), now: short(after.get(what)) }));
  if (drift.length > 0 || locked.key === now.key) return drift;
  return [{ what: "key (edited by hand, or by a merge?)", locked: short(locked.key), now: short(now.key) }];
}

/** "train.epochs 1 -> 3" */
export function driftText({ what, locked, now }: Drift): string {
  return `${what}: ${locked ?? "not in the lock"} -> ${now ?? "not there"}`;
}

/** Throws FtError lock.drift (exit recipe) unless the lock holds exactly what is resolved now. */
export function refuseDrift(recipeFile: string, locked: LockEntry | null, now: LockEntry | null): void {
  const drift = locked && now ? driftOf(locked, now) : [];
  if (locked && now && drift.length === 0) return;
  throw new FtError({
    code: "lock.drift",
    exit: "recipe",
    message: locked
      ? `what is here is not what ${lockFileName} holds`
      : `${lockFileName} has no entry for ${basename(recipeFile)}`,
    where: { file: lockFileOf(recipeFile) },
    problems: drift.map((each) => ({ message: driftText(each) })),
    next: locked ? "bring back what was locked, or take what is here: ft lock" : "ft lock writes it",
  });
}

function pinnedParts(entry: LockEntry): Map<string, string> {
  const { base, template, data, hub, files, engine } = entry;
  // The engine's version and the base's revision are told once, with what else is pinned of them.
  const { "engine.name": _, "engine.version": __, ...recipe } = { ...entry.recipe, ...entry.chosen };
  return new Map([
    ["base", `${base.id} @ ${base.revision}`],
    ["template", `${template.origin} ${template.sha256 ?? ""}`.trim()],
    ...Object.entries(data).map(([path, { rows, sha256 }]) => [path, `${rows} rows, ${sha256}`] as const),
    ...Object.entries(hub),
    ...Object.entries(files),
    ["engine", `${engine.name} ${engine.version}, requirements ${engine.requirements}`],
    ...Object.entries(recipe).map(([key, value]) => [key, canonicalJson(value)] as const),
  ]);
}

/** Hashes by their first 12 digits. */
function short(text: string | undefined): string | null {
  return text === undefined ? null : text.replace(/[0-9a-f]{40,64}/g, (hash) => hash.slice(0, 12));
}
