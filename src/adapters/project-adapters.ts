// What commands ask about a project's adapters: all of them, the one that is meant, the folders that belong to it.
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { cachedSnapshot } from "../models/hub-cache.js";
import { type Env, runsDir, storeFile } from "../paths.js";
import { openStore } from "../store/open.js";
import { type Lineage, readLineage } from "./lineage.js";
import { findAdapter, listAdapters, type RegisteredAdapter } from "./registry.js";
import type { AdapterToVerify } from "./verify.js";

/** The registered adapters; none, and no store made, where there is no store. */
function projectAdapters(projectDir: string): RegisteredAdapter[] {
  if (!existsSync(storeFile(projectDir))) return [];
  const db = openStore(projectDir);
  try {
    return listAdapters(db, projectDir);
  } finally {
    db.close();
  }
}

/** The base model's folder: by the link in the job folder of the run, else in the Hub's cache; null when it is not on this machine. */
export function baseFolder(projectDir: string, { run, base }: Pick<Lineage, "run" | "base">, env: Env): string | null {
  const dir = join(runsDir(projectDir), run, "model");
  return existsSync(dir) ? dir : (cachedSnapshot(env, base.id, base.revision)?.dir ?? null);
}

/**
 * What `name`, `name@3`, `name@champion` or a folder means. A registered name goes before a folder of that name; `./name` is always the folder,
 * which need not be registered: its ft-lineage.json, if any, says what to expect. Throws FtError `adapter.unknown`.
 */
export function adapterToVerify(projectDir: string, reference: string, env: Env): AdapterToVerify {
  const folder = resolve(projectDir, reference);
  const adapters = projectAdapters(projectDir);
  const isRegistered = adapters.some(({ name }) => name === reference.split("@")[0]);
  const isFolder = /[\\/]|^\.+$/.test(reference) || (!isRegistered && isDirectory(folder));
  if (!isFolder) {
    const adapter = findAdapter(adapters, reference);
    return { dir: adapter.dir, lineage: adapter, baseDir: baseFolder(projectDir, adapter, env) };
  }
  const lineage = readLineage(folder);
  return { dir: folder, lineage, baseDir: lineage && baseFolder(projectDir, lineage, env) };
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
