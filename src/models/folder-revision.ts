// What stands for a commit when a model is a local folder: one hash over every file that training reads.
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Env } from "../paths.js";
import { cachedSha256, hashFile } from "./hash-cache.js";
import { smallFiles, weightFiles } from "./model-folder.js";

/** "sha256:<hex>" over `name size sha256` of each weight file, then of config, tokenizer and template files, in name order. */
export async function folderRevision(
  dir: string,
  options: { env: Env; signal?: AbortSignal | undefined },
): Promise<string> {
  const hash = createHash("sha256");
  const add = async (name: string, sha256: string) =>
    hash.update(`${name} ${(await stat(join(dir, name))).size} ${sha256}\n`);
  for (const name of weightFiles(dir)) await add(name, await cachedSha256(join(dir, name), options));
  for (const name of smallFiles(dir)) await add(name, await hashFile(join(dir, name), options.signal));
  return `sha256:${hash.digest("hex")}`;
}
