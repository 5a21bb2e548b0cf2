// What commands ask about a project's adapters: all of them, the one that is meant, the folders that belong to it.
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { runsDir, storeFile } from "../paths.js";
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

/** The base model's folder, by the link in the job folder of the run; null when that is gone. */
export function baseFolder(projectDir: string, { run }: Pick<Lineage, "run">): string | null {
  const dir = join(runsDir(projectDir), run, "model");
  return existsSync(dir) ? dir : null;
}

/**
 * What `name`, `name@3` or a folder means. A registered name goes before a folder of that name; `./name` is always the folder,
 * which need not be registered: its ft-lineage.json, if any, says what to expect. Throws FtError `adapter.unknown`.
 */
export function adapterToVerify(projectDir: string, reference: string): AdapterToVerify {
  const folder = resolve(projectDir, reference);
  const adapters = projectAdapters(projectDir);
  const isRegistered = adapters.some(({ name }) => name === reference.replace(/@\d+$/, ""));
  const isFolder = /[\\/]|^\.+$/.test(reference) || (!isRegistered && isDirectory(folder));
  if (!isFolder) {
    const adapter = findAdapter(adapters, reference);
    return { dir: adapter.dir, lineage: adapter, baseDir: baseFolder(projectDir, adapter) };
  }
  const lineage = readLineage(folder);
  return { dir: folder, lineage, baseDir: lineage && baseFolder(projectDir, lineage) };
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
