// What submitting has in common wherever a run goes: of several ft processes that submit one attempt, the second finds the first one's.
import { join } from "node:path";
import { withFileLock } from "../file-lock.js";
import { type Submission, submitLock } from "./contract.js";

/** `work` is one process's alone while it goes on; the others wait, and say so. */
export function submitInTurn<T>(
  { dir, signal, onProgress }: Pick<Submission, "dir" | "signal" | "onProgress">,
  work: () => Promise<T>,
): Promise<T> {
  return withFileLock(join(dir, submitLock), work, {
    signal,
    onWait: (pid) => onProgress({ label: `waiting for another ft (process ${pid}) that submits this run` }),
  });
}
