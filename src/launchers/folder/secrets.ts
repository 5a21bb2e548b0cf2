// The secrets of an attempt as a file that nobody else can read, outside the job folder.
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ftCacheDir } from "../../paths.js";
import { upToAttempt } from "../attempt-name.js";
import type { Place } from "./contract.js";
import { callFarEnd, nothing } from "./far-end.js";

/** Its path on the place's machine; null: there are none. run.py takes it away when the run has ended for good. */
export async function placeSecrets(
  place: Place,
  attempt: number,
  secrets: Record<string, string>,
): Promise<string | null> {
  if (Object.keys(secrets).length === 0) return null;
  const { host, python } = place;
  const file = secretsFile(place, attempt);
  const content = JSON.stringify(secrets);
  if (!host.isHere) {
    const call = { host, python, command: "secrets", args: [file], input: content, answer: nothing };
    await callFarEnd(call).catch(async (error: { code?: string }) => {
      // Ctrl-C at a terminal ends ssh too: they may be there all the same.
      if (error.code !== "launcher.unreachable") await removeSecrets(place, attempt).catch(() => undefined);
      throw error;
    });
    return file;
  }
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.${process.pid}`, content, { mode: 0o600, flag: "wx" });
  renameSync(`${file}.${process.pid}`, file);
  return file;
}

/**
 * Of an attempt that is over, whatever ended it: one that never began, or was killed, left them where they were. Of those before it too: when ft
 * itself was killed before it had a handle, nobody looks at their end.
 */
export async function removeSecrets(place: Place, attempt: number): Promise<void> {
  const { host, python } = place;
  const files = upToAttempt(attempt, (each) => secretsFile(place, each));
  if (host.isHere) for (const file of files) rmSync(file, { force: true });
  else await callFarEnd({ host, python, command: "forget", args: files, answer: nothing });
}

function secretsFile({ host, dir, job }: Place, attempt: number): string {
  const name = `${job.id}-${attempt}.json`;
  return host.isHere ? join(secretsHere(), name) : join(dirname(dirname(dir)), "secrets", name);
}

/** Of runs that this machine itself runs. */
export function secretsHere(): string {
  return join(ftCacheDir(process.env), "secrets");
}
