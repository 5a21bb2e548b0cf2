// One nightly job of a recipe at a time: the second does not wait, as the first does what it would do.
import { FtError } from "../../errors.js";
import { type LockOwner, withFileLock } from "../../file-lock.js";
import { nightFile } from "./night-state.js";

/** Throws FtError ci.running (exit busy) when another one is going on. */
export function withNightLock<T>(projectDir: string, name: string, work: () => Promise<T>): Promise<T> {
  const lock = `${nightFile(projectDir, name)}.lock`;
  const onWait = (_pid: number, owner: LockOwner) => {
    throw running(name, lock, owner);
  };
  return withFileLock(lock, work, { onWait });
}

function running(name: string, lock: string, { pid, host, since }: LockOwner): FtError {
  const from = since === null ? "" : `, since ${new Date(since).toISOString()}`;
  return new FtError({
    code: "ci.running",
    exit: "busy",
    message: `another ft ci of ${name} is going on: process ${pid} on ${host}${from}`,
    where: { file: lock },
    next: "wait for it, or end it if it hangs; if that machine is gone, its lock ends by itself after a minute",
  });
}
