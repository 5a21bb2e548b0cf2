// The private dataset repository that keeps run folders: a job folder goes there in one commit, what the run made comes back file by file, verified.
import { readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import type { ListFileEntry } from "@huggingface/hub";
import { downloadBlob } from "../../models/hub-download.js";
import { submitLock } from "../contract.js";
import { asked, type Hub } from "./hub.js";

export interface RunRepository {
  hub: Hub;
  /** owner/name */
  name: string;
  /** The folder in it. */
  run: string;
}

const designation = (name: string) => ({ type: "dataset" as const, name });

const stays = ["events.reserve", "stdout.log", "COMPLETE", "cancel", submitLock, ".skyignore", "skypilot.yaml"];
const onlyToResume = ["events.jsonl", "spent.json", "supervisor.json"];

/** Makes the repository when it is not there. `base`: whether the folder `model` goes along. */
export async function bringFolder(
  { hub, name, run }: RunRepository,
  home: string,
  { resume, base }: { resume: boolean; base: boolean },
): Promise<void> {
  const { commit, createRepo } = await import("@huggingface/hub");
  const repo = designation(name);
  await asked(
    createRepo({ ...hub, repo, visibility: "private" }).catch((error) => {
      if ((error as { statusCode?: number }).statusCode !== 409) throw error; // it is there already
    }),
  );
  const goes = (path: string) =>
    !path.startsWith("cache/") &&
    !path.startsWith(".collect") &&
    !stays.includes(path) &&
    (base || !path.startsWith("model/")) &&
    (resume || !(path.startsWith("out/") || onlyToResume.includes(path)));
  const operations = filesBelow(home)
    .filter(goes)
    .map((path) => ({
      operation: "addOrUpdate" as const,
      path: `${run}/${path}`,
      content: pathToFileURL(join(home, path)),
    }));
  await asked(commit({ ...hub, repo, title: `${run}, by ft`, operations }));
}

export async function putFile({ hub, name, run }: RunRepository, path: string): Promise<void> {
  const { commit } = await import("@huggingface/hub");
  const operation = { operation: "addOrUpdate" as const, path: `${run}/${path}`, content: new Blob([""]) };
  await asked(commit({ ...hub, repo: designation(name), title: `${run}: ${path}`, operations: [operation] }));
}

/** Files of the run whose path there `takes`, into a folder; each is held against the hash that the repository has for it. */
export async function fetchFiles(
  { hub, name, run }: RunRepository,
  folder: string,
  { takes, signal }: { takes(path: string): boolean; signal?: AbortSignal | undefined },
): Promise<void> {
  const { listFiles } = await import("@huggingface/hub");
  const entries: { entry: ListFileEntry; path: string }[] = [];
  const listed = async () => {
    for await (const entry of listFiles({ ...hub, repo: designation(name), path: run, recursive: true })) {
      const path = entry.path.slice(run.length + 1);
      const isSafe =
        entry.path.startsWith(`${run}/`) && !path.split("/").some((part) => ["", ".", ".."].includes(part));
      if (entry.type === "file" && isSafe && takes(path)) entries.push({ entry, path });
    }
  };
  await asked(listed());
  for (const { entry, path } of entries) {
    const hash = entry.lfs
      ? { algorithm: "sha256" as const, hex: entry.lfs.oid }
      : { algorithm: "sha1" as const, hex: entry.oid! };
    const download = downloadBlob({
      ...{ path: entry.path, type: "dataset", size: entry.size, hash, target: join(folder, path), signal },
      url: `${hub.hubUrl}/datasets/${name}/resolve/main/${entry.path.split("/").map(encodeURIComponent).join("/")}`,
      fetch: okFetch,
      headers: { Authorization: `Bearer ${hub.accessToken}` },
      onBytes: () => undefined,
    });
    await asked(download);
  }
}

/** downloadBlob takes what it is given for the file. */
const okFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  if (response.ok) return response;
  throw Object.assign(new Error(`HTTP ${response.status}`), { statusCode: response.status });
};

function filesBelow(root: string, folder = root): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const status = statSync(path, { throwIfNoEntry: false }); // links are followed: a base may be made of them
    if (status?.isDirectory()) return filesBelow(root, path);
    return status?.isFile() ? [relative(root, path)] : [];
  });
}
