// Files of a repository at one commit in the standard cache layout: blobs by hash, a snapshot that links to them, the branch's ref.
import { existsSync } from "node:fs";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { ListFileEntry } from "@huggingface/hub";
import { withFileLock } from "../file-lock.js";
import { requireFreeSpace } from "../free-space.js";
import type { Env } from "../paths.js";
import type { OnProgress } from "../progress.js";
import { type HubRepo, hubLockFile, hubRepoDir } from "./hub-cache.js";
import { downloadBlob } from "./hub-download.js";
import type { HubConnection } from "./hub-request.js";

export interface WantedSnapshot {
  repo: HubRepo;
  /** As asked for: a branch, tag or commit. */
  revision: string;
  /** That it is at. */
  commit: string;
  /** In the order in which they appear in the snapshot. */
  files: ListFileEntry[];
}

export interface SnapshotOptions {
  hub: HubConnection;
  env: Env;
  signal?: AbortSignal | undefined;
  onProgress: OnProgress;
}

/** Returns the snapshot's folder. What is there already is not asked for. Throws FtError model.corrupt, data.corrupt, env.disk-full (see hub-request.ts). */
export async function downloadSnapshot(wanted: WantedSnapshot, options: SnapshotOptions): Promise<string> {
  const { repo, revision, commit } = wanted;
  const { env, signal, onProgress } = options;
  await withFileLock(hubLockFile(env, repo), () => download(wanted, options), {
    signal,
    onWait: (pid) => onProgress({ label: `waiting for another ft (process ${pid}) that downloads ${repo.id}` }),
  });
  const repoDir = hubRepoDir(env, repo);
  if (revision !== commit) {
    const ref = join(repoDir, "refs", revision);
    await mkdir(dirname(ref), { recursive: true });
    await writeFile(ref, commit);
  }
  return join(repoDir, "snapshots", commit);
}

async function download(
  { repo, commit, files }: WantedSnapshot,
  { hub, env, signal, onProgress }: SnapshotOptions,
): Promise<void> {
  const { fileDownloadInfo } = await import("@huggingface/hub");
  const { id } = repo;
  const repoDir = hubRepoDir(env, repo);
  const sizeOf = (file: ListFileEntry) => file.lfs?.size ?? file.size;
  const blobOf = (file: ListFileEntry) => join(repoDir, "blobs", file.lfs?.oid ?? file.oid ?? "");
  const totalBytes = files.reduce((sum, file) => sum + sizeOf(file), 0);
  const missingBytes = files.filter((file) => !existsSync(blobOf(file))).reduce((sum, file) => sum + sizeOf(file), 0);
  await requireFreeSpace(repoDir, missingBytes, `download ${id}`);
  let before = 0;
  for (const file of files) {
    const pointer = join(repoDir, "snapshots", commit, file.path);
    const blob = blobOf(file);
    const report = (done: number) => onProgress({ label: `downloading ${id}`, doneBytes: before + done, totalBytes });
    if (!existsSync(blob)) {
      const info = await fileDownloadInfo({
        ...hub,
        repo: { type: repo.type, name: id },
        path: file.path,
        revision: commit,
      });
      if (!info) throw new Error(`${id}: ${file.path} is listed at ${commit} but can't be downloaded`);
      await downloadBlob({
        path: `${id}/${file.path}`,
        type: repo.type,
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
