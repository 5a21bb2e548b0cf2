// Reads events.jsonl of a home folder from a position on.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { EventsPosition, Observation } from "./contract.js";

/** What one look reads at the most. */
export const chunkBytes = 4 << 20;

export function readEvents(dir: string, from: EventsPosition): Omit<Observation, "liveness"> {
  let descriptor: number;
  try {
    descriptor = openSync(join(dir, "events.jsonl"), "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { ...from, bytes: new Uint8Array() };
    throw error;
  }
  try {
    const { ino: inode, size } = fstatSync(descriptor);
    const offset = inode === from.inode ? from.offset : 0;
    const buffer = new Uint8Array(Math.min(chunkBytes, Math.max(0, size - offset)));
    return { inode, offset, bytes: buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, offset)) };
  } finally {
    closeSync(descriptor);
  }
}
