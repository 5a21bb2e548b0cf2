// An adapter onto the Hub: one commit with its weights, its lineage and a model card, on top of the commit that was looked at, and a tag for the version.
// Nothing is pushed whose files are not what was registered; what is there already is not sent again.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { CommitOperation } from "@huggingface/hub";
import { FtError } from "../errors.js";
import { hubToken } from "../models/hub-cache.js";
import type { Env } from "../paths.js";
import type { OnProgress } from "../progress.js";
import { requireAllowedFiles } from "./hub-files.js";
import {
  commitOf,
  filesAt,
  gitBlobSha1,
  type HubRepository,
  hubRefusal,
  hubRepository,
  isSameFile,
  statusOf,
  textAt,
} from "./hub-repo.js";
import { isLocalBase, type Lineage, lineageFile, lineageSchema, readLineage } from "./lineage.js";
import { modelCard, type SuiteScore } from "./model-card.js";
import type { RegisteredAdapter } from "./registry.js";
import { signatureFile } from "./sign.js";
import { verifyAdapter } from "./verify.js";

export interface PushTarget {
  /** org/name */
  repo: string;
  private: boolean;
  branch: string;
}

export interface PushOptions {
  /** On suites, for the card. */
  scores: readonly SuiteScore[];
  /** What the person should know of what was sent. */
  onNotice(text: string): void;
  onProgress?: OnProgress;
}

export interface Pushed {
  /** Of the version on the Hub. */
  url: string;
  /** `v7` */
  tag: string;
  /** False: it was there already. */
  isNew: boolean;
}

/**
 * May be repeated: it goes on where it broke. Throws FtError hub.no-token (environment), adapter.broken, hub.file-kind (data), hub.public,
 * hub.local-base (usage), hub.version-taken, hub.other-line, and those of hub-repo.ts.
 */
export async function pushAdapter(
  adapter: RegisteredAdapter,
  target: PushTarget,
  env: Env,
  { scores, onNotice, onProgress = () => {} }: PushOptions,
): Promise<Pushed> {
  requireHubToken(env);
  const name = `${adapter.name}@${adapter.version}`;
  await requireWhole(adapter, name);
  requireAllowedFiles(adapter.files, name);
  refuseLocalBase(adapter.base.id, target);
  const hub = hubRepository(target.repo, env);
  try {
    const tag = `v${adapter.version}`;
    await openRepository(hub, target);
    const url = `${hub.hubUrl}/${target.repo}/tree/${tag}`;
    const tagged = await commitOf(hub, tag);
    if (tagged) {
      if (await isThisVersion(hub, tagged.commit, adapter)) return { url, tag, isNew: false };
      throw versionTaken(target, tag, name);
    }
    const commit = await commitVersion(hub, target, adapter, { scores, onProgress });
    if (isLocalBase(adapter.base.id)) onNotice(localBaseWords(adapter));
    await requireArrived(hub, commit, adapter);
    await setTag(hub, { tag, commit, message: `${name}, by ft` });
    return { url, tag, isNew: true };
  } catch (cause) {
    throw hubRefusal(cause, hub, `push ${name}`);
  }
}

/** Also to be asked before anything is trained. Throws FtError hub.no-token (environment). */
export function requireHubToken(env: Env): void {
  if (hubToken(env)) return;
  throw new FtError({
    code: "hub.no-token",
    exit: "environment",
    message: "there is no token for the Hub",
    next: "set HF_TOKEN to a token that may write, or log in with the hub's own tool",
  });
}

/** Also to be asked before anything is trained: a path of this machine is not for everyone to read. Throws FtError hub.local-base (usage). */
export function refuseLocalBase(
  base: string,
  { repo, private: isPrivate }: Pick<PushTarget, "repo" | "private">,
): void {
  if (isPrivate || !isLocalBase(base)) return;
  throw new FtError({
    code: "hub.local-base",
    exit: "usage",
    message: `an adapter of a base that is a folder of this machine does not go to ${repo} in public; nothing was sent`,
    why: `${base} would stand in its adapter_config.json and its lineage, and nobody else has that base`,
    next: "name the base by its id on the Hub (model.base: org/name) and train on that, or push to a private repository",
  });
}

