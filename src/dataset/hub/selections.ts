// Which files of a dataset at a commit an address meant, remembered in ft's cache: a commit never changes, so the Hub need not be asked again.
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { type Env, ftCacheDir } from "../../paths.js";
import type { HubAddress } from "./address.js";

const selectionSchema = z.object({
  /** Where the files are: as asked for, or the branch of the Hub's own Parquet files. */
  revision: z.string(),
  commit: z.string(),
  /** Paths in the repository, in order. */
  files: z.array(z.string()).min(1),
});

export type Selection = z.output<typeof selectionSchema>;

/** `commit`: of the revision that was asked for. Null: not known here. */
export async function readSelection(env: Env, address: HubAddress, commit: string): Promise<Selection | null> {
  const text = await readFile(selectionFile(env, address, commit), "utf8").catch(() => null);
  if (text === null) return null;
  try {
    return selectionSchema.parse(JSON.parse(text));
  } catch {
    return null; // written by another ft, or cut off: the Hub is asked again
  }
}

export async function writeSelection(
  env: Env,
  { address, commit }: { address: HubAddress; commit: string },
  selection: Selection,
): Promise<void> {
  const file = selectionFile(env, address, commit);
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, JSON.stringify(selection));
  await rename(draft, file);
}

function selectionFile(env: Env, { id, path, config, split }: HubAddress, commit: string): string {
  const what = createHash("sha256")
    .update(JSON.stringify([path, config, split]))
    .digest("hex")
    .slice(0, 16);
  return join(ftCacheDir(env), "hub-selections", id.replace("/", "--"), commit, `${what}.json`);
}
