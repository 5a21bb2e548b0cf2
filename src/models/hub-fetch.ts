// A model of the Hub at one commit, in the standard cache layout, with only the files that training needs.
import type { ListFileEntry } from "@huggingface/hub";
import { FtError } from "../errors.js";
import type { Env } from "../paths.js";
import type { OnProgress } from "../progress.js";
import { cachedSnapshot, hubCacheDir, isHubOffline, type Snapshot } from "./hub-cache.js";
import { hubConnection } from "./hub-request.js";
import { downloadSnapshot } from "./hub-snapshot.js";
import { isSmallFile, missingParts, weightFilesOf } from "./model-folder.js";

export interface HubFetchOptions {
  env: Env;
  signal?: AbortSignal | undefined;
  onProgress: OnProgress;
  offline?: boolean | undefined;
  /** False: without its weights. */
  weights?: boolean;
  patience?: "normal" | "short";
}

/** The snapshot, from the cache without any request when it is complete there. Throws FtError model.* (see hub-request.ts). */
export async function fetchFromHub(id: string, revision: string, options: HubFetchOptions): Promise<Snapshot> {
  const { env, signal, onProgress, weights = true } = options;
  const cached = cachedSnapshot(env, id, revision);
  if (cached) return cached;
  if (options.offline || isHubOffline(env)) throw offlineError(id, revision, env);

  const { modelInfo, listFiles } = await import("@huggingface/hub");
  const hub = hubConnection({ id, revision, env, signal, patience: options.patience ?? "normal" });

  onProgress({ label: `looking up ${id} on the Hub` });
  const { sha: commit } = await modelInfo({ ...hub, name: id, revision, additionalFields: ["sha"] });
  const entries: ListFileEntry[] = [];
  for await (const entry of listFiles({ ...hub, repo: id, revision: commit })) entries.push(entry);
  const dir = await downloadSnapshot(
    { repo: { type: "model", id }, revision, commit, files: neededFiles(entries, weights) },
    { hub, env, signal, onProgress },
  );
  const missing = missingParts(dir, { weights });
  if (missing.length > 0) throw notTrainable(id, missing);
  return { commit, dir };
}

/** Small files first, so that weights in a snapshot mean that all of it is there. No pickles, GGUF, ONNX or second formats of the weights. */
function neededFiles(entries: ListFileEntry[], withWeights: boolean): ListFileEntry[] {
  const files = entries.filter((entry) => entry.type === "file");
  const weights = new Set(withWeights ? weightFilesOf(files.map((file) => file.path)) : []);
  return [...files.filter(({ path }) => isSmallFile(path)), ...files.filter(({ path }) => weights.has(path))];
}

function offlineError(id: string, revision: string, env: Env): FtError {
  return new FtError({
    code: "model.no-network",
    exit: "environment",
    message: `${id} at ${revision} is not in the cache (${hubCacheDir(env)}), and ft is told to stay offline`,
    next: "unset HF_HUB_OFFLINE, or give a local folder as model.base",
  });
}

function notTrainable(id: string, missing: string[]): FtError {
  return new FtError({
    code: "model.incomplete",
    exit: "recipe",
    message: `${id} on the Hub can't be trained: it is not a complete transformers model`,
    problems: missing.map((part) => ({ message: `missing: ${part}` })),
    next: "choose the model's original repository (not a GGUF, ONNX or adapter one)",
  });
}