function localBaseWords({ base: { id, revision } }: RegisteredAdapter): string {
  return `its base is a folder of this machine, ${id}, which stands in adapter_config.json and the lineage: elsewhere it needs the same base (${revision}) there`;
}

/** Makes it where it is missing. What is public stays closed to who did not say so. */
async function openRepository(hub: HubRepository, { repo, private: isPrivate, branch }: PushTarget): Promise<void> {
  const { createBranch, createRepo } = await import("@huggingface/hub");
  const designation = { type: "model" as const, name: repo };
  const visibility = isPrivate ? "private" : "public";
  const isMade = await createRepo({ ...hub, accessToken: hub.accessToken!, repo: designation, visibility }).then(
    () => true,
    (cause) => {
      if (statusOf(cause) === 409) return false; // it is there already
      throw cause;
    },
  );
  const main = isMade ? null : await commitOf(hub, "main");
  if (main && isPrivate && !main.private) throw isPublic(repo);
  if (branch !== "main" && !(await commitOf(hub, branch))) await createBranch({ ...hub, repo: designation, branch });
}

/** The commit that holds the version: a new one, or the branch's head where an earlier push came so far. */
async function commitVersion(
  hub: HubRepository,
  { repo, branch }: PushTarget,
  adapter: RegisteredAdapter,
  { scores, onProgress }: Pick<Required<PushOptions>, "scores" | "onProgress">,
): Promise<string> {
  const head = await commitOf(hub, branch);
  if (!head) throw Object.assign(new Error(`no branch ${branch}`), { statusCode: 404 });
  if (await isThisVersion(hub, head.commit, adapter)) return head.commit;
  const before = await lineageAt(hub, head.commit);
  if (before && before.name !== adapter.name) throw otherLine(repo, before, adapter);
  const { commitIter } = await import("@huggingface/hub");
  const steps = commitIter({
    ...hub,
    repo: { type: "model", name: repo },
    title: `${adapter.name}@${adapter.version}, by ft`,
    branch,
    parentCommit: head.commit,
    operations: [...filesOf(adapter, repo, scores), ...(await staleFiles(hub, head.commit, { before, adapter }))],
  });
  const done = new Map<string, number>();
  const totalBytes = adapter.files.reduce((sum, { bytes }) => sum + bytes, 0);
  try {
    for (;;) {
      const step = await steps.next();
      if (step.done) return step.value!.commit.oid;
      if (step.value.event !== "fileProgress" || step.value.state !== "uploading") continue;
      const { path, progress } = step.value;
      done.set(path, (adapter.files.find((file) => file.path === path)?.bytes ?? 0) * progress);
      onProgress({ label: `pushing to ${repo}`, doneBytes: sum(done.values()), totalBytes });
    }
  } catch (cause) {
    // Where the answer to our own commit was lost and asking again met it, it is no one else's.
    const now = [409, 412].includes(statusOf(cause) ?? 0) ? await commitOf(hub, branch) : null;
    if (now && (await isThisVersion(hub, now.commit, adapter))) return now.commit;
    throw cause;
  }
}

function filesOf(adapter: RegisteredAdapter, repo: string, scores: PushOptions["scores"]): CommitOperation[] {
  const card = modelCard(readLineage(adapter.dir) ?? adapter, repo, scores);
  return [
    ...pushedPaths(adapter).map((path) => ({ path, content: pathToFileURL(join(adapter.dir, path)) })),
    { path: "README.md", content: new Blob([card]) },
  ].map((file) => ({ operation: "addOrUpdate" as const, ...file }));
}

function pushedPaths({ dir, files }: RegisteredAdapter): string[] {
  const signature = existsSync(join(dir, signatureFile)) ? [signatureFile] : [];
  return [...files.map(({ path }) => path), lineageFile, ...signature];
}

/** Undefined: nothing there was pushed by ft. */
async function lineageAt(hub: HubRepository, commit: string): Promise<Lineage | undefined> {
  const text = await textAt(hub, lineageFile, commit);
  return text === null ? undefined : lineageSchema.safeParse(parsedJson(text)).data;
}

