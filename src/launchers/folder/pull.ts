// Brings home what a run made: only regular files under names that ft itself checked, going on where a broken link left off, each held against its sha256.
// The far side is not trusted: it can neither write outside the folder nor make a link, nor send more than it announced and the disk has room for.
import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import { lstat, mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { finished } from "node:stream/promises";
import { z } from "zod";
import { FtError } from "../../errors.js";
import { requireFreeSpace } from "../../free-space.js";
import { hashFile } from "../../models/hash-cache.js";
import type { OnProgress } from "../../progress.js";
import { visibleLine } from "../../report/visible.js";
import { callFarEnd, farFailure, talkToFarEnd } from "./far-end.js";
import type { FarFolder } from "./push.js";

const filesSchema = z.object({ files: z.record(z.string(), z.int().nonnegative()) });
const hashesSchema = z.object({
  sha256: z.record(
    z.string(),
    z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable(),
  ),
});
const headSchema = z.object({ path: z.string(), bytes: z.int().nonnegative() });

/** No run makes more. */
const mostFiles = 100_000;
const longestPath = 512;
const hashTimeoutMs = 3_600_000;

export interface PullOptions {
  /** Which files of the far folder, by relative path. */
  takes(path: string): boolean;
  onProgress: OnProgress;
  signal?: AbortSignal | undefined;
}

/** Throws FtError launcher.unreachable, launcher.far-end, launcher.hostile, launcher.damaged, env.disk-full. */
export async function pullFiles(
  far: FarFolder,
  home: string,
  { takes, onProgress, signal }: PullOptions,
): Promise<void> {
  const { files } = (await callFarEnd({ ...far, command: "list", args: [far.dir], answer: filesSchema, signal }))
    .answer;
  const paths = Object.keys(files).filter((path) => takes(path) && !path.endsWith(".part"));
  if (paths.length > mostFiles) throw hostile(far, `it lists ${paths.length} files`);
  for (const path of paths) refuseUnsafe(far, path);
  if (paths.length === 0) return;
  const input = JSON.stringify(paths);
  const call = {
    ...far,
    command: "hash",
    args: [far.dir],
    answer: hashesSchema,
    input,
    timeoutMs: hashTimeoutMs,
    signal,
  };
  const { sha256 } = (await callFarEnd(call)).answer;
  const wanted: { path: string; offset: number; bytes: number; sha256: string }[] = [];
  for (const path of paths) {
    const hash = sha256[path];
    if (!hash) continue; // gone since it was listed
    await refuseLinks(far, home, path);
    if (await isSame(join(home, path), files[path]!, hash)) continue;
    const begun = (await stat(partOf(home, path)).catch(() => null))?.size ?? 0;
    wanted.push({ path, bytes: files[path]!, sha256: hash, offset: begun <= files[path]! ? begun : 0 });
  }
  const total = wanted.reduce((sum, { bytes, offset }) => sum + bytes - offset, 0);
  await requireFreeSpace(home, total, `bring home what ${far.host.label} has`);
  await receive(far, home, wanted, { total, onProgress, signal });
  for (const { path, sha256: expected } of wanted) {
    const part = partOf(home, path);
    if ((await hashFile(part)) !== expected) {
      await rm(part, { force: true });
      throw damaged(far, path);
    }
    await rename(part, join(home, path));
  }
}

async function receive(
  far: FarFolder,
  home: string,
  wanted: { path: string; offset: number; bytes: number }[],
  { total, onProgress, signal }: Omit<PullOptions, "takes"> & { total: number },
): Promise<void> {
  if (wanted.length === 0) return;
  const talk = talkToFarEnd(far, "send", [far.dir], signal);
  talk.stdin.end(JSON.stringify(wanted.map(({ path, offset }) => ({ path, offset }))));
  const stream = byteReader(talk.stdout);
  let [done, isWhole] = [0, false];
  try {
    for (const { path, offset, bytes } of wanted) {
      const line = await stream.line();
      if (line === null) break; // the program's end says why
      const head = parseHead(line);
      if (head?.path !== path || head.bytes !== bytes - offset)
        throw hostile(far, `it sends something else than ${path}`);
      const file = partOf(home, path);
      await mkdir(dirname(file), { recursive: true });
      const out = createWriteStream(file, offset > 0 ? { flags: "r+", start: offset } : { flags: "w" });
      try {
        for await (const chunk of stream.bytes(head.bytes)) {
          if (!out.write(chunk)) await once(out, "drain");
          done += chunk.length;
          onProgress({ label: `copying from ${far.host.label}`, doneBytes: done, totalBytes: total });
        }
      } finally {
        out.end();
        await finished(out);
      }
    }
    isWhole = done === total;
  } catch (error) {
    talk.end();
    throw error;
  }
  if (isWhole) return talk.end(); // whatever else it sends
  const { exitCode, stderr } = await talk.ended;
  if (exitCode !== 0) throw farFailure(far.host, far.python, exitCode, stderr);
}

/** Lines and counted bytes out of one stream, holding no more than a chunk of it. */
function byteReader(stream: NodeJS.ReadableStream) {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    const { value, done } = await chunks.next();
    if (done) return false;
    rest = Buffer.concat([rest, value]);
    return true;
  };
  return {
    async line(): Promise<string | null> {
      for (let end = rest.indexOf(0x0a); ; end = rest.indexOf(0x0a)) {
        if (end >= 0) {
          const line = rest.subarray(0, end).toString("utf8");
          rest = rest.subarray(end + 1);
          return line;
        }
        if (rest.length > 4096 || !(await more())) return null;
      }
    },
    async *bytes(count: number): AsyncGenerator<Buffer> {
      for (let left = count; left > 0; ) {
        if (rest.length === 0 && !(await more())) return;
        const chunk = rest.subarray(0, left);
        rest = rest.subarray(chunk.length);
        left -= chunk.length;
        yield chunk;
      }
    },
  };
}

