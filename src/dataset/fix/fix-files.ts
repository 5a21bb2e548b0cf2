// `ft data fix`: writes mended copies of data files as JSON lines, and a report of every change; never in place, all or nothing.
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { FtError } from "../../errors.js";
import { rowDigest } from "../canonical-key.js";
import { createRowIndex } from "../row-index.js";
import { type FixFile, isJsonLines, type MendOptions, mendedRows, type Told } from "./mended-rows.js";

export interface FixInput extends MendOptions {
  files: readonly FixFile[];
  /** Folder for the copies; made when it is not there. */
  out: string;
  signal?: AbortSignal;
}

export interface FixReport {
  /** `isOtherKind`: the copy is JSON lines, the file is not. */
  files: { from: string; to: string; rows: number; written: number; isOtherKind: boolean }[];
  /** Path of the list of changes, one JSON object a line. */
  changes: string;
  /** By rule. */
  fixed: Record<string, number>;
  dropped: Record<string, number>;
  /** Rows with errors that stay as they are. */
  left: Record<string, number>;
}

interface Change extends Told {
  file: string;
  line: number;
}

/** @throws FtError usage.exists, data.*, data.unwritable; nothing is left behind then */
export async function fixFiles(input: FixInput): Promise<FixReport> {
  const outputs = await Promise.all(
    input.files.map(async (file) => {
      const isOtherKind = !(await isJsonLines(file));
      return { ...file, isOtherKind, target: join(input.out, copyName(file.name, isOtherKind)) };
    }),
  );
  const changesPath = join(input.out, "fixes.jsonl");
  await refuseOutputs([...outputs.map(({ target }) => target), changesPath]);
  await mkdir(input.out, { recursive: true });
  const report: FixReport = { files: [], changes: changesPath, fixed: {}, dropped: {}, left: {} };
  const changes = await openWriter(changesPath);
  const writers = [changes];
  try {
    const seen = createRowIndex();
    for (const { target, isOtherKind, ...file } of outputs) {
      const { name } = file;
      const writer = await openWriter(target);
      writers.push(writer);
      const counts = { from: name, to: target, rows: 0, written: 0, isOtherKind };
      report.files.push(counts);
      const tell = async (change: Omit<Change, "file">): Promise<void> => {
        const byRule = report[change.action];
        byRule[change.rule] = (byRule[change.rule] ?? 0) + 1;
        await changes.write(JSON.stringify({ file: name, ...change }));
      };
      for await (const { line, text, told, row } of mendedRows(file, isOtherKind, input)) {
        input.signal?.throwIfAborted();
        counts.rows += 1;
        for (const change of told) await tell({ line, ...change });
        const first = row && seen.add(rowDigest(row).subarray(0, 16) as Buffer, rowDigest(row), { file: name, line });
        if (first) {
          const message = `the same as ${first.place.file}:${first.place.line}`;
          await tell({ line, rule: "DUP001", action: "dropped", message });
        }
        if (text === null || first) continue;
        counts.written += 1;
        await writer.write(text);
      }
    }
    for (const writer of writers) await writer.finish();
    return report;
  } catch (error) {
    for (const writer of writers) await writer.discard();
    throw error;
  }
}

/** Of what a packed file holds; stdin has no name of its own. */
function copyName(name: string, isOtherKind: boolean): string {
  const own = name === "-" ? "stdin.jsonl" : basename(name).replace(/\.(gz|zst)$/i, "");
  return isOtherKind ? own.replace(/\.[^.]*$/, "").concat(".jsonl") : own;
}

async function refuseOutputs(paths: string[]): Promise<void> {
  for (const [index, path] of paths.entries()) {
    const isThere = paths.indexOf(path) !== index || (await stat(path).catch(() => null)) !== null;
    if (!isThere) continue;
    throw new FtError({
      code: "usage.exists",
      exit: "usage",
      message: `${path} is there already, or is written twice`,
      next: "name another folder with --out: ft data fix replaces nothing",
    });
  }
}

interface Writer {
  write(line: string): Promise<void>;
  /** Puts the file in place. */
  finish(): Promise<void>;
  discard(): Promise<void>;
}

const bufferedChars = 1 << 20;

async function openWriter(path: string): Promise<Writer> {
  const partial = `${path}.partial`;
  const handle: FileHandle = await open(partial, "wx").catch((error: NodeJS.ErrnoException) => {
    throw new FtError({
      code: "data.unwritable",
      exit: "environment",
      message: `${partial} cannot be written`,
      why: error.message,
      next: "remove it when no other `ft data fix` is writing it, or name another folder with --out",
      cause: error,
    });
  });
  let waiting = "";
  const flush = async (): Promise<void> => {
    const text = waiting;
    waiting = "";
    await handle.writeFile(text);
  };
  return {
    async write(line) {
      waiting += `${line}\n`;
      if (waiting.length > bufferedChars) await flush();
    },
    async finish() {
      await flush();
      await handle.sync();
      await handle.close();
      await rename(partial, path);
    },
    async discard() {
      await handle.close().catch(() => {});
      await rm(partial, { force: true });
    },
  };
}
