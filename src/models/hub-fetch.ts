// A model of the Hub at one commit, in the standard cache layout, with only the files that training needs.
import { existsSync } from "node:fs";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { ListFileEntry } from "@huggingface/hub";
import { FtError } from "../errors.js";
import { withFileLock } from "../file-lock.js";
import { requireFreeSpace } from "../free-space.js";
import type { Env } from "../paths.js";
import type { OnProgress } from "../progress.js";
import {
  cachedSnapshot,
  hubCacheDir,
  hubModelDir,
  hubToken,
  hubUrl,
  isHubOffline,
  type Snapshot,
} from "./hub-cache.js";
import { downloadBlob } from "./hub-download.js";
import { hubFetch } from "./hub-request.js";
import { isSmallFile, missingParts, weightFilesOf } from "./model-folder.js";

export interface HubFetchOptions {
  env: Env;
  signal?: AbortSignal | undefined;
  onProgress: OnProgress;
  offline?: boolean | undefined;
  patience?: "normal" | "short";
}

/** The snapshot, from the cache without any request when it is complete there. Throws FtError model.* (see hub-request.ts). */
export async function fetchFromHub(id: string, revision: string, options: HubFetchOptions): Promise<Snapshot> {
  const { env, signal, onProgress } = options;
  const cached = cachedSnapshot(env, id, revision);
  if (cached) return cached;
  if (options.offline || isHubOffline(env)) throw offlineError(id, revision, env);

  const { modelInfo, listFiles } = await import("@huggingface/hub");
  const token = hubToken(env);
  const fetch = hubFetch({ id, revision, env, signal, patience: options.patience ?? "normal" });
  const hub = { hubUrl: hubUrl(env), fetch, ...(token ? { accessToken: token } : {}) };

  onProgress({ label: `looking up ${id} on the Hub` });
  const { sha: commit } = await modelInfo({ ...hub, name: id, revision, additionalFields: ["sha"] });
  const entries: ListFileEntry[] = [];
  for await (const entry of listFiles({ ...hub, repo: id, revision: commit })) entries.push(entry);
  const needed = neededFiles(entries);

  const modelDir = hubModelDir(env, id);
  const lock = join(hubCacheDir(env), ".locks", `models--${id.replaceAll("/", "--")}`, "ft.lock");
  await withFileLock(lock, () => download(id, commit, needed, hub, modelDir, options), {
    signal,
    onWait: (pid) => onProgress({ label: `waiting for another ft (process ${pid}) that downloads ${id}` }),
  });
  if (revision !== commit) {
    const ref = join(modelDir, "refs", revision);
    await mkdir(dirname(ref), { recursive: true });
    await writeFile(ref, commit);
  }
  const dir = join(modelDir, "snapshots", commit);
  const missing = missingParts(dir);
  if (missing.length > 0) throw notTrainable(id, missing);
  return { commit, dir };
}

/** Small files first, so that weights in a snapshot mean that all of it is there. No pickles, GGUF, ONNX or second formats of the weights. */
function neededFiles(entries: ListFileEntry[]): ListFileEntry[] {
  const files = entries.filter((entry) => entry.type === "file");
  const weights = new Set(weightFilesOf(files.map((file) => file.path)));
  return [...files.filter(({ path }) => isSmallFile(path)), ...files.filter(({ path }) => weights.has(path))];
}

async function download(
  id: string,
  commit: string,
  files: ListFileEntry[],
  hub: { hubUrl: string; fetch: typeof fetch; accessToken?: string },
  modelDir: string,
  { signal, onProgress }: HubFetchOptions,
): Promise<void> {
  const { fileDownloadInfo } = await import("@huggingface/hub");
  const sizeOf = (file: ListFileEntry) => file.lfs?.size ?? file.size;
  const blobOf = (file: ListFileEntry) => join(modelDir, "blobs", file.lfs?.oid ?? file.oid ?? "");
  const totalBytes = files.reduce((sum, file) => sum + sizeOf(file), 0);
  const missingBytes = files.filter((file) => !existsSync(blobOf(file))).reduce((sum, file) => sum + sizeOf(file), 0);
  await requireFreeSpace(modelDir, missingBytes, `download ${id}`);
  let before = 0;
  for (const file of files) {
    const pointer = join(modelDir, "snapshots", commit, file.path);
    const blob = blobOf(file);
    const report = (done: number) => onProgress({ label: `downloading ${id}`, doneBytes: before + done, totalBytes });
    if (!existsSync(blob)) {
      const info = await fileDownloadInfo({ ...hub, repo: id, path: file.path, revision: commit });
      if (!info) throw new Error(`${id}: ${file.path} is listed at ${commit} but can't be downloaded`);
      await downloadBlob({
        path: `${id}/${file.path}`,
        url: info.url,
        size: sizeOf(file),
        hash: file.lfs ? { algorithm: "sha256", hex: file.lfs.oid } : { algorithm: "sha1", hex: file.oid ?? "" },
        target: blob,
        fetch: hub.fetch,
        headers: hub.accessToken ? { Authorization: `Bearer ${hub.accessToken}` } : {},
        signal,
        onBytes: report,
      });
    }
    before += sizeOf(file);
    report(0);
    await mkdir(dirname(pointer), { recursive: true });
    await rm(pointer, { force: true });
    await symlink(relative(dirname(pointer), blob), pointer);
  }
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