function parseHead(line: string): z.output<typeof headSchema> | null {
  try {
    return headSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

function partOf(home: string, path: string): string {
  return `${join(home, path)}.part`;
}

async function isSame(file: string, bytes: number, sha256: string): Promise<boolean> {
  const status = await lstat(file).catch(() => null);
  return status?.isFile() === true && status.size === bytes && (await hashFile(file)) === sha256;
}

function refuseUnsafe(far: FarFolder, path: string): void {
  const isSafe =
    path.length <= longestPath &&
    !path.startsWith("/") &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
    !/[\u0000-\u001f\u007f\\]/.test(path) &&
    path.split("/").every((name) => name !== "" && name !== "." && name !== "..");
  if (!isSafe) throw hostile(far, `it lists a file ${visibleLine(JSON.stringify(path.slice(0, 80)))}`);
}

/** A link at home, wherever it came from, is not written through. */
async function refuseLinks(far: FarFolder, home: string, path: string): Promise<void> {
  let folder = home;
  for (const name of path.split("/").slice(0, -1)) {
    folder = join(folder, name);
    if (!existsSync(folder)) return;
    if ((await lstat(folder)).isSymbolicLink()) throw hostile(far, `${folder} is a link`);
  }
}

function hostile({ host }: FarFolder, why: string): FtError {
  return new FtError({
    code: "launcher.hostile",
    exit: "environment",
    message: `what ${host.label} offers is not taken`,
    why,
    next: "nothing was written outside the run's folder; look at that machine before you trust what it made",
  });
}

function damaged({ host }: FarFolder, path: string): FtError {
  return new FtError({
    code: "launcher.damaged",
    exit: "environment",
    message: `${path} arrived damaged from ${host.label}`,
    why: "its sha256 is not the one that was announced",
    next: "repeat the command: only this file is fetched anew",
  });
}
