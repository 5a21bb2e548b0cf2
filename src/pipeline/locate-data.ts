// The files that a recipe's data stands for; datasets of the Hub at the commits that the lock holds.

import { type LocatedSource, type LocateOptions, locateFiles } from "../dataset/locate-files.js";
import { dataSource } from "../dataset/recipe-source.js";
import { FtError } from "../errors.js";
import type { LoadedRecipe } from "../recipes/load.js";
import type { LockEntry } from "../recipes/lock-file.js";

/** Fetches what is only on the Hub. @throws FtError data.* (locate-files.ts) */
export function locateData(
  { recipe, dir }: LoadedRecipe,
  { locked, ...options }: Omit<LocateOptions, "pins" | "stdin"> & { locked: LockEntry | null },
): Promise<LocatedSource> {
  return locateFiles(dataSource(recipe, dir), { ...options, pins: locked?.hub });
}

/** Makes no request; null when a file, or a dataset of the Hub, is not on this machine. @throws FtError data.* for what is wrong otherwise */
export async function locateDataHere(
  loaded: LoadedRecipe,
  {
    onMissing,
    ...options
  }: Omit<Parameters<typeof locateData>[1], "offline" | "onProgress"> & { onMissing?: (error: FtError) => void },
): Promise<LocatedSource | null> {
  try {
    return await locateData(loaded, { ...options, offline: true, onProgress: () => undefined });
  } catch (error) {
    if (!(error instanceof FtError) || !notHere.includes(error.code)) throw error;
    onMissing?.(error);
    return null;
  }
}

const notHere: readonly string[] = ["data.missing", "data.no-match", "data.no-network"];
