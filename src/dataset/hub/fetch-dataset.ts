// The files of one dataset of the Hub, at a pinned commit, in the standard cache; nothing is asked of the Hub when they are there.
import { existsSync, readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ListFileEntry } from "@huggingface/hub";
import { FtError } from "../../errors.js";
import { cachedCommit, type HubRepo, hubCacheDir, hubRepoDir, isCommit, isHubOffline } from "../../models/hub-cache.js";
import { type HubConnection, hubConnection } from "../../models/hub-request.js";
import { downloadSnapshot } from "../../models/hub-snapshot.js";
import type { Env } from "../../paths.js";
import type { OnProgress } from "../../progress.js";
import { fileName, type HubAddress, repositoryName } from "./address.js";
import { chooseFiles, missingShards, noFiles } from "./choose-files.js";
import { convertedSplits, matchingFiles, repositorySplits } from "./repository-splits.js";
import { readSelection, type Selection, writeSelection } from "./selections.js";

export interface HubDataOptions {
  env: Env;
  signal?: AbortSignal | undefined;
  onProgress: OnProgress;
  /** No request to anyone. */
  offline?: boolean | undefined;
  /** By repository name (address.ts): the commit that a branch or tag is taken at. */
  pins?: Readonly<Record<string, string>> | undefined;
  /** Asks where a branch is now, whatever is pinned or cached. */
  newest?: boolean | undefined;
}

export interface HubFiles {
  /** Name -> path on this machine, in order. */
  files: Map<string, string>;
  /** By repository name: the commits that decided it. */
  pins: Record<string, string>;
}

/** Where the Hub keeps its own Parquet files of a dataset. */
const convertedBranch = "refs/convert/parquet";

/** @throws FtError data.* (see hub-request.ts and choose-files.ts), data.no-network */
export async function fetchDataset(address: HubAddress, options: HubDataOptions): Promise<HubFiles> {
  const { env } = options;
  const revision = address.revision ?? "main";
  const pinned = pinnedCommit(address.id, revision, options);
  const known = pinned ?? (options.newest ? null : cachedCommit(env, repoOf(address), revision));
  const cached = known === null ? null : await cachedSelection(address, known, options);
  if (cached) return toFiles(address, { revision, commit: known! }, { selection: cached, env });
  if (options.offline || isHubOffline(env)) {
    if (known === null) throw offlineError(address, env);
    return toFiles(address, { revision, commit: known }, { selection: await onDisk(address, known, env), env });
  }
  options.onProgress({ label: `looking up ${address.id} on the Hub` });
  const at = await openRepository(address, revision, { ...options, pinned });
  const selection = await select(address, at, options);
  await writeSelection(env, { address, commit: at.commit }, selection);
  return toFiles(address, at, { selection, env });
}

interface At {
  revision: string;
  commit: string;
}

function repoOf({ id }: HubAddress): HubRepo {
  return { type: "dataset", id };
}

function pinnedCommit(id: string, revision: string, { pins, newest }: HubDataOptions): string | null {
  if (isCommit(revision)) return revision;
  return newest ? null : (pins?.[repositoryName(id, revision)] ?? null);
}

function toFiles(
  address: HubAddress,
  { revision, commit }: At,
  { selection, env }: { selection: Selection; env: Env },
): HubFiles {
  const { id } = address;
  const dir = join(hubRepoDir(env, repoOf(address)), "snapshots", selection.commit);
  return {
    files: new Map(selection.files.map((path) => [fileName(id, selection.revision, path), join(dir, path)])),
    pins: {
      [repositoryName(id, revision)]: commit,
      [repositoryName(id, selection.revision)]: selection.commit,
    },
  };
}

/** What was chosen before, when all of it is still here. */
async function cachedSelection(
  address: HubAddress,
  commit: string,
  options: HubDataOptions,
): Promise<Selection | null> {
  const selection = await readSelection(options.env, address, commit);
  if (!selection) return null;
  const pinned = pinnedCommit(address.id, selection.revision, options);
  if (pinned !== null && pinned !== selection.commit) return null;
  const dir = join(hubRepoDir(options.env, repoOf(address)), "snapshots", selection.commit);
  return selection.files.every((path) => existsSync(join(dir, path))) ? selection : null;
}

