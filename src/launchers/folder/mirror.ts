// The home folder's copies of events.jsonl and stdout.log of a run that is elsewhere.
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { FtError } from "../../errors.js";

/** A run's events are some 100 bytes a step: what sends more than this is no run of ft's. */
const mostEventBytes = 512 << 20;
/** So much of a log is kept at home, its newest; the rest stays where it was written. */
const mostLogBytes = 16 << 20;

/** Bytes of the home copy; it is the beginning of the far file. */
export function mirroredEvents(dir: string): number {
  return sizeOf(join(dir, "events.jsonl"));
}

/**
 * Puts bytes of the far file at their place in the home copy. Two processes that do it at the same time write the same bytes to the same
 * place, so nothing is lost or doubled. Throws FtError launcher.too-much.
 */
export function mirrorEvents(dir: string, offset: number, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  if (offset + bytes.length > mostEventBytes) throw tooManyEvents(dir);
  const file = openSync(join(dir, "events.jsonl"), constants.O_WRONLY | constants.O_CREAT, 0o644);
  try {
    let written = 0;
    while (written < bytes.length) written += writeSync(file, bytes, written, bytes.length - written, offset + written);
  } finally {
    closeSync(file);
  }
}

const positionSchema = z.object({ offset: z.int().nonnegative() });

/** How far the far log was taken over, bytes. */
export function logPosition(dir: string): number {
  try {
    return positionSchema.parse(JSON.parse(readFileSync(join(dir, "stdout.position"), "utf8"))).offset;
  } catch {
    return 0;
  }
}

/** Appends what was read of the far log from `from` on; what lies between is said to be left out, and a copy that has become long begins anew. */
export function mirrorLog(dir: string, { from, bytes }: { from: number; bytes: Uint8Array }): void {
  if (bytes.length === 0) return;
  const before = logPosition(dir);
  const file = openSync(join(dir, "stdout.log"), "a", 0o644);
  try {
    const isLong = fstatSync(file).size > mostLogBytes;
    if (isLong) ftruncateSync(file, 0);
    if (isLong || from > before) writeSync(file, `[ft: what was printed before is left out here]\n`);
    writeSync(file, bytes);
  } finally {
    closeSync(file);
  }
  writeFileSync(join(dir, "stdout.position"), JSON.stringify({ offset: from + bytes.length }));
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function tooManyEvents(dir: string): FtError {
  return new FtError({
    code: "launcher.too-much",
    exit: "environment",
    message: `the events of this run are more than ${mostEventBytes >> 20} MiB`,
    where: { file: join(dir, "events.jsonl") },
    why: "no training writes so many: the machine that sends them is not to be trusted",
    next: "stop it: ft runs cancel; then look at that machine",
  });
}