/** Files of the version before that this one does not have. Files of others in the repository stay. */
async function staleFiles(
  hub: HubRepository,
  commit: string,
  { before, adapter }: { before: Lineage | undefined; adapter: RegisteredAdapter },
): Promise<CommitOperation[]> {
  const there = await filesAt(hub, commit);
  const kept = new Set([...pushedPaths(adapter), "README.md"]);
  return [...(before?.files.map(({ path }) => path) ?? []), signatureFile]
    .filter((path) => there.has(path) && !kept.has(path))
    .map((path) => ({ operation: "delete" as const, path }));
}

/** By lineage, which holds every file's sha256, and signature. */
async function isThisVersion(hub: HubRepository, commit: string, { dir }: RegisteredAdapter): Promise<boolean> {
  for (const path of [lineageFile, signatureFile]) {
    const file = join(dir, path);
    const here = existsSync(file) ? readFileSync(file, "utf8") : null;
    if ((await textAt(hub, path, commit)) !== here) return false;
  }
  return true;
}

/** The Hub's own list at that commit against what was registered. */
async function requireArrived(hub: HubRepository, commit: string, adapter: RegisteredAdapter): Promise<void> {
  const there = await filesAt(hub, commit);
  const wrong = adapter.files.find(
    ({ path, ...file }) =>
      !isSameFile(there.get(path), { ...file, gitSha1: () => gitBlobSha1(readFileSync(join(adapter.dir, path))) }),
  );
  if (!wrong) return;
  throw new FtError({
    code: "hub.arrived-changed",
    exit: "refused",
    message: `${wrong.path} arrived on the Hub as something else than what was sent`,
    why: `at commit ${commit} its hash is another; the version got no tag`,
    next: "repeat the push; if it stays, a proxy between here and the Hub changes the file",
  });
}

/** The Hub's API has no function for it in its client. */
async function setTag(
  hub: HubRepository,
  { tag, commit, message }: { tag: string; commit: string; message: string },
): Promise<void> {
  const response = await hub.fetch(`${hub.hubUrl}/api/models/${hub.repo}/tag/${commit}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${hub.accessToken}`, "Content-Type": "application/json" },
    body: JSON.stringify({ tag, message }),
  });
  if (response.ok) return;
  const there = response.status === 409 ? await commitOf(hub, tag) : null;
  if (there?.commit !== commit) throw Object.assign(new Error(`tagging ${tag}`), { statusCode: response.status });
}

async function requireWhole(adapter: RegisteredAdapter, name: string): Promise<void> {
  const checks = await verifyAdapter({ dir: adapter.dir, lineage: adapter, baseDir: null });
  const broken = checks.filter(({ ok }) => !ok);
  if (broken.length === 0) return;
  throw new FtError({
    code: "adapter.broken",
    exit: "data",
    message: `${name} is not pushed: ${broken.length} of its checks fail`,
    problems: broken.map(({ check, message }) => ({ message: `${check}: ${message}` })),
    next: `ft adapters verify ${name} tells all`,
  });
}

function isPublic(repo: string): FtError {
  return new FtError({
    code: "hub.public",
    exit: "usage",
    message: `${repo} is public, and the push was to be private; nothing was sent`,
    next: "push to another repository, or say --public (in a recipe hub.private: false)",
  });
}

function versionTaken({ repo }: PushTarget, tag: string, name: string): FtError {
  return new FtError({
    code: "hub.version-taken",
    exit: "refused",
    message: `${repo} has another ${tag} than ${name} here; nothing was sent`,
    why: "a version never changes: its lineage or its signature there differs",
    next: "push to another repository; sign before the first push",
  });
}

function otherLine(repo: string, there: Lineage, { name, version }: RegisteredAdapter): FtError {
  return new FtError({
    code: "hub.other-line",
    exit: "refused",
    message: `${repo} holds ${there.name}@${there.version}, and ${name}@${version} is of another line; nothing was sent`,
    why: "a line has a repository: versions of two would take each other's tags and places",
    next: "push to another repository, which is made if it is missing",
  });
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return Math.round(total);
}
