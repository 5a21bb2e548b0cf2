// Brings files to a folder on another machine: only those that differ, going on where a broken link left off, each checked by its sha256.
import { createReadStream } from "node:fs";
import { lstat, readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { hashFile } from "../../models/hash-cache.js";
import type { OnProgress } from "../../progress.js";
import type { Host } from "../hosts/contract.js";
import { callFarEnd, farFailure, talkToFarEnd } from "./far-end.js";

export interface FarFolder {
  host: Host;
  /** Python on `host`. */
  python: string;
  /** Absolute, there. */
  dir: string;
}

export interface PushOptions {
  onProgress: OnProgress;
  signal?: AbortSignal | undefined;
  /** Which of the files at home go, by relative path. */
  takes?(path: string): boolean;
  /** The folder is named by its content: a file that has its name there was checked when it arrived, and is not read again. */
  isNamedByContent?: boolean;
}

const filesSchema = z.object({ files: z.record(z.string(), z.number()) });
const hashesSchema = z.object({ sha256: z.record(z.string(), z.string().nullable()) });

/** Names that end so are files on their way. */
const part = ".part";

/** What is to be sent: `bytes` are looked for on the far disk before `send` begins. */
export interface Push {
  bytes: number;
  send(): Promise<void>;
}

/** Every regular file below `home` (links are followed: a base's folder may be made of them) is in the far folder once it was sent. */
export async function preparePush(home: string, far: FarFolder, options: PushOptions): Promise<Push> {
  const { onProgress, signal, takes = () => true, isNamedByContent = false } = options;
  const begin = { ...far, command: "begin", args: [far.dir], answer: filesSchema, signal };
  const there = (await callFarEnd(begin)).answer.files;
  const here = (await filesBelow(home)).filter(({ path }) => takes(path));
  const sameSize = here.filter(({ path, bytes }) => there[path] === bytes).map(({ path }) => path);
  const hashes = isNamedByContent ? {} : await farHashes(far, sameSize, signal);
  const wanted: Wanted[] = [];
  for (const file of here) {
    if (isNamedByContent && sameSize.includes(file.path)) continue;
    const sha256 = await hashFile(join(home, file.path));
    if (hashes[file.path] === sha256) continue;
    const begun = there[`${file.path}${part}`] ?? 0;
    wanted.push({ ...file, sha256, offset: begun <= file.bytes ? begun : 0 });
  }
  const bytes = wanted.reduce((sum, file) => sum + file.bytes - file.offset, 0);
  return { bytes, send: () => send(home, far, wanted, { total: bytes, onProgress, signal }) };
}

async function send(
  home: string,
  far: FarFolder,
  wanted: Wanted[],
  { total, onProgress, signal }: Pick<PushOptions, "onProgress" | "signal"> & { total: number },
): Promise<void> {
  if (wanted.length === 0) return;
  let done = 0;
  const label = `copying to ${far.host.label}`;
  const talk = talkToFarEnd(far, "receive", [far.dir], signal);
  talk.stdout.resume();
  const sending = pipeline(async function* () {
    for (const { path, bytes, offset, sha256, mode } of wanted) {
      yield Buffer.from(`${JSON.stringify({ path, offset, bytes: bytes - offset, size: bytes, sha256, mode })}\n`);
      if (bytes === offset) continue;
      // `end`: a file that grows meanwhile is sent as it was listed, and its hash then says so.
      for await (const chunk of createReadStream(join(home, path), { start: offset, end: bytes - 1 })) {
        done += (chunk as Buffer).length;
        onProgress({ label, doneBytes: done, totalBytes: total });
        yield chunk as Buffer;
      }
    }
  }, talk.stdin).catch(() => undefined); // the program's end says why
  const { exitCode, stderr } = await talk.ended;
  await sending;
  if (exitCode !== 0) throw farFailure(far.host, far.python, exitCode, stderr);
}

interface Wanted extends HomeFile {
  sha256: string;
  offset: number;
}

interface HomeFile {
  path: string;
  bytes: number;
  mode: number;
}

async function farHashes(
  far: FarFolder,
  paths: string[],
  signal?: AbortSignal,
): Promise<Record<string, string | null>> {
  if (paths.length === 0) return {};
  const input = JSON.stringify(paths);
  const timeoutMs = 3_600_000;
  const call = { ...far, command: "hash", args: [far.dir], answer: hashesSchema, input, timeoutMs, signal };
  return (await callFarEnd(call)).answer.sha256;
}

async function filesBelow(root: string): Promise<HomeFile[]> {
  const files: HomeFile[] = [];
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const status = entry.isSymbolicLink()
      ? await stat(path).catch(() => null)
      : entry.isFile()
        ? await lstat(path)
        : null;
    if (!status?.isFile()) continue;
    files.push({ path: relative(root, path), bytes: status.size, mode: status.mode & 0o755 });
  }
  return files.sort((one, other) => (one.path < other.path ? -1 : 1));
}
