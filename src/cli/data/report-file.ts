// Which files a report may be written over: none that is read, and no other than an older report of the same kind.
import { existsSync, realpathSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import type { CheckInput } from "../../dataset/check-dataset.js";
import { filesOf } from "../../dataset/dataset-facts.js";
import { FtError } from "../../errors.js";
import type { Io } from "../io.js";

/** How each kind begins, and what a person calls it. */
const kinds = {
  sarif: { looksLike: /^\s*\{\s*"(?:\$schema|version)"[^{]*sarif/i, called: "a SARIF file" },
  junit: { looksLike: /^\s*(?:<\?xml[^>]*\?>\s*)?<testsuites?[\s>]/, called: "a JUnit file" },
  summary: { looksLike: /^## ft ci /, called: "a summary that ft ci made" },
  html: { looksLike: /^<!doctype html>[\s\S]*<meta name="generator" content="ft">/, called: "a page that ft made" },
  card: { looksLike: /^---\n[\s\S]*\ntags:\n {2}- ft\n/, called: "a model card that ft made" },
  bom: { looksLike: /^\{\s*"\$schema": "http:\/\/cyclonedx\.org\//, called: "a CycloneDX file" },
  baseline: { looksLike: /^\s*\{\s*"version": 1,\s*"findings": \[/, called: "a baseline" },
} as const;

export interface ReportFile {
  kind: keyof typeof kinds;
  /** The flag that named it. */
  flag: string;
  /** As the person called it; absent or true: no file is written. */
  file: string | true | undefined;
}

/**
 * To be called before the rows are read: a report that cannot be kept is not worth waiting for.
 * @param inputs absolute paths that are read
 * @throws FtError usage.exists, usage.in-place, usage.same-output
 */
export async function refuseReports(io: Io, reports: readonly ReportFile[], inputs: readonly string[]): Promise<void> {
  const read = new Set(inputs.map(realPath));
  const written = new Set<string>();
  for (const { kind, flag, file } of reports) {
    if (typeof file !== "string") continue;
    const path = realPath(resolve(io.cwd, file));
    if (written.has(path)) throw sameFile(file);
    written.add(path);
    if (read.has(path)) throw isRead(flag, file);
    if (!existsSync(path) || !statSync(path).isFile()) continue;
    const head = await headOf(path);
    if (head !== "" && !kinds[kind].looksLike.test(head)) throw isOther(flag, file, kinds[kind].called);
  }
}

/** Every data file that a check, a preview or a count reads. */
export function filesRead(input: CheckInput): string[] {
  const benchmarks = (input.benchmarks ?? []).map(({ path }) => resolve(input.dir, path));
  return [...filesOf(input, "train"), ...filesOf(input, "eval")].map(({ path }) => path).concat(benchmarks);
}

export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // it is not there, or has no name any more (stdin)
  }
}

async function headOf(path: string): Promise<string> {
  const handle = await open(path).catch(() => null);
  if (!handle) return ""; // Writing will say why.
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(1024), 0, 1024, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await handle.close();
  }
}

function isRead(flag: string, file: string): FtError {
  return new FtError({
    code: "usage.in-place",
    exit: "usage",
    message: `${flag} would write over ${file}, which is read`,
    next: `name another file after ${flag}`,
  });
}

function isOther(flag: string, file: string, called: string): FtError {
  const isOptional = flag === "--sarif" || flag === "--junit";
  return new FtError({
    code: "usage.exists",
    exit: "usage",
    message: `${flag} would write over ${file}, which is there and is not ${called}`,
    next: isOptional
      ? `name another file after ${flag}; without one, it goes last: ft data check <files> ${flag}`
      : "name another file, or remove this one first",
  });
}

function sameFile(file: string): FtError {
  return new FtError({
    code: "usage.same-output",
    exit: "usage",
    message: `two outputs would be written to ${file}`,
    next: "give each its own file",
  });
}
