// Has this very run been done already? Found by its key, and what a lock cannot pin: which ft, its trainer code, the device.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { adapterOfRun, type RegisteredAdapter } from "../adapters/registry.js";
import { packageRoot, runsDir } from "../paths.js";
import type { LockEntry } from "../recipes/lock-file.js";
import { type Fingerprint, runLockSchema } from "../runs/lock.js";
import { listRuns, type Run } from "../runs/run-store.js";
import type { Store } from "../store/open.js";
import { ftVersion } from "./lock-entry.js";
import type { Surveyed } from "./survey.js";

export interface UnchangedRun {
  run: Run;
  adapter: RegisteredAdapter;
}

export function fingerprint({ key }: LockEntry, { device }: Pick<Surveyed, "device">): Fingerprint {
  return { key, ft: ftVersion(), trainer: trainerHash(), device: { kind: device.kind, bf16: device.bf16 } };
}

/** The newest succeeded run with this fingerprint whose adapter is registered and whole; null: train. */
export function findUnchanged(store: Store, projectDir: string, wanted: Fingerprint): UnchangedRun | null {
  for (const run of listRuns(store, { state: "succeeded" })) {
    if (!isSame(join(runsDir(projectDir), run.id), wanted)) continue;
    const adapter = adapterOfRun(store, projectDir, run.id);
    if (adapter && isWhole(adapter)) return { run, adapter };
  }
  return null;
}

/** Every run with this fingerprint, in whatever state, newest first. */
export function runsOf(store: Store, projectDir: string, wanted: Fingerprint): Run[] {
  return listRuns(store).filter(({ id }) => isSame(join(runsDir(projectDir), id), wanted));
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
