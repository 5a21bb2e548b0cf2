// An adapter from the Hub into the registry, with the lineage that was pushed with it. It is registered when every byte is what the lineage says, and its base fits.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { ListFileEntry } from "@huggingface/hub";
import type { Database } from "better-sqlite3";
import { ensureDir } from "../ensure-dir.js";
import { FtError } from "../errors.js";
import { withFileLock } from "../file-lock.js";
import { requireFreeSpace } from "../free-space.js";
import { cachedSnapshot } from "../models/hub-cache.js";
import { downloadBlob } from "../models/hub-download.js";
import type { Env } from "../paths.js";
import type { OnProgress } from "../progress.js";
import { recipeSchema } from "../recipes/schema.js";
import { requireAllowedFiles } from "./hub-files.js";
import {
  commitOf,
  filesAt,
  gitBlobSha1,
  type HubRepository,
  hubRefusal,
  hubRepository,
  isSameFile,
  textAt,
} from "./hub-repo.js";
import { type Lineage, lineageFile, lineageSchema } from "./lineage.js";
import type { Check } from "./lora-checks.js";
import { originFile, pulledDir } from "./pulled.js";
import { adapterOfRun, insertAdapter, listAdapters, nextVersion, type RegisteredAdapter } from "./registry.js";
import { checkSignature, signatureFile } from "./sign.js";
import { tombstoneFile } from "./tombstone.js";
import { verifyAdapter } from "./verify.js";

export interface PullSource {
  /** org/name */
  repo: string;
  /** Branch, tag or commit. */
  revision: string;
  /** Line that it joins here, with that line's next number; null: its own, with its own number. */
  as: string | null;
  /** PEM of the public key that must have signed it; null: it need not be signed. */
  key: string | null;
}

export interface PullContext {
  db: Database;
  projectDir: string;
  env: Env;
  /** Epoch ms. */
  now: number;
  onProgress: OnProgress;
}

/**
 * May be repeated: what arrived is not fetched again, and what is registered comes back with `isNew` false. Throws FtError hub.no-lineage, hub.file-kind,
 * adapter.broken (data), adapter.version-taken, adapter.other-line (usage), model.corrupt, and those of hub-repo.ts; then nothing is registered.
 */
export async function pullAdapter(
  source: PullSource,
  context: PullContext,
): Promise<{ adapter: RegisteredAdapter; isNew: boolean }> {
  const hub = hubRepository(source.repo, context.env);
  try {
    const at = await commitOf(hub, source.revision);
    if (!at) throw noRevision(source, (await commitOf(hub, "main")) !== null);
    const there = await filesAt(hub, at.commit);
    const text = there.has(lineageFile) ? await textAt(hub, lineageFile, at.commit) : null;
    if (text !== null) requireIntact(there.get(lineageFile)!, text, source.repo);
    const lineage = readPushedLineage(source, text);
    return await inTurn(lineage, context, async () => {
      const known = adapterOfRun(context.db, context.projectDir, lineage.run);
      if (known) await requireSame(known, lineage, source);
      if (known && known.removed === null) return { adapter: known, isNew: false };
      if (!known) refuseTaken(source, lineage, context);
      const draft = join(pulledDir(context.projectDir), `.${at.commit}`);
      await download(hub, { commit: at.commit, there, dir: join(draft, "files"), text: text!, lineage }, context);
      await requireSound(source, join(draft, "files"), lineage, context);
      const arrived = { commit: at.commit, draft, lineage };
      return { adapter: known ? putBack(known, arrived, context) : register(source, arrived, context), isNew: true };
    });
  } catch (cause) {
    throw hubRefusal(cause, hub, `pull ${source.repo}`);
  }
}

/** Of several that pull one adapter at once the others wait, and find it registered. */
function inTurn<T>({ run }: Lineage, { projectDir, onProgress }: PullContext, work: () => Promise<T>): Promise<T> {
  const id = createHash("sha256").update(run).digest("hex").slice(0, 16);
  return withFileLock(join(pulledDir(projectDir), `.${id}.lock`), work, {
    onWait: (pid) => onProgress({ label: `waiting for another ft (process ${pid}) that pulls it` }),
  });
}

function requireIntact(entry: ListFileEntry, text: string, repo: string): void {
  const content = Buffer.from(text);
  const sha256 = createHash("sha256").update(content).digest("hex");
  if (isSameFile(entry, { bytes: content.length, sha256, gitSha1: () => gitBlobSha1(content) })) return;
  throw new FtError({
    code: "hub.corrupt",
    exit: "refused",
    message: `${repo}/${lineageFile}: what the Hub sends does not match its hash`,
    next: "run again later; if it stays, a proxy or mirror between here and the Hub changes the file",
  });
}

