// The secrets of an attempt as a file that nobody else can read, outside the job folder.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Place } from "./contract.js";
import { callFarEnd, nothing } from "./far-end.js";

/** Its path on the place's machine; null: there are none. run.py takes it away when the run has ended for good. */
export async function placeSecrets(
  { host, python, dir, job }: Place,
  attempt: number,
  secrets: Record<string, string>,
): Promise<string | null> {
  if (Object.keys(secrets).length === 0) return null;
  const name = `${job.id}-${attempt}.json`;
  const content = JSON.stringify(secrets);
  if (!host.isHere) {
    const file = join(dirname(dirname(dir)), "secrets", name);
    await callFarEnd({ host, python, command: "secrets", args: [file], input: content, answer: nothing });
    return file;
  }
  const file = join(homedir(), ".cache", "ft", "secrets", name);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.${process.pid}`, content, { mode: 0o600, flag: "wx" });
  renameSync(`${file}.${process.pid}`, file);
  return file;
}
