// Has this very run been done already? Found by its key, and what a lock cannot pin: which ft, its trainer code, the device.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { adapterOfRun, type RegisteredAdapter } from "../adapters/registry.js";
import { isLocked } from "../file-lock.js";
import { submitLock } from "../launchers/contract.js";
import { packageRoot, runsDir } from "../paths.js";
import { canonicalJson, type LockEntry } from "../recipes/lock-file.js";
import type { Recipe } from "../recipes/schema.js";
import { type Fingerprint, runLockSchema } from "../runs/lock.js";
import { listRuns, type Run } from "../runs/run-store.js";
import { isOnItsWay } from "../runs/state.js";
import type { Store } from "../store/open.js";
import { ftVersion } from "./lock-entry.js";
import { storedRecipe } from "./stored-recipe.js";
import type { Surveyed } from "./survey.js";

export interface UnchangedRun {
  run: Run;
  adapter: RegisteredAdapter;
}

export function fingerprint({ key }: LockEntry, { device }: Pick<Surveyed, "device">): Fingerprint {
  return { key, ft: ftVersion(), trainer: trainerHash(), device: { kind: device.kind, bf16: device.bf16 } };
}

/** The newest succeeded run with this fingerprint whose adapter is registered and whole, among those that are accepted; null: train. */
export function findUnchanged(
  store: Store,
  projectDir: string,
  wanted: Fingerprint,
  accepts: (run: Run) => boolean = () => true,
): UnchangedRun | null {
  for (const run of listRuns(store, { state: "succeeded" })) {
    if (!isSame(join(runsDir(projectDir), run.id), wanted) || !accepts(run)) continue;
    const adapter = adapterOfRun(store, projectDir, run.id);
    if (adapter && isWhole(adapter)) return { run, adapter };
  }
  return null;
}

/**
 * The run with this fingerprint that trains or will. One without a handle is prepared for its launcher while an ft holds its submit lock, as a sweep
 * does with a job array. Else it was never handed over, and is none: whoever started it would hold the turn (start-run.ts), and so was killed.
 */
export async function liveRun(store: Store, projectDir: string, wanted: Fingerprint): Promise<Run | null> {
  for (const run of runsOf(store, projectDir, wanted)) {
    if (!isOnItsWay(run.state)) continue;
    if (run.handle !== null || (await isLocked(join(runsDir(projectDir), run.id, submitLock)))) return run;
  }
  return null;
}

/**
 * The ft that started it was killed or left before its launcher had it, or the launcher did not answer: nothing of it was ever trained. One that
 * a person cancelled has no failure.
 */
export function neverBegan({ handle, state, failure }: Run): boolean {
  if (handle !== null) return false;
  return isOnItsWay(state) || state === "lost" || state === "failed" || (state === "cancelled" && failure !== null);
}

/** Every run with this fingerprint, in whatever state, newest first. */
export function runsOf(store: Store, projectDir: string, wanted: Fingerprint): Run[] {
  return listRuns(store).filter(({ id }) => isSame(join(runsDir(projectDir), id), wanted));
}

/** What is measured is no part of the fingerprint: another evaluation trains nothing anew. */
export function isEvaluatedAs(projectDir: string, run: Run, recipe: Recipe): boolean {
  return hasAlike("eval", projectDir, run, recipe);
}

/** Nor is where it goes. */
export function isPushedAs(projectDir: string, run: Run, recipe: Recipe): boolean {
  return hasAlike("hub", projectDir, run, recipe);
}

function hasAlike(key: "eval" | "hub", projectDir: string, { id }: Run, recipe: Recipe): boolean {
  try {
    const stored = storedRecipe(join(runsDir(projectDir), id));
    return canonicalJson(stored[key] ?? null) === canonicalJson(recipe[key] ?? null);
  } catch {
    return false; // an ft wrote it that this one cannot read
  }
}

/** A run of an ft that kept no key is never the same. */
function isSame(runDir: string, wanted: Fingerprint): boolean {
  try {
    const { key, ft, trainer, device } = runLockSchema.parse(
      JSON.parse(readFileSync(join(runDir, "lock.json"), "utf8")),
    );
    return isDeepStrictEqual({ key, ft, trainer, device }, wanted);
  } catch {
    return false;
  }
}

/** By the files' sizes; `ft adapters verify` reads them. */
function isWhole({ dir, files }: RegisteredAdapter): boolean {
  return files.every(({ path, bytes }) => statSync(join(dir, path), { throwIfNoEntry: false })?.size === bytes);
}

/** sha256 over the Python that a job takes along, hex. */
function trainerHash(): string {
  const root = join(packageRoot, "trainer");
  const modules = join(root, "ft_trainer");
  const files = readdirSync(modules, { recursive: true, encoding: "utf8" });
  const hash = createHash("sha256");
  for (const name of files.filter((file) => file.endsWith(".py")).sort())
    hash.update(`${name}\n`).update(readFileSync(join(modules, name)));
  return hash.update(readFileSync(join(root, "run.py"))).digest("hex");
}