function readPushedLineage({ repo, revision }: PullSource, text: string | null): Lineage {
  let lineage: Lineage | undefined;
  try {
    lineage = lineageSchema.parse(JSON.parse(text ?? ""));
  } catch (cause) {
    throw noLineage(repo, revision, text, cause);
  }
  // Its name becomes a folder's name here.
  if (!recipeSchema.shape.name.safeParse(lineage.name).success) throw noLineage(repo, revision, text, null);
  requireAllowedFiles(lineage.files, repo);
  return lineage;
}

/** What is registered of that run must be what was pushed, in the line that was asked for, and signed by the key if there is one. */
async function requireSame(known: RegisteredAdapter, lineage: Lineage, { as, key }: PullSource): Promise<void> {
  if (!isDeepStrictEqual(known.files, lineage.files)) throw versionTaken(known);
  if (as !== null && as !== known.name) throw otherLine(known, as);
  if (key === null || known.removed !== null) return;
  const check = await checkSignature(known.dir, key);
  if (!check.ok) throw broken(`${known.name}@${known.version}, which is registered already, is not signed so`, [check]);
}

/** Before anything is fetched. */
function refuseTaken({ as }: PullSource, { name, version }: Lineage, { db, projectDir }: PullContext): void {
  if (as !== null) return;
  const taken = listAdapters(db, projectDir).find((other) => other.name === name && other.version === version);
  if (taken) throw versionTaken(taken);
}

interface Download {
  commit: string;
  /** The Hub's list at that commit. */
  there: Map<string, ListFileEntry>;
  dir: string;
  /** Of the lineage, as it was pushed. */
  text: string;
  lineage: Lineage;
}

async function download(
  hub: HubRepository,
  { commit, there, dir, text, lineage }: Download,
  { onProgress }: PullContext,
): Promise<void> {
  const { fileDownloadInfo } = await import("@huggingface/hub");
  for (const { path, ...content } of lineage.files) {
    // Small files have no sha256 in the list: theirs is looked at when they are here.
    const entry = there.get(path);
    if (!entry || (entry.lfs && !isSameFile(entry, { ...content, gitSha1: () => "" })))
      throw notAsLineageSays(hub.repo, path, commit);
  }
  const wanted = [...lineage.files.map(({ path }) => path), "README.md", signatureFile].filter((path) =>
    there.has(path),
  );
  const sizeOf = ({ lfs, size }: ListFileEntry): number => lfs?.size ?? size;
  const total = wanted.reduce((sum, path) => sum + sizeOf(there.get(path)!), 0);
  await requireFreeSpace(dir, total, `pull ${hub.repo}`);
  ensureDir(dir);
  let before = 0;
  for (const path of wanted) {
    const entry = there.get(path)!;
    const target = join(dir, path);
    if (!existsSync(target)) {
      const info = await fileDownloadInfo({ ...hub, repo: { type: "model", name: hub.repo }, path, revision: commit });
      if (!info) throw notAsLineageSays(hub.repo, path, commit);
      await downloadBlob({
        path: `${hub.repo}/${path}`,
        type: "model",
        url: info.url,
        size: sizeOf(entry),
        hash: entry.lfs ? { algorithm: "sha256", hex: entry.lfs.oid } : { algorithm: "sha1", hex: entry.oid ?? "" },
        target,
        fetch: refusing(hub.fetch),
        headers: hub.accessToken ? { Authorization: `Bearer ${hub.accessToken}` } : {},
        onBytes: (done) => onProgress({ label: `pulling ${hub.repo}`, doneBytes: before + done, totalBytes: total }),
      });
    }
    before += sizeOf(entry);
  }
  writeFileSync(join(dir, lineageFile), text); // as it was pushed: a signature may be over it
}

/** An answer that is no file is never taken for one. */
function refusing(fetchPatiently: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await fetchPatiently(input, init);
    if (!response.ok) throw Object.assign(new Error(`HTTP ${response.status}`), { statusCode: response.status });
    return response;
  };
}