/** What another tool (`hf download`) put into the cache. */
async function onDisk(address: HubAddress, commit: string, env: Env): Promise<Selection> {
  const dir = join(hubRepoDir(env, repoOf(address)), "snapshots", commit);
  if (!existsSync(dir)) throw offlineError(address, env);
  const paths = readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((path) =>
    statSync(join(dir, path), { throwIfNoEntry: false })?.isFile(),
  );
  const readme = await readFile(join(dir, "README.md"), "utf8").catch(() => null);
  const files = address.path
    ? matchingFiles(paths, address.path)
    : chooseFiles(address, repositorySplits(paths, readme));
  if (files.length === 0 || missingShards(files).length > 0) throw offlineError(address, env);
  return { revision: address.revision ?? "main", commit, files };
}

interface Repository extends At {
  /** The commit is a branch's newest, as the cache should remember it. */
  isNewest: boolean;
  hub: HubConnection;
  entries: ListFileEntry[];
  paths: string[];
}

async function openRepository(
  { id }: HubAddress,
  revision: string,
  { env, signal, pinned }: HubDataOptions & { pinned: string | null },
): Promise<Repository> {
  const { datasetInfo, listFiles } = await import("@huggingface/hub");
  const hub = hubConnection({ id, type: "dataset", revision, env, signal });
  const commit = pinned ?? (await datasetInfo({ ...hub, name: id, revision, additionalFields: ["sha"] })).sha;
  const entries: ListFileEntry[] = [];
  const repo = { type: "dataset" as const, name: id };
  for await (const entry of listFiles({ ...hub, repo, revision: commit, recursive: true }))
    if (entry.type === "file" && !entry.path.split("/").includes("..")) entries.push(entry);
  return { hub, revision, commit, isNewest: pinned === null, entries, paths: entries.map(({ path }) => path) };
}

/** Chooses the files and brings them here. */
async function select(address: HubAddress, at: Repository, options: HubDataOptions): Promise<Selection> {
  if (address.path) {
    const files = matchingFiles(at.paths, address.path);
    if (files.length === 0) throw noFiles(address, at.paths);
    return download(address, at, { files, options });
  }
  const splits = repositorySplits(at.paths, await readmeOf(address, at, options));
  if (splits.configs.size > 0 || address.revision !== null) {
    return download(address, at, { files: chooseFiles(address, splits), options });
  }
  // No data files of its own (a script, archives, images): the Hub's conversion of it.
  const pinned = pinnedCommit(address.id, convertedBranch, options);
  const converted = await openRepository(address, convertedBranch, { ...options, pinned }).catch((error) => {
    throw error instanceof FtError && error.code === "data.revision-not-found" ? noFiles(address) : error;
  });
  const files = chooseFiles(address, convertedSplits(converted.paths));
  return download(address, converted, { files, options });
}

async function readmeOf(address: HubAddress, at: Repository, options: HubDataOptions): Promise<string | null> {
  const entry = at.entries.find(({ path }) => path === "README.md");
  if (!entry) return null;
  const dir = await bring(address, at, { entries: [entry], options });
  return readFile(join(dir, "README.md"), "utf8");
}

async function download(
  address: HubAddress,
  at: Repository,
  { files, options }: { files: string[]; options: HubDataOptions },
): Promise<Selection> {
  const wanted = new Map(at.entries.map((entry) => [entry.path, entry]));
  await bring(address, at, { entries: files.map((path) => wanted.get(path)!), options });
  return { revision: at.revision, commit: at.commit, files };
}

function bring(
  address: HubAddress,
  { hub, revision, commit, isNewest }: Repository,
  { entries, options }: { entries: ListFileEntry[]; options: HubDataOptions },
): Promise<string> {
  const wanted = { repo: repoOf(address), revision: isNewest ? revision : commit, commit, files: entries };
  return downloadSnapshot(wanted, { ...options, hub });
}

function offlineError({ id, text }: HubAddress, env: Env): FtError {
  return new FtError({
    code: "data.no-network",
    exit: "environment",
    message: `${id} is not (all) in the cache (${hubCacheDir(env)}), and ft is told to stay offline`,
    where: { file: text },
    next: "unset HF_HUB_OFFLINE, or name a local file",
  });
}
