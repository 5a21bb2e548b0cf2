// The standard Hugging Face cache on this machine: where it is, the token, and whether a revision is completely there.
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Env } from "../paths.js";
import { missingParts } from "./model-folder.js";

function hubHome(env: Env): string {
  return env.HF_HOME || join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "huggingface");
}

/** $HF_HUB_CACHE, else $HF_HOME/hub, else ~/.cache/huggingface/hub: shared with every other tool that uses the Hub. */
export function hubCacheDir(env: Env): string {
  return env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(hubHome(env), "hub");
}

/** A repository of the Hub. */
export interface HubRepo {
  type: "model" | "dataset";
  /** "org/name" */
  id: string;
}

/** As the cache names it: "models--org--name". */
function folderName({ type, id }: HubRepo): string {
  return `${type}s--${id.replaceAll("/", "--")}`;
}

/** The cache's folder of one repository: blobs/, refs/, snapshots/. */
export function hubRepoDir(env: Env, repo: HubRepo): string {
  return join(hubCacheDir(env), folderName(repo));
}

/** Held by the ft that downloads the repository. */
export function hubLockFile(env: Env, repo: HubRepo): string {
  return join(hubCacheDir(env), ".locks", folderName(repo), "ft.lock");
}

/** From $HF_TOKEN, the file $HF_TOKEN_PATH, or the hub's own token file. Null: none. Never logged, stored or put in argv. */
export function hubToken(env: Env): string | null {
  const fromEnv = env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN;
  if (fromEnv?.trim()) return fromEnv.trim();
  try {
    return readFileSync(env.HF_TOKEN_PATH || join(hubHome(env), "token"), "utf8").trim() || null;
  } catch {
    return null;
  }
}

/** The Hub's address: $HF_ENDPOINT or the public one. */
export function hubUrl(env: Env): string {
  return (env.HF_ENDPOINT || "https://huggingface.co").replace(/\/+$/, "");
}

/** $HF_HUB_OFFLINE, as the hub's own tools read it. */
export function isHubOffline(env: Env): boolean {
  return /^(1|on|yes|true)$/i.test(env.HF_HUB_OFFLINE ?? "");
}

export interface Snapshot {
  /** 40 hex digits. */
  commit: string;
  dir: string;
}

const commitPattern = /^[0-9a-f]{40}$/;

export function isCommit(revision: string): boolean {
  return commitPattern.test(revision);
}

/** The commit of a branch or tag as the cache last saw it, all of the repository there or not. Null: it never did. */
export function cachedCommit(env: Env, repo: HubRepo, revision: string): string | null {
  return readRef(join(hubRepoDir(env, repo), "refs", revision));
}

/** The revision when all of the model is there, else null. `revision` is a branch, tag or commit; branches by the cache's refs. */
export function cachedSnapshot(env: Env, id: string, revision: string): Snapshot | null {
  const model: HubRepo = { type: "model", id };
  const commit = isCommit(revision) ? revision : cachedCommit(env, model, revision);
  if (commit === null) return null;
  const dir = join(hubRepoDir(env, model), "snapshots", commit);
  return existsSync(dir) && missingParts(dir).length === 0 ? { commit, dir } : null;
}

function readRef(file: string): string | null {
  try {
    const commit = readFileSync(file, "utf8").trim();
    return commitPattern.test(commit) ? commit : null;
  } catch {
    return null;
  }
}