/** Removes what was fetched when it is not what it should be, so that the next pull starts anew. */
async function requireSound(source: PullSource, dir: string, lineage: Lineage, { env }: PullContext): Promise<void> {
  const baseDir = cachedSnapshot(env, lineage.base.id, lineage.base.revision)?.dir ?? null;
  const checks = [
    ...(await verifyAdapter({ dir, lineage, baseDir })),
    ...(source.key === null ? [] : [await checkSignature(dir, source.key)]),
  ];
  const failed = checks.filter(({ ok }) => !ok);
  if (failed.length === 0) return;
  rmSync(join(dir, ".."), { recursive: true, force: true });
  throw broken(`${lineage.name}@${lineage.version} of ${source.repo} is not registered: it is broken`, failed);
}

function broken(message: string, failed: Check[]): FtError {
  return new FtError({
    code: "adapter.broken",
    exit: "data",
    message,
    problems: failed.map((check) => ({ message: `${check.check}: ${check.message}` })),
    next: "tell who pushed it; another version may be whole: ft adapters pull org/name@<version>",
  });
}

/** The number is taken, the folder moved and the version written in one transaction: whoever is killed leaves all or nothing of use. */
function register(
  { repo, as }: PullSource,
  { commit, draft, lineage }: { commit: string; draft: string; lineage: Lineage },
  { db, projectDir, now }: PullContext,
): RegisteredAdapter {
  return db
    .transaction(() => {
      const name = as ?? lineage.name;
      const version = as === null ? lineage.version : nextVersion(db, as);
      const taken = listAdapters(db, projectDir).find((other) => other.name === name && other.version === version);
      if (taken) throw versionTaken(taken);
      const origin = { schema: 1, name, version, repo, commit, pulledAt: now };
      writeFileSync(join(draft, originFile), `${JSON.stringify(origin, null, 2)}\n`);
      const home = join(pulledDir(projectDir), `${name}@${version}`);
      rmSync(home, { recursive: true, force: true }); // of one that was killed here
      mkdirSync(pulledDir(projectDir), { recursive: true });
      renameSync(draft, home);
      insertAdapter(db, projectDir, join(home, "files"), { ...lineage, name, version });
      return adapterOfRun(db, projectDir, lineage.run)!;
    })
    .immediate();
}

/** A version whose weights were removed gets them back where they were; it is whole when the tombstone is gone. */
function putBack(
  known: RegisteredAdapter,
  { draft }: { draft: string },
  { db, projectDir }: PullContext,
): RegisteredAdapter {
  for (const name of readdirSync(join(draft, "files"))) {
    if (name !== lineageFile) renameSync(join(draft, "files", name), join(known.dir, name));
  }
  rmSync(join(known.dir, tombstoneFile));
  rmSync(draft, { recursive: true });
  return adapterOfRun(db, projectDir, known.run)!;
}

function noRevision({ repo, revision }: PullSource, isThere: boolean): unknown {
  if (!isThere) return Object.assign(new Error(`no ${repo}`), { statusCode: 404 });
  return new FtError({
    code: "hub.no-revision",
    exit: "usage",
    message: `${repo} has no version or revision ${revision}`,
    next: "versions are its tags (v7): ft adapters pull org/name@7; without one it is what main has",
  });
}

function noLineage(repo: string, revision: string, text: string | null, cause: unknown): FtError {
  return new FtError({
    code: "hub.no-lineage",
    exit: "data",
    message: `${repo} at ${revision} is no adapter that ft pushed`,
    why: text === null ? `it has no ${lineageFile}` : `its ${lineageFile} cannot be read as one`,
    next: "for a model as a base, name it in a recipe: model.base",
    cause,
  });
}

function notAsLineageSays(repo: string, path: string, commit: string): FtError {
  return new FtError({
    code: "hub.not-as-lineage",
    exit: "data",
    message: `${path} of ${repo} is missing or is not what its lineage says; nothing was fetched`,
    why: `at commit ${commit}`,
    next: "someone changed the repository by hand; pull a version's tag: ft adapters pull org/name@<version>",
  });
}

function versionTaken({ name, version, run }: RegisteredAdapter): FtError {
  return new FtError({
    code: "adapter.version-taken",
    exit: "usage",
    message: `${name}@${version} is another adapter here (run ${run}); nothing was pulled`,
    next: "give it a line of its own here: ft adapters pull ... --as <line>",
  });
}

function otherLine({ name, version, removed }: RegisteredAdapter, as: string): FtError {
  const here = `${name}@${version}`;
  return new FtError({
    code: "adapter.other-line",
    exit: "usage",
    message: `it is ${here} here already, and joins no other line; nothing was pulled`,
    why: `--as ${as} names another line, and an adapter is registered once`,
    next: removed
      ? "leave --as out: then its weights, which were removed, come back"
      : `use ${here}, or put another name on it: ft adapters tag ${here} <alias>`,
  });
}
