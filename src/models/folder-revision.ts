// What stands for a commit when a model is a local folder: one hash over its weight files.
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Env } from "../paths.js";
import { cachedSha256 } from "./hash-cache.js";
import { weightFiles } from "./model-folder.js";

/** "sha256:<hex>" over `name size sha256` of each weight file, in name order. */
export async function folderRevision(
  dir: string,
  options: { env: Env; signal?: AbortSignal | undefined },
): Promise<string> {
  const hash = createHash("sha256");
  for (const name of weightFiles(dir)) {
    const { size } = await stat(join(dir, name));
    hash.update(`${name} ${size} ${await cachedSha256(join(dir, name), options)}\n`);
  }
  return `sha256:${hash.digest("hex")}`;
}
